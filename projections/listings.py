"""Listings: what guests search, and what a host has. One row per property, drafts too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, assert_never, cast
from uuid import UUID

from psycopg2.extras import execute_values

from domain.calendar_feeds import (
    CalendarConflictsFound,
    CalendarConflictsResolved,
    CalendarFeedLinked,
    CalendarFeedUnlinked,
)
from domain.events import Event
from domain.photos import PropertyPhotosChanged
from domain.properties import (
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
    without_place,
    without_words,
)
from domain.scores import PropertyScoresImported
from projections.listing_claims import CALENDAR_FACTS, CLAIMS, claim
from projections.listing_ratings import RATING_FACTS, RATINGS, rate
from projections.listing_rows import SAVED, SELECTED, Listing, listing_of, row_of, searched_rules
from projections.newest import Newest, Wanted
from projections.projection import After, Cursor, Page, Projection

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
    ratings = [event for event in events if isinstance(event.fact, RATING_FACTS)]
    if ratings:
        rate(cursor, ratings)


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
            return replace(changed, pricing=pricing)
        case PropertyHouseRulesChanged(rules):
            return replace(changed, rules=searched_rules(rules))
        case PropertyPhotosChanged(photos):
            return replace(changed, photos=photos)
        case PropertyPublished():
            return replace(changed, status="published")
        case PropertyUnpublished():
            return replace(changed, status="unpublished")
        case PropertyErased():
            left = replace(changed, status="unpublished", photos=(), details=without_words(listing.details))
            return replace(left, location=without_place(listing.location))
        case NightsBlocked() | NightsUnblocked() | PropertyScoresImported():
            raise AssertionError("blocks change the calendar only, and scores the rating")
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
    version=2,
    tables=("listings", CLAIMS, RATINGS),
    facts=(*_SHOWN_FACTS, *CALENDAR_FACTS, *RATING_FACTS),
    apply=apply,
)


# --- queries ------------------------------------------------------------------------------------------------


def of_host(cursor: Cursor, host_id: UUID, after: After | None = None, limit: int = 20) -> Page[Listing]:
    """One page of a host's properties, newest first, drafts too. `limit` is at most 100."""
    wanted = Wanted(host_id, after, limit)
    return of_hosts(cursor, [wanted], host_id)[wanted]


def of_hosts(cursor: Cursor, wanted: Sequence[Wanted], viewer: UUID | None) -> Mapping[Wanted, Page[Listing]]:
    """The same of several, as somebody sees them: drafts and what is not published are their host's only."""
    return _OF_HOST.pages(cursor, wanted, listing_of, _since, {"viewer": viewer})


_OF_HOST: Final = Newest(
    f"""SELECT {SELECTED} FROM listings
        WHERE host_id = asked.owner AND (status = 'published' OR host_id = %(viewer)s)""",  # noqa: S608 - constants
    "created_at",
    "property_id",
)


def by_ids(cursor: Cursor, property_ids: Iterable[UUID]) -> dict[UUID, Listing]:
    """Those that there are, drafts too."""
    return {listing.property_id: listing for listing in _load(cursor, property_ids)}


def _since(listing: Listing) -> After:
    return listing.created_at.isoformat(), str(listing.property_id)


def ids_of_host(cursor: Cursor, host_id: UUID) -> list[UUID]:
    """All of a host's properties, drafts too."""
    cursor.execute("SELECT property_id FROM listings WHERE host_id = %s", [host_id])
    return [property_id for (property_id,) in cursor.fetchall()]


def _load(cursor: Cursor, property_ids: Iterable[UUID]) -> list[Listing]:
    cursor.execute(f"SELECT {SELECTED} FROM listings WHERE property_id = ANY (%s)", [list(property_ids)])  # noqa: S608
    return [listing_of(row) for row in cursor.fetchall()]


def _save(cursor: Cursor, listings: Iterable[Listing]) -> None:
    columns = ", ".join(SAVED)
    execute_values(
        cursor,
        f"""INSERT INTO listings ({columns}) VALUES %s
            ON CONFLICT (property_id) DO UPDATE
            SET ({columns}) = (excluded.{columns.replace(", ", ", excluded.")})""",  # noqa: S608
        [row_of(listing) for listing in listings],
        page_size=_PAGE,
    )
