"""Listings: what guests search, and what a host has. One row per property, drafts too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal, assert_never, cast
from uuid import UUID

from psycopg2.extras import DateRange, execute_values

from domain.calendar_feeds import (
    CalendarConflictsFound,
    CalendarConflictsResolved,
    CalendarFeedLinked,
    CalendarFeedUnlinked,
)
from domain.events import Event
from domain.money import Money
from domain.photos import PropertyPhotosChanged
from domain.properties import (
    Details,
    HouseRules,
    Location,
    NightsBlocked,
    NightsUnblocked,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyErased,
    PropertyFact,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
    Status,
    without_place,
    without_words,
)
from domain.stays import Stay
from projections.listing_claims import CALENDAR_FACTS, CLAIMS, claim
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, page_of


@dataclass(frozen=True, slots=True)
class Listing:
    """A property as it is shown. What its host has not told yet is None; a published one has everything.

    `revision` counts the changes of what is shown, as the domain's Property does.
    """

    property_id: UUID
    host_id: UUID
    status: Status
    revision: int
    created_at: datetime
    updated_at: datetime
    minimum_nights: int = HouseRules().minimum_nights
    maximum_nights: int = HouseRules().maximum_nights
    nightly: Money | None = None
    details: Details | None = None
    location: Location | None = None
    photos: tuple[UUID, ...] = ()


_OWN: Final = (*[field.name for field in fields(Listing)][:8], "photos")
_DETAILS: Final = tuple(field.name for field in fields(Details))
_LOCATION: Final = tuple(field.name for field in fields(Location))
_COLUMNS: Final = (*_OWN, "nightly_minor", "currency", *_DETAILS, *_LOCATION)
_SELECTED: Final = ", ".join(_COLUMNS)
_KEYS: Final = ("city_key", "country_key")
_PAGE: Final = 1000
"""Rows per statement."""


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    shown = [event for event in events if isinstance(event.fact, _SHOWN_FACTS)]
    if shown:
        listings = {listing.property_id: listing for listing in _load(cursor, {event.stream_id for event in shown})}
        for event in shown:
            listings[event.stream_id] = _evolve(listings.get(event.stream_id), event)
        _save(cursor, listings.values())
    calendar = [event for event in events if isinstance(event.fact, CALENDAR_FACTS)]
    if calendar:
        claim(cursor, calendar)


def _evolve(listing: Listing | None, event: Event) -> Listing:
    fact = cast("PropertyFact", event.fact)
    if isinstance(fact, PropertyCreated):
        return Listing(event.stream_id, fact.host_id, "draft", 1, event.occurred_at, event.occurred_at)
    assert listing is not None, "a property's first event is PropertyCreated"
    changed = replace(listing, revision=listing.revision + 1, updated_at=event.occurred_at)
    match fact:
        case PropertyDetailsChanged(details):
            return replace(changed, details=details)
        case PropertyLocationChanged(location):
            return replace(changed, location=location)
        case PropertyPricingChanged(pricing):
            return replace(changed, nightly=pricing.nightly)
        case PropertyHouseRulesChanged(rules):
            return replace(changed, minimum_nights=rules.minimum_nights, maximum_nights=rules.maximum_nights)
        case PropertyPhotosChanged(photos):
            return replace(changed, photos=photos)
        case PropertyPublished():
            return replace(changed, status="published")
        case PropertyUnpublished():
            return replace(changed, status="unpublished")
        case PropertyErased():
            left = replace(changed, status="unpublished", photos=(), details=without_words(listing.details))
            return replace(left, location=without_place(listing.location))
        case NightsBlocked() | NightsUnblocked():
            raise AssertionError("blocks change the calendar only")
        case CalendarFeedLinked() | CalendarFeedUnlinked() | CalendarConflictsFound() | CalendarConflictsResolved():
            raise AssertionError("of linked calendars only the blocks show")
        case _:
            assert_never(fact)


_SHOWN_FACTS: Final = (
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyHouseRulesChanged,
    PropertyPhotosChanged,
    PropertyPublished,
    PropertyUnpublished,
    PropertyErased,
)
LISTINGS: Final = Projection(
    name="listings",
    version=1,
    tables=("listings", CLAIMS),
    facts=(*_SHOWN_FACTS, *CALENDAR_FACTS),
    apply=apply,
)


# --- queries ------------------------------------------------------------------------------------------------


Sort = Literal["price", "-price", "newest"]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map, its edges included, in millionths of a degree; west > east crosses the 180th meridian."""

    south_e6: int
    west_e6: int
    north_e6: int
    east_e6: int


@dataclass(frozen=True, slots=True)
class Search:
    """What a guest looks for; None means anything.

    `city` and `country` are compared without regard to case. With a `stay`, only what is free for the whole of it
    and takes stays of that length. Prices are the nightly base price in minor units of `currency`, both ends
    included; without a currency they are not looked at. Sorted by price, amounts of different currencies do not
    compare: one currency comes after the other.
    """

    box: Box | None = None
    city: str | None = None
    country: str | None = None
    stay: Stay | None = None
    guests: int = 1
    currency: str | None = None
    price_from: int | None = None
    price_to: int | None = None
    sort: Sort = "price"


def search(cursor: Cursor, wanted: Search, after: After | None = None, limit: int = 20) -> Page[Listing]:
    """One page of the published listings that fit. `limit` is at most 100; `after` is the page before's."""
    conditions, values = _conditions(wanted)
    columns, comparison, direction = _ORDERS[wanted.sort]
    if after is not None:
        conditions.append(f"({', '.join(columns)}) {comparison} ({', '.join(_casts(columns))})")
        values += after
    return _page(cursor, conditions, values, columns, direction, limit)


def of_host(cursor: Cursor, host_id: UUID, after: After | None = None, limit: int = 20) -> Page[Listing]:
    """One page of a host's properties, newest first, drafts too."""
    columns, comparison, direction = _ORDERS["newest"]
    conditions, values = ["host_id = %s"], list[object]([host_id])
    if after is not None:
        conditions.append(f"({', '.join(columns)}) {comparison} ({', '.join(_casts(columns))})")
        values += after
    return _page(cursor, conditions, values, columns, direction, limit)


def ids_of_host(cursor: Cursor, host_id: UUID) -> list[UUID]:
    """All of a host's properties, drafts too."""
    cursor.execute("SELECT property_id FROM listings WHERE host_id = %s", [host_id])
    return [property_id for (property_id,) in cursor.fetchall()]


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
    if wanted.stay is not None:
        nights = DateRange(wanted.stay.check_in, wanted.stay.check_out)
        parts.append(("%s BETWEEN minimum_nights AND maximum_nights", [wanted.stay.nights]))
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


def _page(
    cursor: Cursor,
    conditions: Sequence[str],
    values: Sequence[object],
    columns: Sequence[str],
    direction: str,
    limit: int,
) -> Page[Listing]:
    order = ", ".join(f"{column} {direction}" for column in columns)
    limit = min(limit, PAGE_MAX)
    cursor.execute(
        f"SELECT {_SELECTED} FROM listings WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT %s",  # noqa: S608
        [*values, limit + 1],
    )
    return page_of([_listing(row) for row in cursor.fetchall()], limit, lambda listing: _place(listing, columns))


def _place(listing: Listing, columns: Sequence[str]) -> After:
    if columns[0] == "created_at":
        return listing.created_at.isoformat(), str(listing.property_id)
    assert listing.nightly is not None
    return listing.nightly.currency, listing.nightly.minor, str(listing.property_id)


def place_key(name: str) -> str:
    """One spelling of a place's name, so that case, width and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


# --- rows ---------------------------------------------------------------------------------------------------


def _load(cursor: Cursor, property_ids: Iterable[UUID]) -> list[Listing]:
    cursor.execute(f"SELECT {_SELECTED} FROM listings WHERE property_id = ANY (%s)", [list(property_ids)])  # noqa: S608
    return [_listing(row) for row in cursor.fetchall()]


def _save(cursor: Cursor, listings: Iterable[Listing]) -> None:
    columns = (*_COLUMNS, *_KEYS)
    execute_values(
        cursor,
        f"""INSERT INTO listings ({", ".join(columns)}) VALUES %s
            ON CONFLICT (property_id) DO UPDATE
            SET ({", ".join(columns)}) = ({", ".join(f"excluded.{column}" for column in columns)})""",  # noqa: S608
        [_row(listing) for listing in listings],
        page_size=_PAGE,
    )


def _row(listing: Listing) -> tuple[object, ...]:
    own = (*(getattr(listing, name) for name in _OWN[:-1]), list(listing.photos))
    price = (listing.nightly.minor, listing.nightly.currency) if listing.nightly else (None, None)
    details = astuple(listing.details) if listing.details else (None,) * len(_DETAILS)
    location = astuple(listing.location) if listing.location else (None,) * len(_LOCATION)
    keys = (place_key(listing.location.city), place_key(listing.location.country)) if listing.location else (None, None)
    return own + price + tuple(list(v) if isinstance(v, tuple) else v for v in details) + location + keys


def _listing(row: tuple[Any, ...]) -> Listing:
    photos, minor, currency, *rest = row[len(_OWN) - 1 :]
    details = dict(zip(_DETAILS, rest[: len(_DETAILS)], strict=True))
    location = dict(zip(_LOCATION, rest[len(_DETAILS) :], strict=True))
    return Listing(
        **dict(zip(_OWN[:-1], row, strict=False)),
        photos=tuple(photos),
        nightly=None if minor is None else Money(minor, currency),
        details=None if details["title"] is None else Details(**{**details, "amenities": tuple(details["amenities"])}),
        location=None if location["city"] is None else Location(**location),
    )
