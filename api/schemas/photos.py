"""Photos as JSON: where each size of a picture is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from api.schemas.fields import Id, Strict
from application.photo_ports import EDGE
from domain.policies import PHOTOS_MAX


class PhotoSchema(Strict):
    """A photo: its addresses by size. The longer edge has at most 320, 960 and 2,560 pixels."""

    id = Id(required=True)
    small = fields.String(required=True)
    medium = fields.String(required=True)
    full = fields.String(required=True)


class ArrangePhotosSchema(Strict):
    """The photos in the order to show them. What is left out is deleted."""

    photos = fields.List(Id(), required=True, validate=validate.Length(max=PHOTOS_MAX))


def pictured(photo_id: UUID) -> dict[str, Any]:
    """What PhotoSchema shows. Addresses are relative to the API's."""
    return {"id": photo_id, **{size: f"/v1/photos/{photo_id}/{size}.jpg" for size in EDGE}}


def album(photo_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return [pictured(photo_id) for photo_id in photo_ids]
