"""What follows from a linked calendar: pure decisions on one property, whose zone is New York's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5

import pytest

from domain import calendar_feeds, calendar_sync, properties
from domain.calendar_feeds import (
    CalendarConflict,
    CalendarConflictsFound,
    CalendarConflictsResolved,
    CalendarFeed,
    CalendarFeedLinked,
    CalendarFeedUnlinked,
)
from domain.calendar_sync import Booked, Entry, Followed, Reading, nights_of
from domain.policies import BLOCKS_MAX, FEEDS_MAX
from domain.properties import Block, HouseRules, NightsBlocked, NightsUnblocked, Property, PropertyFact, must_exist
from domain.rejections import Rejected
from tests.support.examples import BLOCK, BOOKING, CONFLICT, FEED, PROPERTY, PUBLISHED
from tests.support.spec import Spec

TODAY = date(2026, 6, 1)
ZONE = "America/New_York"
FEED_ID = FEED.feed_id
PROPERTIES: Spec[Property | None, PropertyFact] = Spec(properties.evolve, None)


def linked(*facts: PropertyFact) -> Property:
    """A property that follows a feed, and what happened since."""
    return must_exist(PROPERTIES.fold((*PUBLISHED, CalendarFeedLinked(FEED), *facts)))


def days(uid: str, first: str, until: str) -> Entry:
    return Entry(uid, date.fromisoformat(first), date.fromisoformat(until))


def block(uid: str, first: str, until: str) -> Block:
    """The block that an entry makes."""
    block_id = uuid5(FEED_ID, f"{uid} {first}/{until}")
    return Block(block_id, date.fromisoformat(first), date.fromisoformat(until), f"feed:{FEED_ID}")


def booked(first: str, until: str, booking_id: UUID = BOOKING) -> Booked:
    return Booked(booking_id, date.fromisoformat(first), date.fromisoformat(until))


def follow(
    state: Property, *entries: Entry, stays: tuple[Booked, ...] = (), unread: str = "", today: date = TODAY
) -> Followed:
    return calendar_sync.follow(state, PROPERTY, FEED_ID, Reading(entries, frozenset(unread.split())), stays, today)


def after(state: Property, followed: Followed) -> Property:
    for fact in followed.facts:
        state = must_exist(properties.evolve(state, fact))
    return state


NOTHING = Followed((), (), ())
WEEK = days("a", "2026-07-01", "2026-07-08")


def test_an_entry_becomes_a_block_and_the_same_one_again_changes_nothing() -> None:
    made = block("a", "2026-07-01", "2026-07-08")
    followed = follow(linked(), WEEK)
    assert followed == Followed((NightsBlocked((made,)),), (), (made,))
    assert follow(after(linked(), followed), WEEK, WEEK) == NOTHING


def test_an_entry_that_moves_moves_its_block() -> None:
    old, new = block("a", "2026-07-01", "2026-07-08"), block("a", "2026-07-02", "2026-07-08")
    followed = follow(linked(NightsBlocked((old,))), days("a", "2026-07-02", "2026-07-08"))
    assert followed == Followed((NightsUnblocked((old.block_id,)), NightsBlocked((new,))), (old.block_id,), (new,))


def test_an_entry_that_vanishes_frees_its_nights_and_no_others() -> None:
    gone, stays = block("a", "2026-07-01", "2026-07-08"), block("b", "2026-07-05", "2026-07-09")
    state = linked(NightsBlocked((gone, stays, BLOCK)))
    followed = follow(state, days("b", "2026-07-05", "2026-07-09"))
    assert followed == Followed((NightsUnblocked((gone.block_id,)),), (gone.block_id,), ())


def test_another_feeds_blocks_are_left_alone() -> None:
    other = replace(block("a", "2026-07-01", "2026-07-08"), origin=f"feed:{BOOKING}")
    assert follow(linked(NightsBlocked((other,)))) == NOTHING


@pytest.mark.parametrize(
    ("first", "until", "is_taken"),
    [
        ("2026-05-20", "2026-06-01", False),  # ends today
        ("2026-05-20", "2026-06-02", True),
        ("2028-05-31", "2028-06-02", True),  # the last night that can be booked
        ("2028-06-01", "2028-06-02", False),
    ],
)
def test_only_nights_that_can_still_be_booked_are_taken(first: str, until: str, *, is_taken: bool) -> None:
    expected = (block("a", first, until),) if is_taken else ()
    assert follow(linked(), days("a", first, until)).block == expected


def test_a_block_that_is_over_is_taken_away() -> None:
    over = block("a", "2026-05-20", "2026-06-01")
    assert follow(linked(NightsBlocked((over,))), days("a", "2026-05-20", "2026-06-01")).unblock == (over.block_id,)


def test_a_long_entry_is_taken_in_pieces_counted_from_its_own_first_night() -> None:
    # 2026-05-02 + 365 days = 2027-05-02, + 365 = 2028-05-01 (29 February between them), + 365 = 2029-05-01.
    long = days("a", "2026-05-02", "2040-01-01")
    pieces = (
        block("a", "2026-05-02", "2027-05-02"),
        block("a", "2027-05-02", "2028-05-01"),
        block("a", "2028-05-01", "2029-05-01"),
    )
    followed = follow(linked(), long)
    assert followed.block == pieces
    assert follow(after(linked(), followed), long, today=TODAY + timedelta(days=1)) == NOTHING


def test_an_entry_since_ever_and_for_ever_is_no_trouble() -> None:
    assert len(follow(linked(), Entry("a", date.min, date.max)).block) in (2, 3)


def test_nights_of_a_stay_are_a_conflict_and_the_others_are_blocked() -> None:
    followed = follow(linked(), WEEK, stays=(booked("2026-07-03", "2026-07-05"),))
    conflict = CalendarConflict(
        uuid5(FEED_ID, f"a 2026-07-03/2026-07-05 {BOOKING}"), FEED_ID, BOOKING, date(2026, 7, 3), date(2026, 7, 5)
    )
    blocks = (block("a", "2026-07-01", "2026-07-03"), block("a", "2026-07-05", "2026-07-08"))
    assert followed == Followed((NightsBlocked(blocks), CalendarConflictsFound((conflict,))), (), blocks)
    assert follow(after(linked(), followed), WEEK, stays=(booked("2026-07-03", "2026-07-05"),)) == NOTHING


@pytest.mark.parametrize("dismissed", [False, True])
def test_when_the_booking_is_gone_its_nights_are_taken_and_the_conflict_is_gone(*, dismissed: bool) -> None:
    stay = booked("2026-07-03", "2026-07-05")
    state = after(linked(), follow(linked(), WEEK, stays=(stay,)))
    (conflict,) = state.calendars.open_conflicts()
    if dismissed:
        state = after(
            state, Followed(calendar_feeds.dismiss(state.calendars, conflict.conflict_id), unblock=(), block=())
        )
        assert state.calendars.open_conflicts() == []
        assert follow(state, WEEK, stays=(stay,)) == NOTHING

    followed = follow(state, WEEK)

    assert followed.block == (block("a", "2026-07-01", "2026-07-08"),)
    assert len(followed.unblock) == 2
    assert CalendarConflictsResolved((conflict.conflict_id,), "gone") in followed.facts
    assert after(state, followed).calendars == linked().calendars


def test_a_conflict_of_nights_that_are_over_is_none() -> None:
    running = days("a", "2026-05-20", "2026-06-10")
    followed = follow(linked(), running, stays=(booked("2026-05-25", "2026-05-28"),))
    assert [type(fact) for fact in followed.facts] == [NightsBlocked]
    assert followed.block == (block("a", "2026-05-20", "2026-05-25"), block("a", "2026-05-28", "2026-06-10"))


def test_what_an_unreadable_entry_made_before_stays() -> None:
    stay = booked("2026-07-03", "2026-07-05")
    state = after(linked(), follow(linked(), WEEK, days("b", "2026-08-01", "2026-08-02"), stays=(stay,)))
    followed = follow(state, stays=(stay,), unread="a")
    assert followed.unblock == (block("b", "2026-08-01", "2026-08-02").block_id,)
    assert len(followed.facts) == 1


def test_entries_of_the_propertys_own_calendar_say_nothing() -> None:
    assert follow(linked(), days(f"{BOOKING}@{PROPERTY}", "2026-07-01", "2026-07-08")) == NOTHING
    of_another = f"{BOOKING}@{BOOKING}"
    assert len(follow(linked(), days(of_another, "2026-07-01", "2026-07-08")).block) == 1


def test_a_calendar_with_more_than_a_property_may_block_changes_nothing() -> None:
    first = date(2026, 7, 1)
    many = [Entry(str(n), first, first + timedelta(days=1)) for n in range(BLOCKS_MAX + 1)]
    with pytest.raises(Rejected) as refused:
        follow(linked(), *many)
    assert refused.value.code == "too_many_blocks"
    # As many as may be can all be replaced at once.
    full = after(linked(), follow(linked(), *many[1:]))
    moved = [replace(each, uid=f"{each.uid}'") for each in many[1:]]
    assert len(follow(full, *moved).block) == BLOCKS_MAX


def test_a_feed_that_is_not_linked_is_not_followed() -> None:
    with pytest.raises(Rejected) as refused:
        follow(must_exist(PROPERTIES.fold(PUBLISHED)), WEEK)
    assert refused.value.code == "feed_not_found"


def test_unlinking_frees_what_the_feed_blocked_and_ends_its_conflicts() -> None:
    ours = block("a", "2026-07-01", "2026-07-08")
    state = linked(NightsBlocked((ours, BLOCK)), CalendarConflictsFound((CONFLICT,)))
    assert calendar_sync.unlink(state, FEED_ID) == Followed(
        (
            NightsUnblocked((ours.block_id,)),
            CalendarConflictsResolved((CONFLICT.conflict_id,), "gone"),
            CalendarFeedUnlinked(FEED_ID),
        ),
        (ours.block_id,),
        (),
    )


def test_a_host_does_not_unblock_what_follows_a_calendar() -> None:
    ours = block("a", "2026-07-01", "2026-07-08")
    given = PROPERTIES.given(*PUBLISHED, CalendarFeedLinked(FEED), NightsBlocked((ours, BLOCK)))
    given.when(lambda s: properties.unblock(must_exist(s), (ours.block_id,))).then_rejected("block_follows_calendar")


def test_a_property_follows_so_many_calendars_and_no_more() -> None:
    state = must_exist(PROPERTIES.fold(PUBLISHED)).calendars
    for number in range(FEEDS_MAX):
        (fact,) = calendar_feeds.link(state, CalendarFeed(UUID(int=number), "a", "b"))
        state = calendar_feeds.evolve(state, fact)
    with pytest.raises(Rejected) as refused:
        calendar_feeds.link(state, FEED)
    assert refused.value.code == "too_many_feeds"


def test_dismissing_twice_is_once_and_nothing_cannot_be_dismissed() -> None:
    state = linked(CalendarConflictsFound((CONFLICT,))).calendars
    (fact,) = calendar_feeds.dismiss(state, CONFLICT.conflict_id)
    assert calendar_feeds.dismiss(calendar_feeds.evolve(state, fact), CONFLICT.conflict_id) == ()
    with pytest.raises(Rejected) as refused:
        calendar_feeds.dismiss(state, BOOKING)
    assert refused.value.code == "conflict_not_found"


RULES = HouseRules(check_in_time=time(15, 0), check_out_time=time(11, 0))


@pytest.mark.parametrize(
    ("start", "end", "nights"),
    [
        ("07-01 15:00", "07-03 11:00", ("07-01", "07-03")),  # as a stay would: two nights
        ("07-01 11:00", "07-01 15:00", None),  # between check-out and check-in
        ("07-01 18:00", "07-01 20:00", ("07-01", "07-02")),
        ("07-01 10:59", "07-01 12:00", ("06-30", "07-01")),  # before the guests of the last night leave
        ("07-01 14:00", "07-01 15:01", ("07-01", "07-02")),  # when the next ones come
        ("07-01 02:00", "07-01 04:00", ("06-30", "07-01")),  # in the night that began the day before
        ("07-01 00:00", "07-02 00:00", ("06-30", "07-02")),
    ],
)
def test_times_take_the_nights_they_touch(start: str, end: str, nights: tuple[str, str] | None) -> None:
    """Local times of July; in summer New York is four hours behind UTC."""
    local = [datetime.fromisoformat(f"2026-{each}") for each in (start, end)]
    in_utc = [(each + timedelta(hours=4)).replace(tzinfo=UTC) for each in local]
    expected = tuple(date.fromisoformat(f"2026-{each}") for each in nights) if nights else None
    assert nights_of(Entry("a", *local), ZONE, RULES) == expected
    assert nights_of(Entry("a", *in_utc), ZONE, RULES) == expected


def test_a_day_takes_its_night_though_it_ends_as_it_begins() -> None:
    assert nights_of(days("a", "2026-07-20", "2026-07-20"), ZONE, RULES) == (date(2026, 7, 20), date(2026, 7, 21))
