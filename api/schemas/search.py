"""What guests search for, as a query string, and what they find, as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from api.schemas.fields import Choice, Day, Flag, FlagText, Instant, MoneyField, Month, NumberText, Scaled, Strict, Text
from api.schemas.listings import ListingSchema, listed
from api.schemas.pages import NextCursor, PageOf
from domain.flexible_stays import FLEXIBLE_DAYS_MAX, around, in_month, weekends_in
from domain.money import EXPONENTS, Money
from domain.policies import GUESTS_MAX, MINOR_MAX, ROOMS_MAX
from domain.properties import PropertyType, RoomType
from domain.rejections import Rejected
from domain.stays import Stay
from projections.facets import Facets
from projections.geography import Around, Box
from projections.look import AsOf
from projections.search import Hit
from projections.totals import Total
from projections.wanted import TEXT_LENGTH_MAX, TOTAL_MAX, Search, Sort, must_make_sense

WANTED_AMENITIES_MAX: Final = 20
MONTH_NIGHTS_MAX: Final = 31
RADIUS_KM_MAX: Final = 1_000


class HitStaySchema(Strict):
    """The stay that a hit is free for, and what it costs with all fees and taxes, as POST /quotes says it too."""

    check_in = Day(required=True)
    check_out = Day(required=True)
    total = MoneyField(required=True)


class HitSchema(ListingSchema):
    """A property that fits."""

    stay = fields.Nested(HitStaySchema, required=True, allow_none=True, metadata={"description": "null without dates."})
    distance_km = Scaled(
        1_000, 0, 20_100, required=True, allow_none=True, metadata={"description": "null without a centre."}
    )


class TotalSchema(Strict):
    """How many fit. When they are many it is reckoned from a sample: "about 1,240"."""

    count = fields.Integer(required=True)
    is_exact = Flag(required=True)


class AsOfSchema(Strict):
    """How fresh the answer is: everything up to this position of the log is in it."""

    position = fields.Integer(required=True, metadata={"description": "As in Lodger-Position."})
    moved_at = Instant(required=True, allow_none=True, metadata={"description": "When the read model came to it."})


class PriceBarSchema(Strict):
    """Nightly base prices from the one to below the other; the last has no end."""

    price_from = MoneyField(required=True)
    price_until = MoneyField(required=True, allow_none=True)
    count = fields.Integer(required=True)


class AmenityCountSchema(Strict):
    amenity = fields.String(required=True)
    count = fields.Integer(required=True)


class FacetsSchema(Strict):
    """How the properties that fit divide; counts are reckoned from the sample where the total is."""

    is_exact = Flag(required=True)
    room_types = fields.Dict(keys=Choice(RoomType), values=fields.Integer(), required=True)
    amenities = fields.List(
        fields.Nested(AmenityCountSchema), required=True, metadata={"description": "The most frequent, at most 50."}
    )
    prices = fields.List(fields.Nested(PriceBarSchema), required=True)


class HitsSchema(Strict):
    properties = fields.List(fields.Nested(HitSchema), required=True)
    next_cursor = NextCursor()
    total = fields.Nested(TotalSchema, required=True)
    facets = fields.Nested(
        FacetsSchema, required=True, allow_none=True, metadata={"description": "null unless they were asked for."}
    )
    as_of = fields.Nested(AsOfSchema, required=True)


class SearchSchema(PageOf):
    """What to look for; whatever is left out may be anything, and whatever is said holds all at once."""

    bbox = Text(
        80, metadata={"description": "west,south,east,north in degrees; west > east crosses the 180th meridian."}
    )
    lat = Text(20, metadata={"description": "With lon: a centre, in degrees. Needed by radius_km and sort=distance."})
    lon = Text(20)
    radius_km = Text(10, metadata={"description": "As the crow flies, from 0.001 to 1000."})
    place = Text(200, metadata={"description": "A city, a country, or both: Catskill, US."})
    city = Text(100)
    country = Text(100)
    q = Text(
        TEXT_LENGTH_MAX,
        metadata={"description": "Words of the title, description or amenities; a wrong letter is fine."},
    )
    check_in = Day(metadata={"description": "With check_out: only what is free for the whole stay and takes it."})
    check_out = Day()
    flexible_days = NumberText(
        0, FLEXIBLE_DAYS_MAX, load_default=0, metadata={"description": "So many days earlier or later will do too."}
    )
    month = Month(metadata={"description": "Such as 2027-03, with `nights` or `weekend`: any such stay within it."})
    nights = NumberText(1, MONTH_NIGHTS_MAX)
    weekend = FlagText(metadata={"description": "From a Friday to the Sunday."})
    guests = NumberText(1, GUESTS_MAX, load_default=1)
    beds = NumberText(0, ROOMS_MAX, metadata={"description": "At least so many."})
    bedrooms = NumberText(0, ROOMS_MAX, metadata={"description": "At least so many."})
    room_type = fields.List(Choice(RoomType), metadata={"description": "One of these."})
    property_type = fields.List(Choice(PropertyType), metadata={"description": "One of these."})
    amenity = fields.List(
        Text(100), validate=validate.Length(max=WANTED_AMENITIES_MAX), metadata={"description": "All of these."}
    )
    currency = Choice(EXPONENTS, metadata={"description": "Only prices in this currency; needed by the next four."})
    price_min = Text(20, metadata={"description": "Lowest nightly base price, a decimal such as 80.00."})
    price_max = Text(20, metadata={"description": "Highest nightly base price."})
    total_min = Text(20, metadata={"description": "Lowest price of the whole stay with all fees; needs dates."})
    total_max = Text(20, metadata={"description": "Highest price of the whole stay with all fees; needs dates."})
    instant = FlagText(metadata={"description": "true: only what is booked without asking the host."})
    rating_min = Text(4, metadata={"description": "Lowest average rating, from 1 to 5, such as 4.5."})
    sort = Choice(Sort, load_default="price")
    facets = FlagText(load_default=False, metadata={"description": "true: count by kind of room, amenity and price."})

    @validates_schema
    def belongs_together(self, data: dict[str, Any], **_: Any) -> None:
        for one, other in (("check_in", "check_out"), ("lat", "lon")):
            if (one in data) != (other in data):
                raise ValidationError(f"{one} and {other} go together.", other)
        if "lat" not in data and ("radius_km" in data or data.get("sort") == "distance"):
            raise ValidationError("Distances are from a centre.", "lat")
        has_dates = "check_in" in data or "month" in data
        if "check_in" in data and "month" in data:
            raise ValidationError("Say either check_in and check_out or a month.", "month")
        if ("month" in data) != (("nights" in data) != bool(data.get("weekend"))):
            raise ValidationError("With a month goes either nights or weekend=true.", "month")
        if data.get("flexible_days") and "check_in" not in data:
            raise ValidationError("Flexible are check_in and check_out.", "flexible_days")
        if "currency" not in data and data.keys() & {"price_min", "price_max", "total_min", "total_max"}:
            raise ValidationError("Prices are compared in one currency.", "currency")
        if not has_dates and data.keys() & {"total_min", "total_max"}:
            raise ValidationError("What a stay costs depends on its dates.", "check_in")


def hit_shown(hit: Hit) -> dict[str, Any]:
    """What HitSchema shows."""
    stay = hit.stay and {"check_in": hit.stay.check_in, "check_out": hit.stay.check_out, "total": hit.total}
    return {**listed(hit.listing), "stay": stay, "distance_km": hit.distance_m}


def hits_shown(hits: Sequence[Hit], total: Total, found: Facets | None, as_of: AsOf) -> dict[str, Any]:
    """What HitsSchema shows, but for the next page."""
    return {
        "properties": [hit_shown(hit) for hit in hits],
        "total": total,
        "facets": found and facets_shown(found),
        "as_of": as_of,
    }


def facets_shown(found: Facets) -> dict[str, Any]:
    """What FacetsSchema shows."""
    return {
        "is_exact": found.is_exact,
        "room_types": found.room_types,
        "amenities": [{"amenity": amenity, "count": count} for amenity, count in found.amenities.items()],
        "prices": [
            {
                "price_from": Money(bar.price_from, bar.currency),
                "price_until": None if bar.price_until is None else Money(bar.price_until, bar.currency),
                "count": bar.count,
            }
            for bar in found.prices
        ],
    }


def searched(arguments: dict[str, Any]) -> Search:
    """The search that a query string asks for. Raises Rejected and ValidationError."""
    currency = arguments.get("currency")
    prices = {name: _bound(arguments.get(name), currency) for name in ("price_min", "price_max")}
    totals = {name: _bound(arguments.get(name), currency, TOTAL_MAX) for name in ("total_min", "total_max")}
    wanted = Search(
        box=_box(arguments["bbox"]) if "bbox" in arguments else None,
        around=_around(arguments) if "lat" in arguments else None,
        place=arguments.get("place"),
        city=arguments.get("city"),
        country=arguments.get("country"),
        text=arguments.get("q"),
        stays=_stays(arguments),
        guests=arguments["guests"],
        beds=arguments.get("beds"),
        bedrooms=arguments.get("bedrooms"),
        room_types=tuple(arguments.get("room_type", ())),
        property_types=tuple(arguments.get("property_type", ())),
        amenities=tuple(arguments.get("amenity", ())),
        currency=currency,
        price_from=prices["price_min"],
        price_to=prices["price_max"],
        total_from=totals["total_min"],
        total_to=totals["total_max"],
        instant=arguments.get("instant", False),
        rating_from=_decimal("rating_min", arguments["rating_min"], 1, 5, 100) if "rating_min" in arguments else None,
        sort=arguments["sort"],
    )
    must_make_sense(wanted)
    return wanted


def _stays(arguments: dict[str, Any]) -> tuple[Stay, ...]:
    if "check_in" in arguments:
        return around(Stay(arguments["check_in"], arguments["check_out"]), arguments["flexible_days"])
    if "month" not in arguments:
        return ()
    month = arguments["month"]
    found = weekends_in(month) if arguments.get("weekend") else in_month(month, arguments["nights"])
    if not found:
        raise Rejected("search_contradictory", "The month is shorter than that.")
    return found


def _bound(amount: str | None, currency: str | None, maximum: int = MINOR_MAX) -> int | None:
    if amount is None or currency is None:
        return None
    money = Money.parse(amount, currency)
    if not 0 <= money.minor <= maximum:
        raise Rejected("price_out_of_range", f"Prices are from 0 to {Money(maximum, currency)}.")
    return money.minor


def _around(arguments: dict[str, Any]) -> Around:
    radius = arguments.get("radius_km")
    return Around(
        _decimal("lat", arguments["lat"], -90, 90, 1_000_000),
        _decimal("lon", arguments["lon"], -180, 180, 1_000_000),
        None if radius is None else _radius(radius),
    )


def _radius(text: str) -> int:
    metres = _decimal("radius_km", text, 0, RADIUS_KM_MAX, 1_000)
    if metres == 0:
        raise ValidationError("Not from 0.001 to 1000.", "radius_km")
    return metres


def _decimal(name: str, text: str, minimum: int, maximum: int, per_unit: int) -> int:
    """A decimal number in a query string as a whole number of 1/`per_unit`. Raises ValidationError."""
    if not re.fullmatch(r"-?[0-9]{1,4}(\.[0-9]{1,15})?", text, re.ASCII):
        raise ValidationError("Not a decimal number.", name)
    number = Decimal(text)
    if not minimum <= number <= maximum:
        raise ValidationError(f"Not from {minimum} to {maximum}.", name)
    return round(number * per_unit)


def _box(text: str) -> Box:
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?(,-?[0-9]{1,3}(\.[0-9]{1,15})?){3}", text, re.ASCII):
        raise Rejected("bbox_malformed", "A bounding box is west,south,east,north in degrees.")
    west, south, east, north = (round(Decimal(part) * 1_000_000) for part in text.split(","))
    sound = max(abs(west), abs(east)) <= 180_000_000 and -90_000_000 <= south <= north <= 90_000_000
    if not sound:
        raise Rejected("bbox_malformed", "Longitudes are from -180 to 180, latitudes from -90 to 90, south first.")
    return Box(south, west, north, east)
