"""Use cases of photos: upload, arrange, take away; and the smaller sizes, made afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.photo_ports import Photo, Size
from application.streams import PROPERTY, Done
from domain import photos, properties
from domain.properties import Property, PropertyFact
from domain.rejections import Rejected

_MADE_LATER: Final[tuple[Size, ...]] = ("medium", "small")

PropertyDone = Done[Property | None, PropertyFact]


def upload(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, raw: bytes) -> PropertyDone:
    """Show one more photo of a property, as the last. The same file again is the same photo."""
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    photos.add(state.photos, UUID(int=0))  # before any work is done: is there room?
    photo_id = _keep(lodger, host_id, property_id, raw)
    try:
        return _show(lodger, call, property_id, host_id, photo_id)
    except Rejected:
        lodger.photos.remove([photo_id])
        raise


def upload_of_user(lodger: Lodger, user_id: UUID, raw: bytes) -> UUID:
    """Make a picture the one of a person; its id. The one before goes."""
    photo_id = _keep(lodger, user_id, None, raw)
    lodger.photos.show_user(user_id, photo_id)
    return photo_id


def remove_of_user(lodger: Lodger, user_id: UUID) -> None:
    lodger.photos.show_user(user_id, None)


@retried
def arrange(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, expected_revision: int, wanted: Sequence[UUID]
) -> PropertyDone:
    """Show a property's photos in another order; those left out are deleted."""
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    properties.must_be_at(state, expected_revision)
    done = lodger.append(call, listing.then(photos.arrange(state.photos, wanted)))
    lodger.photos.remove([photo_id for photo_id in state.photos if photo_id not in wanted])
    return done


def find(lodger: Lodger, photo_id: UUID, size: Size) -> bytes:
    """A photo's picture; the full one while the smaller are not made yet."""
    jpeg = lodger.photo_files.get(photo_id, size) or lodger.photo_files.get(photo_id, "full")
    if jpeg is None:
        raise Rejected("photo_not_found", "There is no such photo.")
    return jpeg


def work(lodger: Lodger) -> None:
    """Make the smaller sizes of new photos and delete the files of removed ones, until nothing is due."""
    while lodger.photos.work(lambda photo_id: _make_smaller(lodger, photo_id), lodger.photo_files.delete):
        pass


@retried
def _show(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, photo_id: UUID) -> PropertyDone:
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    return lodger.append(call, listing.then(photos.add(state.photos, photo_id)))


def _keep(lodger: Lodger, user_id: UUID, property_id: UUID | None, raw: bytes) -> UUID:
    """Store the picture of a file; its id. Noted first, so that no file is ever there that nobody knows of."""
    picture = lodger.pictures.made_of(raw)
    digest = sha256(raw).digest()
    photo = Photo(lodger.new_id(), user_id, property_id, digest, picture.width, picture.height)
    photo_id = lodger.photos.add(photo)
    lodger.photo_files.put(photo_id, "full", picture.jpeg)
    return photo_id


def _make_smaller(lodger: Lodger, photo_id: UUID) -> bool:
    jpeg = lodger.photo_files.get(photo_id, "full")
    if jpeg is None:
        return False  # its upload is not done, or never will be
    for size in _MADE_LATER:
        lodger.photo_files.put(photo_id, size, lodger.pictures.smaller(jpeg, size))
    return True
