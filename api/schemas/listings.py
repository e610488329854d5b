"""Properties in lists, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import Choice, Id, Instant, MoneyField, Scaled, Strict
from api.schemas.pages import NextCursor, PageOf
from api.schemas.photos import PhotoSchema, album
from api.schemas.properties import LocationSchema, described, placed
from domain.properties import Status
from projections.listing_rows import Listing


class ListingSchema(Strict):
    """A property in a list."""

    id = Id(required=True, attribute="property_id")
    host = Id(required=True, attribute="host_id")
    status = Choice(Status, required=True)
    revision = fields.Integer(required=True)
    title = fields.String(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    property_type = fields.String(required=True, allow_none=True)
    room_type = fields.String(required=True, allow_none=True)
    guests = fields.Integer(required=True, allow_none=True)
    bedrooms = fields.Integer(required=True, allow_none=True)
    beds = fields.Integer(required=True, allow_none=True)
    bathrooms = Scaled(2, 0, 100, required=True, allow_none=True, attribute="bathrooms_halves")
    amenities = fields.List(fields.String(), required=True)
    location = fields.Nested(LocationSchema, required=True, allow_none=True)
    price_per_night = MoneyField(required=True, allow_none=True)
    photos = fields.List(fields.Nested(PhotoSchema), required=True)
    rating = Scaled(
        100, 1, 5, required=True, allow_none=True, metadata={"description": "The average; null without any rating."}
    )
    ratings = fields.Integer(required=True, metadata={"description": "How many gave one."})
    updated_at = Instant(required=True)


class ListingsSchema(Strict):
    properties = fields.List(fields.Nested(ListingSchema), required=True)
    next_cursor = NextCursor()


class OwnListingsSchema(PageOf):
    """Which page."""


def listed(listing: Listing) -> dict[str, Any]:
    """What ListingSchema shows."""
    return {
        "property_id": listing.property_id,
        "host_id": listing.host_id,
        "status": listing.status,
        "revision": listing.revision,
        **described(listing.details),
        "location": placed(listing.location) if listing.location else None,
        "price_per_night": listing.nightly,
        "photos": album(listing.photos),
        "rating": listing.rating_e2 or None,
        "ratings": listing.ratings,
        "updated_at": listing.updated_at,
    }
