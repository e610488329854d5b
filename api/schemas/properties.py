"""Properties as JSON: in as changes to what is known, out as what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from marshmallow import fields, post_load, validate

from api.schemas.fields import (
    Choice,
    Count,
    Day,
    Id,
    MoneyField,
    Scaled,
    Strict,
    Text,
    WallClock,
)
from api.schemas.photos import PhotoSchema, album
from application.streams import Stream
from domain import amenities
from domain.policies import AMENITIES_MAX, BASIS_POINTS, GUESTS_MAX, OVERRIDES_MAX, STAY_NIGHTS_MAX
from domain.pricing import CancellationPolicy, PriceOverride, Pricing
from domain.properties import (
    BookingMode,
    Changes,
    Details,
    HouseRules,
    Location,
    Property,
    PropertyFact,
    PropertyType,
    RoomType,
    Status,
    missing_to_publish,
    must_exist,
)
from domain.rejections import Rejected

_DETAILS: Final = (
    "title",
    "description",
    "property_type",
    "room_type",
    "guests",
    "bedrooms",
    "beds",
    "bathrooms_halves",
    "amenities",
)


class CoordinatesSchema(Strict):
    """Degrees (WGS 84), kept to six digits."""

    latitude = Scaled(1_000_000, -90, 90, required=True, attribute="latitude_e6")
    longitude = Scaled(1_000_000, -180, 180, required=True, attribute="longitude_e6")


class LocationSchema(Strict):
    address = Text(200, required=True)
    city = Text(100, required=True)
    country = fields.String(
        required=True, validate=validate.Regexp("^[A-Z]{2}\\Z"), metadata={"description": "ISO 3166-1 alpha-2."}
    )
    coordinates = fields.Nested(CoordinatesSchema, required=True)
    zone = Text(50, metadata={"description": "IANA time zone; by default the one at the coordinates."})


class OverrideSchema(Strict):
    """Another price for the nights from `from` until, and without, `until`. Of overlapping ones the last counts."""

    first = Day(required=True, data_key="from")
    until = Day(required=True)
    nightly = MoneyField(required=True, data_key="price_per_night")

    @post_load
    def override(self, data: dict[str, Any], **_: Any) -> PriceOverride:
        return PriceOverride(**data)


class PricingSchema(Strict):
    """Everything of the price but the base. All amounts are in the base's currency; null removes a fee."""

    weekend = MoneyField(allow_none=True, data_key="weekend_price")
    overrides = fields.List(fields.Nested(OverrideSchema), validate=validate.Length(max=OVERRIDES_MAX))
    weekly_discount_percent = Count(0, 100)
    monthly_discount_percent = Count(0, 100)
    cleaning_fee = MoneyField(0, allow_none=True)
    extra_guest_fee = MoneyField(0, allow_none=True, metadata={"description": "Per guest and night."})
    guests_included = Count(1, GUESTS_MAX)
    tax_bp = Count(0, BASIS_POINTS, data_key="tax_basis_points", metadata={"description": "875 is 8.75%."})


class HouseRulesSchema(Strict):
    minimum_nights = Count(1, STAY_NIGHTS_MAX)
    maximum_nights = Count(1, STAY_NIGHTS_MAX)
    check_in_time = WallClock()
    check_out_time = WallClock()
    advance_notice_days = Count(0, 365)
    cancellation_policy = Choice(
        CancellationPolicy, metadata={"description": "Of bookings from now on. non_refundable takes 10% off nights."}
    )
    booking_mode = Choice(BookingMode, metadata={"description": "On request the host has 24 hours to accept."})


class ChangePropertySchema(Strict):
    """What is left out stays as it is; `location` is replaced as a whole, `pricing` and `house_rules` by field."""

    title = Text(200)
    description = Text(5_000, 0)
    property_type = Choice(PropertyType)
    room_type = Choice(RoomType)
    guests = Count(1, GUESTS_MAX)
    bedrooms = Count(0, 100, allow_none=True)
    beds = Count(0, 200, allow_none=True)
    bathrooms = Scaled(2, 0, 100, allow_none=True, attribute="bathrooms_halves")
    amenities = fields.List(
        Text(100),
        validate=validate.Length(max=AMENITIES_MAX),
        metadata={"description": 'Words such as "wifi"; others are kept as "other:…".'},
    )
    location = fields.Nested(LocationSchema)
    price_per_night = MoneyField()
    pricing = fields.Nested(PricingSchema)
    house_rules = fields.Nested(HouseRulesSchema)


class CreatePropertySchema(ChangePropertySchema):
    """A draft needs a title; the rest may follow."""

    title = Text(200, required=True)


class ShownPropertySchema(Strict):
    """A property, fresh. Parts that its host has not given yet are null."""

    id = Id(required=True)
    host = Id(required=True)
    status = Choice(Status, required=True)
    revision = fields.Integer(required=True, metadata={"description": "Counts its changes; the ETag."})
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
    pricing = fields.Nested(PricingSchema, required=True, allow_none=True)
    house_rules = fields.Nested(HouseRulesSchema, required=True)
    photos = fields.List(fields.Nested(PhotoSchema), required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "What publishing still needs."})


def changes(body: dict[str, Any], known: Property | None, zone_at: Callable[[int, int], str]) -> Changes:
    """What a body asks to change of what is known of a property."""
    return Changes(
        details=_details(body, known.details if known else None),
        location=_location(body, zone_at),
        pricing=_pricing(body, known.pricing if known else None),
        house_rules=replace(known.house_rules if known else HouseRules(), **body["house_rules"])
        if "house_rules" in body
        else None,
    )


def _details(body: dict[str, Any], known: Details | None) -> Details | None:
    given = {name: body[name] for name in _DETAILS if name in body}
    if not given:
        return None
    if "amenities" in given:
        given["amenities"] = tuple(dict.fromkeys(amenities.normalise(text) for text in given["amenities"]))
    if known is not None:
        return replace(known, **given)
    if "title" not in given:
        raise Rejected("title_blank", "A listing needs a title.")
    return Details(**given)


def _location(body: dict[str, Any], zone_at: Callable[[int, int], str]) -> Location | None:
    if "location" not in body:
        return None
    place = body["location"]
    at = place["coordinates"]
    zone = place.get("zone") or zone_at(at["latitude_e6"], at["longitude_e6"])
    return Location(place["address"], place["city"], place["country"], **at, zone=zone)


def _pricing(body: dict[str, Any], known: Pricing | None) -> Pricing | None:
    given = dict(body.get("pricing", {}))
    if "overrides" in given:
        given["overrides"] = tuple(given["overrides"])
    if "price_per_night" in body:
        given["nightly"] = body["price_per_night"]
    if not given:
        return None
    if known is not None:
        return replace(known, **given)
    if "nightly" not in given:
        raise Rejected("price_required", "Prices start with price_per_night.")
    return Pricing(**given)


def shown(stream: Stream[Property | None, PropertyFact]) -> dict[str, Any]:
    """What ShownPropertySchema shows."""
    state = must_exist(stream.state)
    location, pricing = state.location, state.pricing
    return {
        "id": stream.id,
        "host": state.host_id,
        "status": state.status,
        "revision": state.revision,
        **described(state.details),
        "location": placed(location) if location else None,
        "price_per_night": pricing.nightly if pricing else None,
        "pricing": pricing,
        "house_rules": state.house_rules,
        "photos": album(state.photos),
        "missing": missing_to_publish(state),
    }


def described(details: Details | None) -> dict[str, Any]:
    described = {name: getattr(details, name, None) for name in _DETAILS}
    return {**described, "amenities": details.amenities if details else ()}


def placed(location: Location) -> dict[str, Any]:
    return {
        "address": location.address,
        "city": location.city,
        "country": location.country,
        "coordinates": location,
        "zone": location.zone,
    }
