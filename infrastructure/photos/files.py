"""Where the files of photos are: a folder, or a bucket of anything that speaks S3."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from application.photo_ports import EDGE, PhotoFiles, PhotosUnavailable, Size
from infrastructure.settings import ROOT, Settings

if TYPE_CHECKING:
    from botocore.client import BaseClient  # type: ignore[import-untyped]

_S3: Final = "s3"
_SECONDS: Final = 5


def files_of(settings: Settings) -> PhotoFiles:
    """The store that the settings name. Nothing is connected to yet."""
    where = urlsplit(settings.photo_store)
    if where.scheme != _S3:
        return Folder(ROOT / settings.data / settings.photo_store)
    return Bucket(where.netloc, where.path.strip("/"), settings)


class Folder:
    """Implements `application.photo_ports.PhotoFiles` with a folder of each photo."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, photo_id: UUID, size: Size, jpeg: bytes) -> None:
        with _telling():
            folder = self._folder(photo_id)
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = folder / f"{size}.{os.getpid()}"
            unfinished.write_bytes(jpeg)
            unfinished.replace(folder / f"{size}.jpg")

    def get(self, photo_id: UUID, size: Size) -> bytes | None:
        with _telling():
            try:
                return (self._folder(photo_id) / f"{size}.jpg").read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, photo_id: UUID) -> None:
        with _telling():
            try:
                shutil.rmtree(self._folder(photo_id))
            except FileNotFoundError:
                return

    def _folder(self, photo_id: UUID) -> Path:
        """Spread, so that no folder has too many entries."""
        return self._root / photo_id.hex[-2:] / str(photo_id)


class Bucket:
    """The same with objects in a bucket."""

    def __init__(self, bucket: str, prefix: str, settings: Settings) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._settings = settings
        self._connected: BaseClient | None = None

    def put(self, photo_id: UUID, size: Size, jpeg: bytes) -> None:
        with _telling():
            self._client.put_object(
                Bucket=self._bucket, Key=self._key(photo_id, size), Body=jpeg, ContentType="image/jpeg"
            )

    def get(self, photo_id: UUID, size: Size) -> bytes | None:
        client = self._client
        with _telling():
            try:
                found: bytes = client.get_object(Bucket=self._bucket, Key=self._key(photo_id, size))["Body"].read()
            except client.exceptions.NoSuchKey:
                return None
        return found

    def delete(self, photo_id: UUID) -> None:
        with _telling():
            for size in EDGE:
                self._client.delete_object(Bucket=self._bucket, Key=self._key(photo_id, size))

    def _key(self, photo_id: UUID, size: Size) -> str:
        return f"{self._prefix}{photo_id}/{size}.jpg"

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
    except PhotosUnavailable:
        raise
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        if isinstance(error, OSError | BotoCoreError | ClientError):
            raise PhotosUnavailable(str(error)) from error
        raise
