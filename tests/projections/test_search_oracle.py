"""Search against a filter over plain values, on random listings, calendars and questions: every page of every sort."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.bookings import BookingCancelled, BookingExpired, BookingHeld, BookingReinstated
from domain.events import Fact
from domain.money import Money
from domain.pricing import Pricing
from domain.properties import (
    Block,
    Details,
    HouseRules,
    Location,
    NightsBlocked,
    NightsUnblocked,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
)
from domain.stays import Stay
from projections.listings import LISTINGS
from projections.projection import After, Cursor
from projections.search import Box, Search, Sort, search
from tests.support.examples import HELD, HOST, NO_REFUND, PAYMENT
from tests.support.tales import BEGIN, Tale

LONGITUDES = (-180_000_000, -5, 5, 180_000_000)
JUNE = date(2026, 6, 1)
SORTS: tuple[Sort, ...] = ("price", "-price", "newest")


@dataclass(frozen=True)
class Place:
    """A listing as the oracle knows it. `taken` are the nights that somebody has."""

    number: int
    city: str
    latitude: int
    longitude: int
    guests: int
    price: Money
    least: int
    most: int
    taken: frozenset[date]
    facts: tuple[tuple[UUID, Fact], ...]
    published: bool

    @property
    def id(self) -> UUID:
        return UUID(int=self.number)


def nights(first: int, count: int) -> tuple[date, date]:
    return JUNE + timedelta(days=first), JUNE + timedelta(days=first + count)


def dates(first: date, until: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=n) for n in range((until - first).days))


def claim(listing: int, number: int, first: int, count: int, fate: str) -> tuple[list[tuple[UUID, Fact]], set[date]]:
    """A booking or a block that comes and perhaps goes: what is told of it, and which nights it has in the end."""
    claim_id, property_id = UUID(int=listing * 1000 + number + 1), UUID(int=listing)
    begin, end = nights(first, count)
    if fate in ("blocked", "unblocked"):
        told: list[tuple[UUID, Fact]] = [(property_id, NightsBlocked((Block(claim_id, begin, end),)))]
        if fate == "unblocked":
            told.append((property_id, NightsUnblocked((claim_id,))))
        return told, set(dates(begin, end)) if fate == "blocked" else set()
    held: BookingHeld = replace(HELD, property_id=property_id, quote=replace(HELD.quote, stay=Stay(begin, end)))
    after: dict[str, list[Fact]] = {
        "held": [],
        "expired": [BookingExpired()],
        "reinstated": [BookingExpired(), BookingReinstated(PAYMENT)],
        "cancelled": [BookingCancelled("guest", NO_REFUND)],
    }
    has = fate in ("held", "reinstated")
    return [(claim_id, fact) for fact in [held, *after[fate]]], set(dates(begin, end)) if has else set()


@st.composite
def places(draw: st.DrawFn) -> list[Place]:
    found = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        claims = draw(
            st.lists(
                st.tuples(
                    st.integers(0, 12),
                    st.integers(1, 4),
                    st.sampled_from(["blocked", "unblocked", "held", "expired", "reinstated", "cancelled"]),
                ),
                max_size=4,
            )
        )
        told, taken = list[tuple[UUID, Fact]](), set[date]()
        for n, (first, count, fate) in enumerate(claims):
            facts, has = claim(number, n, first, count, fate)
            told += facts
            taken |= has
        least = draw(st.integers(1, 3))
        found.append(
            Place(
                number=number,
                city=draw(st.sampled_from(["Albany", "albany", "Troy"])),
                latitude=draw(st.sampled_from([-10, 0, 10])),
                longitude=draw(st.sampled_from(LONGITUDES)),
                guests=draw(st.integers(1, 3)),
                price=Money(draw(st.sampled_from([100, 200, 300])), draw(st.sampled_from(["EUR", "USD"]))),
                least=least,
                most=draw(st.integers(least, 5)),
                taken=frozenset(taken),
                facts=tuple(told),
                published=draw(st.sampled_from([True, True, True, False])),
            )
        )
    return found


@st.composite
def questions(draw: st.DrawFn) -> Search:
    box = Box(
        draw(st.sampled_from([-10, 0])),
        draw(st.sampled_from(LONGITUDES)),
        draw(st.sampled_from([0, 10])),
        draw(st.sampled_from(LONGITUDES)),
    )
    first, count = draw(st.integers(0, 14)), draw(st.integers(1, 5))
    return Search(
        box=draw(st.sampled_from([None, box])),
        city=draw(st.sampled_from([None, "ALBANY", "Troy", "Utica"])),
        stays=draw(st.sampled_from([(), (Stay(*nights(first, count)),)])),
        guests=draw(st.integers(1, 3)),
        currency=draw(st.sampled_from([None, "EUR", "USD"])),
        price_from=draw(st.sampled_from([None, 100, 200])),
        price_to=draw(st.sampled_from([None, 200, 300])),
    )


def fits(place: Place, wanted: Search) -> bool:
    box, stay = wanted.box, next(iter(wanted.stays), None)
    if not place.published or place.guests < wanted.guests:
        return False
    if wanted.city is not None and place.city.lower() != wanted.city.lower():
        return False
    if box is not None:
        between = box.west_e6 <= place.longitude <= box.east_e6
        around = place.longitude >= box.west_e6 or place.longitude <= box.east_e6
        across = between if box.west_e6 <= box.east_e6 else around
        if not (box.south_e6 <= place.latitude <= box.north_e6 and across):
            return False
    if stay is not None and (not place.least <= stay.nights <= place.most or place.taken & set(stay.dates())):
        return False
    if wanted.currency is None:
        return True
    low, high = wanted.price_from or 0, wanted.price_to or 1_000
    return place.price.currency == wanted.currency and low <= place.price.minor <= high


def expected(places: list[Place], wanted: Search, sort: Sort) -> list[UUID]:
    found = [place for place in places if fits(place, wanted)]
    if sort == "newest":  # they were made in the order of their numbers
        return [place.id for place in sorted(found, key=lambda p: p.number, reverse=True)]
    by_price = sorted(found, key=lambda p: (p.price.currency, p.price.minor, p.number), reverse=sort == "-price")
    return [place.id for place in by_price]


def tell(place: Place, tale: Tale) -> None:
    details = Details("A place", guests=place.guests)
    location = Location("1 Street", place.city, "US", place.latitude, place.longitude, "America/New_York")
    tale.tell(
        place.id,
        PropertyCreated(HOST),
        PropertyDetailsChanged(details),
        PropertyLocationChanged(location),
        PropertyPricingChanged(Pricing(place.price)),
        PropertyHouseRulesChanged(HouseRules(place.least, place.most)),
        PropertyPublished(),
        *([] if place.published else [PropertyUnpublished()]),
    )
    for stream_id, fact in place.facts:
        tale.tell(stream_id, fact)


@pytest.mark.slow
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(places=places(), wanted=st.lists(questions(), min_size=3, max_size=6), limit=st.integers(1, 4), pieces=st.data())
def test_every_page_of_every_sort_is_what_a_plain_filter_finds(
    cursor: Cursor, places: list[Place], wanted: list[Search], limit: int, pieces: st.DataObject
) -> None:
    cursor.execute("SAVEPOINT example")
    try:
        tale = Tale()
        for place in places:
            tell(place, tale)
        size = pieces.draw(st.integers(1, 40))
        for begin in range(0, len(tale.events), size):  # in batches of any size
            LISTINGS.apply(cursor, tale.events[begin : begin + size])
        for question in wanted:
            for sort in SORTS:
                assert pages(cursor, replace(question, sort=sort), limit) == expected(places, question, sort)
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT example")


def pages(cursor: Cursor, wanted: Search, limit: int) -> list[UUID]:
    found: list[UUID] = []
    after: After | None = None
    while True:
        page = search(cursor, wanted, BEGIN, after, limit)
        assert len(page.items) <= limit
        found += [hit.listing.property_id for hit in page.items]
        after = page.after
        if after is None:
            return found
