"""Where the files of photos are: three of each photo, in the store that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from application.photo_ports import EDGE, PhotoFiles, PhotosUnavailable, Size
from infrastructure.file_stores import FileStore, Folder, StoreUnavailable, store_at
from infrastructure.settings import Settings

_JPEG: Final = "image/jpeg"


def files_of(settings: Settings) -> PhotoFiles:
    """The store that the settings name. Nothing is connected to yet."""
    store = store_at(settings.photo_store, settings)
    return StoredPhotos(store, spread=isinstance(store, Folder))


class StoredPhotos:
    """Implements `application.photo_ports.PhotoFiles`. Spread, so that no folder has too many entries."""

    def __init__(self, store: FileStore, *, spread: bool) -> None:
        self._store = store
        self._spread = spread

    def put(self, photo_id: UUID, size: Size, jpeg: bytes) -> None:
        with _telling():
            self._store.put(self._name(photo_id, size), jpeg, _JPEG)

    def get(self, photo_id: UUID, size: Size) -> bytes | None:
        with _telling():
            return self._store.get(self._name(photo_id, size))

    def delete(self, photo_id: UUID) -> None:
        with _telling():
            for size in EDGE:
                self._store.delete(self._name(photo_id, size))

    def _name(self, photo_id: UUID, size: Size) -> str:
        return f"{photo_id.hex[-2:] + '/' if self._spread else ''}{photo_id}/{size}.jpg"


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise PhotosUnavailable(str(error)) from error
