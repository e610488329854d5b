"""Photos outside the events: what a picture is made into, where its files are, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

Size = Literal["full", "medium", "small"]

EDGE: Final[Mapping[Size, int]] = {"full": 2_560, "medium": 960, "small": 320}
"""The longer edge at most, in pixels."""


class PhotosUnavailable(Exception):
    """The store of files does not answer: nothing is lost, and asking again helps."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ours: JPEG, upright, in sRGB, and nothing else in it: no camera, no place, no preview."""

    jpeg: bytes
    width: int
    height: int


class Pictures(Protocol):
    def made_of(self, raw: bytes) -> Picture:
        """The picture in an uploaded file, at its full size.

        Raises Rejected `photo_malformed` for what is no JPEG, PNG or WebP or is something else as well,
        `photo_too_large` for too many pixels, and `busy`.
        """
        ...

    def smaller(self, jpeg: bytes, size: Size) -> bytes:
        """The same picture at another size; one that is small already stays as it is."""
        ...


class PhotoFiles(Protocol):
    """Files by photo and size. Everything raises PhotosUnavailable."""

    def put(self, photo_id: UUID, size: Size, jpeg: bytes) -> None: ...

    def get(self, photo_id: UUID, size: Size) -> bytes | None: ...

    def delete(self, photo_id: UUID) -> None:
        """All sizes; again changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded picture, of a property or (without one) of its user. `width` and `height` are of the full size.

    `sha256` is that of the file which was uploaded.
    """

    photo_id: UUID
    user_id: UUID
    property_id: UUID | None
    sha256: bytes
    width: int
    height: int


class Photos(Protocol):
    """What is known of photos, and what is still to be done with their files."""

    def add(self, photo: Photo) -> UUID:
        """Note one, before its file is there; its smaller sizes are due from now on.

        Returns its id: of a file that is there already, the one that it has.
        """
        ...

    def remove(self, photo_ids: Sequence[UUID]) -> None:
        """Their files are to be deleted."""
        ...

    def show_user(self, user_id: UUID, photo_id: UUID | None) -> None:
        """Make it the picture of a person, and remove the one before."""
        ...

    def work(self, make: Callable[[UUID], bool], delete: Callable[[UUID], None]) -> bool:
        """Do one thing that is due; False when nothing is.

        `make` makes the smaller sizes of a new photo and says whether it could; `delete` deletes the files of a removed
        one. What fails is due again a minute later; what `make` and `delete` raise goes on to the caller.
        """
        ...
