"""Where files are kept: a folder, or a bucket of anything that speaks S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from infrastructure.settings import ROOT, Settings

if TYPE_CHECKING:
    from botocore.client import BaseClient  # type: ignore[import-untyped]

_S3: Final = "s3"
_SECONDS: Final = 5


class StoreUnavailable(ConnectionError):
    """Whoever keeps the files does not answer, or does not let us. Trying again may help."""


class FileStore(Protocol):
    """Files by name; a name has slashes in it, as paths do. Every method raises StoreUnavailable."""

    def put(self, name: str, content: bytes, media_type: str) -> None:
        """Keep a file, in the place of one of the same name."""
        ...

    def add(self, name: str, content: bytes, media_type: str) -> bool:
        """Keep a file unless there is one of that name: then it stays as it is, and the answer is False."""
        ...

    def get(self, name: str) -> bytes | None: ...

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with a folder's name and a slash, or all, in order."""
        ...

    def delete(self, name: str) -> None:
        """Again changes nothing."""
        ...


def store_at(place: str, settings: Settings) -> FileStore:
    """The store of a setting: `s3://bucket/prefix`, or a folder. Nothing is connected to yet."""
    where = urlsplit(place)
    if where.scheme != _S3:
        return Folder(ROOT / settings.data / place)
    return Bucket(where.netloc, where.path.strip("/"), settings)


class Folder:
    """Files in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, content: bytes, media_type: str) -> None:  # noqa: ARG002 - files have none
        with _telling():
            self._unfinished(name, content).replace(self._root / name)

    def add(self, name: str, content: bytes, media_type: str) -> bool:  # noqa: ARG002
        with _telling():
            unfinished = self._unfinished(name, content)
            try:
                os.link(unfinished, self._root / name)  # all of it or nothing, and never over another one
            except FileExistsError:
                return False
            finally:
                unfinished.unlink()
            return True

    def get(self, name: str) -> bytes | None:
        with _telling():
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def names(self, prefix: str) -> Iterator[str]:
        with _telling():
            found = sorted(path for path in (self._root / prefix).rglob("*") if path.is_file())
        yield from (path.relative_to(self._root).as_posix() for path in found if path.suffix)

    def delete(self, name: str) -> None:
        place = self._root / name
        with _telling():
            place.unlink(missing_ok=True)
            with suppress(OSError):
                place.parent.rmdir()  # when it was the last one there

    def _unfinished(self, name: str, content: bytes) -> Path:
        """A whole file beside its place, durable before it has its name. Its own name has no suffix."""
        place = self._root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.parent / f"{place.stem}-{os.getpid()}"
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return unfinished


class Bucket:
    """Objects in a bucket."""

    def __init__(self, bucket: str, prefix: str, settings: Settings) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._settings = settings
        self._connected: BaseClient | None = None

    def put(self, name: str, content: bytes, media_type: str) -> None:
        with _telling():
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, ContentType=media_type)

    def add(self, name: str, content: bytes, media_type: str) -> bool:
        with _telling():
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + name,
                    Body=content,
                    ContentType=media_type,
                    IfNoneMatch="*",
                )
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                    return False
                raise
            return True

    def get(self, name: str) -> bytes | None:
        client = self._client
        with _telling():
            try:
                found: bytes = client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
            except client.exceptions.NoSuchKey:
                return None
        return found

    def names(self, prefix: str) -> Iterator[str]:
        with _telling():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self._prefix)

    def delete(self, name: str) -> None:
        with _telling():
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @property
    def _client(self) -> Any:
        """Made at its first use: the library takes a third of a second to load, which not every process needs."""
        if self._connected is None:
            import boto3  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]

            settings = self._settings
            self._connected = boto3.client(
                _S3,
                endpoint_url=settings.s3_endpoint or None,
                region_name=settings.s3_region,
                aws_access_key_id=settings.s3_access_key or None,
                aws_secret_access_key=settings.s3_secret_key or None,
                config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2}),
            )
        return self._connected


@contextmanager
def _telling() -> Iterator[None]:
    """What goes wrong with the store is the store's fault, and passes."""
    try:
        yield
    except StoreUnavailable:
        raise
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        if isinstance(error, OSError | BotoCoreError | ClientError):
            raise StoreUnavailable(str(error)) from error
        raise
