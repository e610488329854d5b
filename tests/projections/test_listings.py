"""What the listings read model shows after each fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from uuid import UUID

import pytest

from domain.bookings import (
    AlterationExpired,
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingReinstated,
)
from domain.events import Fact
from domain.money import Money
from domain.pricing import Pricing
from domain.properties import (
    Block,
    HouseRules,
    NightsBlocked,
    NightsUnblocked,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyUnpublished,
)
from domain.reviews import Ratings, ReviewRemoved, ReviewRevealed, ReviewSubmitted
from domain.scores import PropertyScoresImported, Scores
from domain.stays import Stay
from projections.geography import Box
from projections.listing_rows import Listing
from projections.listings import LISTINGS, of_host
from projections.look import Look
from projections.projection import Cursor
from projections.search import search
from projections.wanted import Search
from tests.support.examples import (
    ALTERATION,
    ALTERATION_HELD,
    ALTERED,
    BLOCK,
    BOOKING,
    DETAILS,
    HELD,
    HOST,
    HOUSE_RULES,
    LOCATION,
    NO_REFUND,
    PAYMENT,
    PRICING,
    PROPERTY,
    PUBLISHED,
    STRANGER,
)
from tests.support.tales import BEGIN, Tale, minute

OTHER = UUID("01900000-0000-7000-8000-0000000000f0")
CATSKILL = Search(city="Catskill")
PAID, CANCELLED = BookingConfirmed(PAYMENT), BookingCancelled("guest", NO_REFUND)
ALTERED_BACK = replace(ALTERED, quote=HELD.quote)
"""From four nights to the three that were booked."""


def listings(cursor: Cursor, wanted: Search = CATSKILL) -> list[Listing]:
    return [hit.listing for hit in search(Look(cursor), wanted, BEGIN).items]


def shown(cursor: Cursor, wanted: Search = CATSKILL) -> list[UUID]:
    return [hit.listing.property_id for hit in search(Look(cursor), wanted, BEGIN).items]


def test_a_published_property_is_shown_as_its_host_described_it(cursor: Cursor) -> None:
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED))
    (found,) = listings(cursor)
    assert found == Listing(
        PROPERTY, HOST, "published", 6, minute(1), minute(6), HOUSE_RULES, PRICING, DETAILS, LOCATION
    )


def test_drafts_and_unpublished_are_shown_to_their_host_only(cursor: Cursor) -> None:
    tale = Tale()
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED, PropertyUnpublished()))
    LISTINGS.apply(cursor, tale.tell(OTHER, PropertyCreated(HOST)))
    assert shown(cursor) == []
    assert [(x.property_id, x.status) for x in of_host(cursor, HOST).items] == [
        (OTHER, "draft"),
        (PROPERTY, "unpublished"),
    ]
    assert of_host(cursor, STRANGER).items == []


def test_a_change_replaces_what_was_shown_and_counts_as_a_revision(cursor: Cursor) -> None:
    tale = Tale()
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED))
    before = of_host(cursor, HOST).items[0]
    details = replace(DETAILS, title="Another name", amenities=("wifi",))
    pricing = Pricing(Money.parse("9.99", "USD"))
    LISTINGS.apply(cursor, tale.tell(PROPERTY, PropertyDetailsChanged(details), PropertyPricingChanged(pricing)))
    (after,) = of_host(cursor, HOST).items
    assert (after.details, after.nightly, after.location) == (details, pricing.nightly, LOCATION)
    assert after.revision == before.revision + 2
    assert (after.created_at, after.updated_at) == (minute(1), minute(len(tale.events)))


def test_events_one_by_one_and_all_at_once_make_the_same_rows(cursor: Cursor) -> None:
    tale = Tale()
    tale.tell(PROPERTY, *PUBLISHED, NightsBlocked((BLOCK,)))
    tale.tell(BOOKING, HELD, BookingConfirmed(PAYMENT), BookingCancelled("guest", NO_REFUND))
    tale.tell(PROPERTY, NightsUnblocked((BLOCK.block_id,)), NightsBlocked((BLOCK,)))
    LISTINGS.apply(cursor, tale.events)
    cursor.execute("CREATE TEMP TABLE at_once ON COMMIT DROP AS TABLE listings")
    cursor.execute("CREATE TEMP TABLE claims_at_once ON COMMIT DROP AS TABLE listing_claims")
    cursor.execute("DELETE FROM listings; DELETE FROM listing_claims")
    for event in tale.events:
        LISTINGS.apply(cursor, [event])
    for one, other in [("listings", "at_once"), ("listing_claims", "claims_at_once")]:
        cursor.execute(f"(TABLE {one} EXCEPT TABLE {other}) UNION ALL (TABLE {other} EXCEPT TABLE {one})")
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    ("facts", "taken"),
    [
        ([HELD], True),
        ([HELD, BookingConfirmed(PAYMENT)], True),
        ([HELD, BookingExpired()], False),
        ([HELD, BookingExpired(), BookingReinstated(PAYMENT)], True),
        ([HELD, BookingCancelled("guest", NO_REFUND)], False),
    ],
)
def test_a_booking_takes_its_nights_from_search_while_it_has_them(
    cursor: Cursor, facts: Sequence[Fact], taken: bool
) -> None:
    tale = Tale()
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED))
    LISTINGS.apply(cursor, tale.tell(BOOKING, *facts))
    # The booking has 11, 12 and 13 June: two nights are asked for, from each day of the month.
    free = [day for day, next_ in pairwise(range(8, 17)) if shown(cursor, _from(day, next_ + 1))]
    assert free == ([8, 9, 14, 15] if taken else [8, 9, 10, 11, 12, 13, 14, 15])


def test_blocked_nights_are_not_found_until_they_are_unblocked_though_blocks_overlap(cursor: Cursor) -> None:
    tale = Tale()
    first = Block(UUID(int=1), date(2026, 6, 10), date(2026, 6, 13))
    second = Block(UUID(int=2), date(2026, 6, 12), date(2026, 6, 15))
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED, NightsBlocked((first, second))))
    assert [day for day in range(8, 18) if shown(cursor, _from(day, day + 2))] == [8, 15, 16, 17]
    LISTINGS.apply(cursor, tale.tell(PROPERTY, NightsUnblocked((first.block_id,))))
    assert [day for day in range(8, 18) if shown(cursor, _from(day, day + 2))] == [8, 9, 10, 15, 16, 17]


TEN, ELEVEN, TWELVE = (
    NightsBlocked((Block(BLOCK.block_id, date(2026, 6, first), date(2026, 6, first + 3)),)) for first in (10, 11, 12)
)
FREE = NightsUnblocked((BLOCK.block_id,))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
@pytest.mark.parametrize(
    ("stream_id", "facts", "nights"),
    [
        (PROPERTY, [TEN, FREE], "{}"),
        (PROPERTY, [TEN, FREE, TWELVE], "{[2026-06-12,2026-06-15)}"),
        (PROPERTY, [TEN, FREE, TWELVE, FREE], "{}"),
        (PROPERTY, [TEN, FREE, TWELVE, FREE, ELEVEN], "{[2026-06-11,2026-06-14)}"),
        (BOOKING, [HELD, BookingExpired(), BookingReinstated(PAYMENT)], "{[2026-06-11,2026-06-14)}"),
        (BOOKING, [HELD, BookingExpired(), BookingReinstated(PAYMENT), CANCELLED], "{}"),
        (BOOKING, [HELD, PAID, ALTERATION_HELD], "{[2026-06-11,2026-06-15)}"),
        (BOOKING, [HELD, PAID, ALTERATION_HELD, AlterationExpired(ALTERATION)], "{[2026-06-11,2026-06-14)}"),
        (
            BOOKING,
            [HELD, PAID, ALTERATION_HELD, AlterationExpired(ALTERATION), ALTERATION_HELD],
            "{[2026-06-11,2026-06-15)}",
        ),
        (BOOKING, [HELD, PAID, ALTERATION_HELD, CANCELLED], "{}"),
        (BOOKING, [HELD, BookingExpired(), BookingReinstated(PAYMENT), ALTERED], "{[2026-06-11,2026-06-15)}"),
        (BOOKING, [HELD, PAID, ALTERED, ALTERED_BACK], "{[2026-06-11,2026-06-14)}"),
        (BOOKING, [HELD, PAID, ALTERED, CANCELLED], "{}"),
    ],
)
def test_nights_that_are_given_back_and_taken_again_are_the_same_whether_in_one_page_or_in_several(
    cursor: Cursor, stream_id: UUID, facts: Sequence[Fact], nights: str, size: int
) -> None:
    tale = Tale()
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED))

    told = tale.tell(stream_id, *facts)
    for begin in range(0, len(told), size):
        LISTINGS.apply(cursor, told[begin : begin + size])

    assert unavailable(cursor) == {PROPERTY: nights}


def test_what_is_taken_of_several_listings_in_one_page_is_shown_with_each_of_them(cursor: Cursor) -> None:
    # given a listing with a block, one with a booking, and one that nothing happens to any more
    tale = Tale()
    quiet = UUID(int=1)
    for property_id in (PROPERTY, OTHER, quiet):
        LISTINGS.apply(cursor, tale.tell(property_id, *PUBLISHED))
    LISTINGS.apply(cursor, tale.tell(OTHER, TEN))
    LISTINGS.apply(cursor, tale.tell(quiet, _block(2, 20)))
    tale.tell(PROPERTY, _block(3, 1))
    before = len(tale.events)

    # when the block goes, another one comes, and somebody books elsewhere
    tale.tell(BOOKING, HELD)
    tale.tell(OTHER, FREE, _block(4, 26))
    LISTINGS.apply(cursor, tale.events[before - 1 :])

    # then
    assert unavailable(cursor) == {
        PROPERTY: "{[2026-06-01,2026-06-03),[2026-06-11,2026-06-14)}",
        OTHER: "{[2026-06-26,2026-06-28)}",
        quiet: "{[2026-06-20,2026-06-22)}",
    }
    # and two nights in June are found where none of them is taken
    assert set(shown(cursor, _from(2, 4))) == {OTHER, quiet}
    assert set(shown(cursor, _from(13, 15))) == {OTHER, quiet}
    assert set(shown(cursor, _from(21, 23))) == {PROPERTY, OTHER}
    assert set(shown(cursor, _from(25, 27))) == {PROPERTY, quiet}
    assert set(shown(cursor, _from(10, 12))) == {OTHER, quiet}


def _block(number: int, first: int) -> NightsBlocked:
    """Two nights in June."""
    return NightsBlocked((Block(UUID(int=number), date(2026, 6, first), date(2026, 6, first + 2)),))


def unavailable(cursor: Cursor) -> dict[UUID, str]:
    cursor.execute("SELECT property_id, unavailable::text FROM listings")
    return dict(cursor.fetchall())


def test_stays_shorter_or_longer_than_the_host_takes_are_not_found(cursor: Cursor) -> None:
    rules = HouseRules(minimum_nights=2, maximum_nights=4)
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED, PropertyHouseRulesChanged(rules)))
    assert [nights for nights in range(1, 7) if shown(cursor, _from(1, 1 + nights))] == [2, 3, 4]


@pytest.mark.parametrize("city", ["CATSKILL", " catskill ", "Ｃatskill"])
def test_a_place_is_found_however_it_is_written(cursor: Cursor, city: str) -> None:
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED))
    assert shown(cursor, Search(city=city)) == [PROPERTY]
    assert shown(cursor, Search(city=city, country=LOCATION.country.lower())) == [PROPERTY]
    assert shown(cursor, Search(city=city, country="Elsewhere")) == []


def test_a_box_may_cross_the_180th_meridian(cursor: Cursor) -> None:
    tale = Tale()
    east, west = UUID(int=1), UUID(int=2)
    for property_id, longitude in [(east, 179_900_000), (west, -179_900_000)]:
        place = replace(LOCATION, longitude_e6=longitude, latitude_e6=-17_000_000)
        LISTINGS.apply(cursor, tale.tell(property_id, *PUBLISHED, PropertyLocationChanged(place)))
    fiji = Search(box=Box(-18_000_000, 179_000_000, -16_000_000, -179_000_000))
    assert shown(cursor, fiji) == [east, west]
    assert shown(cursor, Search(box=Box(-18_000_000, 179_000_000, -16_000_000, 180_000_000))) == [east]


def _from(day: int, until: int) -> Search:
    return replace(CATSKILL, stays=(Stay(date(2026, 6, day), date(2026, 6, until)),))


def test_a_sealed_review_changes_nothing_of_a_listing(cursor: Cursor) -> None:
    tale = Tale()
    review, other, third = (UUID(int=number) for number in (1, 2, 3))
    LISTINGS.apply(cursor, tale.tell(PROPERTY, *PUBLISHED))
    before = whole_row(cursor)

    LISTINGS.apply(cursor, tale.tell(review, written(5)) + tale.tell(other, written(2)))
    assert whole_row(cursor) == before

    LISTINGS.apply(cursor, tale.tell(review, ReviewRevealed("guest")) + tale.tell(other, ReviewRemoved()))
    (found,) = listings(cursor)
    assert (found.ratings, found.rating_e2) == (1, 500)

    # removed while it was sealed, the other one stays away; 41 elsewhere gave 4.50: (500 + 41 × 450) ÷ 42 is 451.19
    imported = PropertyScoresImported("inside-airbnb", date(2026, 6, 1), 41, Scores(450))
    LISTINGS.apply(cursor, tale.tell(third, written(1)) + tale.tell(PROPERTY, imported))
    (found,) = listings(cursor)
    assert (found.ratings, found.rating_e2) == (42, 451)


def written(stars: int) -> ReviewSubmitted:
    return ReviewSubmitted(BOOKING, PROPERTY, "guest", STRANGER, HOST, Ratings(stars), "", BEGIN, BEGIN)


def whole_row(cursor: Cursor) -> tuple[object, ...] | None:
    """With the transaction and the place that wrote it."""
    cursor.execute("SELECT xmin, ctid, listings.* FROM listings WHERE property_id = %s", [PROPERTY])
    return cursor.fetchone()


def test_words_are_found_with_a_wrong_letter_and_by_their_beginning(cursor: Cursor) -> None:
    LISTINGS.apply(
        cursor, Tale().tell(PROPERTY, *PUBLISHED, PropertyDetailsChanged(replace(DETAILS, title="Río Creek")))
    )
    assert shown(cursor, Search(text="crek")) == [PROPERTY]
    assert shown(cursor, Search(text="CREEK rio")) == [PROPERTY]
    assert shown(cursor, Search(text="cre")) == [PROPERTY]
    assert shown(cursor, Search(text="creek harbour")) == []
