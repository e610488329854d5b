"""Photos: of properties in the order they are shown, and one of each person."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

from flask import Response, request

from api.answers import sent
from api.authentication import signed_in
from api.commands import carry_out, expected_version
from api.edge import edge
from api.operations import Resource
from api.resources.properties import answer_of
from api.schemas.photos import ArrangePhotosSchema, PhotoSchema, pictured
from api.schemas.properties import ShownPropertySchema
from application import photos
from application.photo_ports import Size
from domain.rejections import Rejected

resource = Resource("photos", __name__, url_prefix="/v1", scope="properties", description="Pictures of places, people.")

_JPEG = "image/jpeg"
_CACHED = "public, max-age=86400"
"""A picture never changes under its address; a day bounds how long one that was taken away is still about."""


@resource.upload(
    "POST", "/properties/<uuid:property_id>/photos", ShownPropertySchema, status=201, returns=["ETag"], refuses=[404]
)
def upload_photo(raw: bytes, property_id: UUID) -> Response:
    """Show one more photo, as the last. The same file again is the same photo."""
    lodger = edge().lodger
    return carry_out(
        lambda call: photos.upload(lodger, call, property_id, signed_in(), raw).answer,
        lambda stream, _: answer_of(stream, 201),
    )


@resource.command(
    "PUT",
    "/properties/<uuid:property_id>/photos",
    ShownPropertySchema,
    body=ArrangePhotosSchema,
    if_match=True,
    returns=["ETag"],
    refuses=[404],
    example={"photos": []},
)
def arrange_photos(body: dict[str, Any], property_id: UUID) -> Response:
    """Show a property's photos in another order; the first one stands for it. What is left out is deleted."""
    lodger, revision = edge().lodger, expected_version()
    return carry_out(
        lambda call: photos.arrange(lodger, call, property_id, signed_in(), revision, body["photos"]).answer,
        lambda stream, _: answer_of(stream),
    )


@resource.upload("PUT", "/users/me/photo", PhotoSchema, key=None, scope=None)
def change_my_photo(raw: bytes) -> Response:
    """Make a picture yours. The one before is deleted."""
    return sent(PhotoSchema, pictured(photos.upload_of_user(edge().lodger, signed_in(), raw)))


@resource.command("DELETE", "/users/me/photo", None, status=204, key=None, scope=None)
def remove_my_photo() -> Response:
    """Be without a picture. Again changes nothing."""
    photos.remove_of_user(edge().lodger, signed_in())
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


@resource.document("/photos/<uuid:photo_id>/<size>.jpg", _JPEG, returns=["ETag"], refuses=[404])
def read_photo(photo_id: UUID, size: Size) -> Response:
    """A picture, for anybody who has its address. Smaller sizes are made within seconds of the upload."""
    if size not in get_args(Size):
        raise Rejected("photo_not_found", "A photo is full, medium or small.")
    jpeg = photos.find(edge().lodger, photo_id, size)
    headers = {"Cache-Control": _CACHED, "Cross-Origin-Resource-Policy": "cross-origin"}
    response = Response(jpeg, mimetype=_JPEG, headers=headers)
    response.add_etag()
    response.make_conditional(request)
    return response
