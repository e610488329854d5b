"""Listings: what guests search, and what a host has. One row per property, drafts too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, assert_never, cast
from uuid import UUID

from psycopg2.extras import execute_values

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
from domain.scores import PropertyScoresImported
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
SELECTED: Final = ", ".join(_COLUMNS)
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
        case PropertyScoresImported():
            raise AssertionError("what reviews add up to is the reviews'")
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


def of_host(cursor: Cursor, host_id: UUID, after: After | None = None, limit: int = 20) -> Page[Listing]:
    """One page of a host's properties, newest first, drafts too. `limit` is at most 100."""
    limit = min(limit, PAGE_MAX)
    conditions, values = "host_id = %s", list[object]([host_id])
    if after is not None:
        conditions += " AND (created_at, property_id) < (%s::timestamptz, %s::uuid)"
        values += after
    cursor.execute(
        f"""SELECT {SELECTED} FROM listings WHERE {conditions}
            ORDER BY created_at DESC, property_id DESC LIMIT %s""",  # noqa: S608 - constants
        [*values, limit + 1],
    )
    return page_of([listing_of(row) for row in cursor.fetchall()], limit, _since)


def _since(listing: Listing) -> After:
    return listing.created_at.isoformat(), str(listing.property_id)


def ids_of_host(cursor: Cursor, host_id: UUID) -> list[UUID]:
    """All of a host's properties, drafts too."""
    cursor.execute("SELECT property_id FROM listings WHERE host_id = %s", [host_id])
    return [property_id for (property_id,) in cursor.fetchall()]


def place_key(name: str) -> str:
    """One spelling of a place's name, so that case, width and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


# --- rows ---------------------------------------------------------------------------------------------------


def _load(cursor: Cursor, property_ids: Iterable[UUID]) -> list[Listing]:
    cursor.execute(f"SELECT {SELECTED} FROM listings WHERE property_id = ANY (%s)", [list(property_ids)])  # noqa: S608
    return [listing_of(row) for row in cursor.fetchall()]


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


def listing_of(row: tuple[Any, ...]) -> Listing:
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
