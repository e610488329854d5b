"""Search: which published listings fit what a guest wants, in which order, at what price.

The words for it are here; how PostgreSQL is asked is in search_sql.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from psycopg2.extras import DateRange

from domain.money import Money
from domain.properties import PropertyType, RoomType
from domain.rejections import Rejected
from domain.stays import Stay
from projections.listings import SELECTED, Listing, listing_of, place_key
from projections.projection import PAGE_MAX, After, Cursor, Page, page_of

Sort = Literal["price", "-price", "rating", "distance", "newest"]
"""`price` is the nightly base price; `rating` begins with the best, `distance` with the nearest to the centre."""


TEXT_LENGTH_MAX: Final = 200
TOTAL_MAX: Final = 10**15
"""The largest total that may be asked for, in minor units."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map, its edges included, in millionths of a degree; west > east crosses the 180th meridian."""

    south_e6: int
    west_e6: int
    north_e6: int
    east_e6: int


@dataclass(frozen=True, slots=True)
class Around:
    """A centre in millionths of a degree, and how many metres from it (None: however many; it is to sort by)."""

    latitude_e6: int
    longitude_e6: int
    radius_m: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a guest looks for; None and () mean anything, and whatever is said holds all at once.

    `city`, `country` and `place` are compared without regard to case; a `place` is "a city", "a country" or "a city,
    a country". Each word of `text` must be like one of the title's, description's or amenities'. Of `stays` one must be
    free, within the house rules and bookable at the time of asking; the first that is will be the hit's. Prices and
    totals are in minor units of `currency`, both ends included, and not looked at without one: `price_*` is the nightly
    base price, `total_*` what the hit's stay costs with all fees and taxes. `rating_from` is in hundredths. Sorted by
    price, amounts of different currencies do not compare: one currency comes after the other.
    """

    box: Box | None = None
    around: Around | None = None
    place: str | None = None
    city: str | None = None
    country: str | None = None
    text: str | None = None
    stays: tuple[Stay, ...] = ()
    guests: int = 1
    beds: int | None = None
    bedrooms: int | None = None
    room_types: tuple[RoomType, ...] = ()
    property_types: tuple[PropertyType, ...] = ()
    amenities: tuple[str, ...] = ()
    currency: str | None = None
    price_from: int | None = None
    price_to: int | None = None
    total_from: int | None = None
    total_to: int | None = None
    instant: bool = False
    rating_from: int | None = None
    sort: Sort = "price"


def must_make_sense(wanted: Search) -> None:
    """Refuse what nobody can be looking for. Raises Rejected `search_contradictory`."""
    for name, low, high in (
        ("price", wanted.price_from, wanted.price_to),
        ("total", wanted.total_from, wanted.total_to),
    ):
        if low is not None and high is not None and low > high:
            raise Rejected("search_contradictory", f"The lowest {name} is above the highest.")
    if wanted.currency is None and (wanted.total_from, wanted.total_to) != (None, None):
        raise Rejected("search_contradictory", "Totals are compared in one currency.")
    if not wanted.stays and (wanted.total_from, wanted.total_to) != (None, None):
        raise Rejected("search_contradictory", "What a stay costs depends on its dates.")
    if wanted.sort == "distance" and wanted.around is None:
        raise Rejected("search_contradictory", "Distances are from a centre.")


@dataclass(frozen=True, slots=True)
class Hit:
    """A listing that fits. `stay` and its `total`, when dates were asked for; `distance_m` when there is a centre."""

    listing: Listing
    stay: Stay | None = None
    total: Money | None = None
    distance_m: int | None = None


def search(cursor: Cursor, wanted: Search, _now: datetime, after: After | None = None, limit: int = 20) -> Page[Hit]:
    """One page of the published listings that fit. `limit` is at most 100; `after` is the page before's."""
    conditions, values = _conditions(wanted)
    columns, comparison, direction = _ORDERS[wanted.sort]
    if after is not None:
        conditions.append(f"({', '.join(columns)}) {comparison} ({', '.join(_casts(columns))})")
        values += after
    order = ", ".join(f"{column} {direction}" for column in columns)
    limit = min(limit, PAGE_MAX)
    cursor.execute(
        f"SELECT {SELECTED} FROM listings WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT %s",  # noqa: S608
        [*values, limit + 1],
    )
    rows = [Hit(listing_of(row)) for row in cursor.fetchall()]
    return page_of(rows, limit, lambda hit: _place(hit.listing, columns))


_ORDERS: Final[dict[Sort, tuple[tuple[str, ...], str, str]]] = {
    "price": (("currency", "nightly_minor", "property_id"), ">", "ASC"),
    "-price": (("currency", "nightly_minor", "property_id"), "<", "DESC"),
    "newest": (("created_at", "property_id"), "<", "DESC"),
}
_TYPES: Final = {"currency": "text", "nightly_minor": "bigint", "property_id": "uuid", "created_at": "timestamptz"}


def _casts(columns: Iterable[str]) -> list[str]:
    return [f"%s::{_TYPES[column]}" for column in columns]


def _conditions(wanted: Search) -> tuple[list[str], list[object]]:
    """The WHERE clause's parts and their values."""
    parts: list[tuple[str, list[object]]] = [("status = 'published'", []), ("guests >= %s", [wanted.guests])]
    if wanted.box is not None:
        boxes = _boxes(wanted.box)
        place = " OR ".join(["point(longitude_e6, latitude_e6) <@ box(point(%s, %s), point(%s, %s))"] * len(boxes))
        parts.append((f"({place})", [edge for box in boxes for edge in box]))
    if wanted.city is not None:
        parts.append(("city_key = %s", [place_key(wanted.city)]))
    if wanted.country is not None:
        parts.append(("country_key = %s", [place_key(wanted.country)]))
    for stay in wanted.stays[:1]:
        nights = DateRange(stay.check_in, stay.check_out)
        parts.append(("%s BETWEEN minimum_nights AND maximum_nights", [stay.nights]))
        parts.append(("NOT unavailable && %s", [nights]))
    if wanted.currency is not None:
        parts.append(("currency = %s", [wanted.currency]))
        parts += [("nightly_minor >= %s", [wanted.price_from])] if wanted.price_from is not None else []
        parts += [("nightly_minor <= %s", [wanted.price_to])] if wanted.price_to is not None else []
    return [condition for condition, _ in parts], [value for _, values in parts for value in values]


def _boxes(box: Box) -> list[tuple[int, int, int, int]]:
    """West, south, east and north; two boxes across the 180th meridian."""
    if box.west_e6 <= box.east_e6:
        return [(box.west_e6, box.south_e6, box.east_e6, box.north_e6)]
    return [
        (box.west_e6, box.south_e6, 180_000_000, box.north_e6),
        (-180_000_000, box.south_e6, box.east_e6, box.north_e6),
    ]


def _place(listing: Listing, columns: Sequence[str]) -> After:
    if columns[0] == "created_at":
        return listing.created_at.isoformat(), str(listing.property_id)
    assert listing.nightly is not None
    return listing.nightly.currency, listing.nightly.minor, str(listing.property_id)
