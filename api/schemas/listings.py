"""Properties in lists, and what guests search for, as JSON."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Choice, Day, Id, Instant, MoneyField, NumberText, Scaled, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from api.schemas.photos import PhotoSchema, album
from api.schemas.properties import LocationSchema, described, placed
from domain.money import EXPONENTS, Money
from domain.policies import GUESTS_MAX, MINOR_MAX
from domain.properties import Status
from domain.rejections import Rejected
from domain.stays import Stay
from projections.listings import Box, Listing, Search, Sort


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
    updated_at = Instant(required=True)


class ListingsSchema(Strict):
    properties = fields.List(fields.Nested(ListingSchema), required=True)
    next_cursor = NextCursor()


class OwnListingsSchema(PageOf):
    """Which page."""


class SearchSchema(PageOf):
    """What to look for; whatever is left out may be anything."""

    bbox = Text(
        80, metadata={"description": "west,south,east,north in degrees; west > east crosses the 180th meridian."}
    )
    city = Text(100)
    country = Text(100)
    check_in = Day(metadata={"description": "With check_out: only what is free for the whole stay and takes it."})
    check_out = Day()
    guests = NumberText(1, GUESTS_MAX, load_default=1)
    currency = Choice(EXPONENTS, metadata={"description": "Only prices in this currency; needed by the next two."})
    price_min = Text(20, metadata={"description": "Lowest nightly base price, a decimal such as 80.00."})
    price_max = Text(20, metadata={"description": "Highest nightly base price."})
    sort = Choice(Sort, load_default="price")

    @validates_schema
    def belongs_together(self, data: dict[str, Any], **_: Any) -> None:
        if ("check_in" in data) != ("check_out" in data):
            raise ValidationError("check_in and check_out go together.", "check_out")
        if "currency" not in data and ("price_min" in data or "price_max" in data):
            raise ValidationError("Prices are compared in one currency.", "currency")


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
        "updated_at": listing.updated_at,
    }


def searched(arguments: dict[str, Any]) -> Search:
    """The search that a query string asks for. Raises Rejected and ValidationError."""
    stay = Stay(arguments["check_in"], arguments["check_out"]) if "check_in" in arguments else None
    currency = arguments.get("currency")
    return Search(
        box=_box(arguments["bbox"]) if "bbox" in arguments else None,
        city=arguments.get("city"),
        country=arguments.get("country"),
        stay=stay,
        guests=arguments["guests"],
        currency=currency,
        price_from=_bound(arguments.get("price_min"), currency),
        price_to=_bound(arguments.get("price_max"), currency),
        sort=arguments["sort"],
    )


def _bound(amount: str | None, currency: str | None) -> int | None:
    if amount is None or currency is None:
        return None
    money = Money.parse(amount, currency)
    if not 0 <= money.minor <= MINOR_MAX:
        raise Rejected("price_out_of_range", f"Prices are from 0 to {Money(MINOR_MAX, currency)}.")
    return money.minor


def _box(text: str) -> Box:
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?(,-?[0-9]{1,3}(\.[0-9]{1,15})?){3}", text, re.ASCII):
        raise Rejected("bbox_malformed", "A bounding box is west,south,east,north in degrees.")
    west, south, east, north = (round(Decimal(part) * 1_000_000) for part in text.split(","))
    sound = max(abs(west), abs(east)) <= 180_000_000 and -90_000_000 <= south <= north <= 90_000_000
    if not sound:
        raise Rejected("bbox_malformed", "Longitudes are from -180 to 180, latitudes from -90 to 90, south first.")
    return Box(south, west, north, east)
