"""Search against a plain loop, on random listings, calendars and questions: every page, sort and count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.pricing import CancellationPolicy, Pricing, quote
from domain.properties import HouseRules, PropertyCreated, PropertyHouseRulesChanged, PropertyPricingChanged
from domain.stays import Stay
from projections import totals
from projections.facets import Bar, facets
from projections.geography import Around
from projections.listings import LISTINGS
from projections.look import Look
from projections.nights_bitmap import COLUMNS, WINDOW_NIGHTS, mask, words
from projections.projection import After, Cursor
from projections.search import Hit, search
from projections.search_sql import stay_total
from projections.totals import Total, count
from projections.wanted import Search
from tests.projections.search_oracle import NOWS, SORTS, Expected, Place, counted, expected, places, pricings, questions
from tests.support.effort import effort
from tests.support.examples import HOST, PROPERTY
from tests.support.tales import BEGIN, Tale

JUNE = BEGIN.date()
LENGTHS = (1, 2, 6, 7, 8, 27, 28, 365)
MIDNIGHT = datetime.combine(JUNE, time(), UTC)


@settings(effort())
@given(
    there=places(JUNE),
    asked=st.lists(questions(JUNE), min_size=12, max_size=20),
    now=st.sampled_from(NOWS),
    limit=st.integers(1, 4),
    size=st.integers(1, 40),
    counted_below=st.sampled_from([1, 1_000]),
)
def test_every_page_of_every_sort_is_what_a_plain_loop_finds(
    cursor: Cursor, there: list[Place], asked: list[Search], now: timedelta, limit: int, size: int, counted_below: int
) -> None:
    at = MIDNIGHT + now
    cursor.execute("SAVEPOINT example")
    try:
        tale = Tale()
        for place in there:
            place.tell(tale)
        for begin in range(0, len(tale.events), size):  # in batches of any size
            LISTINGS.apply(cursor, tale.events[begin : begin + size])
        look = Look(cursor)
        for question in asked:
            centred = question if question.around else replace(question, around=Around(0, 0))
            for sort in SORTS:
                wanted = replace(centred if sort == "distance" else question, sort=sort)
                assert pages(look, wanted, at, limit) == [row(hit) for hit in expected(there, wanted, at)]
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(totals, "COUNTED_BELOW", counted_below)
                check_counts(look, question, at, expected(there, question, at))
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT example")


def check_counts(look: Look, wanted: Search, now: datetime, found: list[Expected]) -> None:
    """Of more than a few, what is counted is every sixteenth, by the last digit of the id; here none has more."""
    sampled = [hit for hit in found if hit.place.number % 16 == 0]
    total = count(look, wanted, now)
    if 16 * len(sampled) >= totals.COUNTED_BELOW:
        assert total == Total(16 * len(sampled), is_exact=False)
    else:
        assert total == Total(len(found), is_exact=True)
    seen, times = (found, 1) if total.is_exact else (sampled, 16)
    divided = facets(look, wanted, now, total)
    rooms, amenities = counted(seen)
    assert divided.room_types == {name: times * number for name, number in rooms.items()}
    assert divided.amenities == {name: times * number for name, number in amenities.items()}
    assert sum(bar.count for bar in divided.prices) == times * len(seen)
    for hit in seen:
        price = hit.place.pricing.nightly
        assert any(holds(bar, price.currency, price.minor) for bar in divided.prices)


def holds(bar: Bar, currency: str, minor: int) -> bool:
    return bar.currency == currency and bar.price_from <= minor < (bar.price_until or minor + 1)


def pages(look: Look, wanted: Search, now: datetime, limit: int) -> list[tuple[object, ...]]:
    found: list[Hit] = []
    after: After | None = None
    while True:
        page = search(look, wanted, now, after, limit)
        assert len(page.items) <= limit
        found += page.items
        after = page.after
        if after is None:
            return [(hit.listing.property_id, hit.stay, hit.total, hit.distance_m) for hit in found]


def row(hit: Expected) -> tuple[object, ...]:
    return hit.place.id, hit.stay, hit.total, hit.distance_m


@settings(effort())
@given(pricing=pricings(JUNE), first=st.integers(0, 9), nights=st.sampled_from(LENGTHS), data=st.data())
def test_the_database_adds_a_stay_up_as_a_quote_does(
    cursor: Cursor, pricing: Pricing, first: int, nights: int, data: st.DataObject
) -> None:
    guests = data.draw(st.integers(1, 50))
    policy: CancellationPolicy = data.draw(st.sampled_from(["moderate", "non_refundable"]))
    stay = Stay(JUNE + timedelta(days=first), JUNE + timedelta(days=first + nights))
    cursor.execute("SAVEPOINT example")
    tale = Tale()
    rules = PropertyHouseRulesChanged(HouseRules(cancellation_policy=policy))
    LISTINGS.apply(cursor, tale.tell(PROPERTY, PropertyCreated(HOST), PropertyPricingChanged(pricing), rules))
    asked = stay_total(stay, guests)
    cursor.execute(f"SELECT {asked.text} FROM listings WHERE property_id = %s", [*asked.values, PROPERTY])
    assert cursor.fetchone() == (quote(pricing, stay, guests, policy).total.minor,)
    cursor.execute("ROLLBACK TO SAVEPOINT example")


ranges = st.tuples(st.integers(0, WINDOW_NIGHTS - 1), st.integers(1, 365)).map(
    lambda each: (JUNE + timedelta(days=each[0]), JUNE + timedelta(days=min(sum(each), WINDOW_NIGHTS)))
)


@given(taken=st.lists(ranges, max_size=4), asked=ranges)
def test_bits_meet_where_nights_do(taken: list[tuple[date, date]], asked: tuple[date, date]) -> None:
    bits = dict(zip(COLUMNS, words(taken), strict=True))
    meet = any(first < asked[1] and asked[0] < until for first, until in taken)
    assert any(bits[column] & value for column, value in mask(*asked).items()) == meet
    assert all(-(1 << 63) <= value < 1 << 63 for value in bits.values()), "a bigint holds it"
