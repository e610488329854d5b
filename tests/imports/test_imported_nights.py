"""Blocks that follow from a calendar, night by night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.imported_listings import Availability
from application.imported_nights import CalendarChange, follow, nights, ranges
from domain.properties import Block

SEED = UUID("01900000-0000-7000-8000-00000000000a")
BEFORE = UUID("01900000-0000-7000-8000-00000000000b")
DAY = date(2025, 1, 10)


def day(n: int) -> date:
    return DAY + timedelta(days=n)


def block(first: int, until: int, origin: str = "inside-airbnb") -> Block:
    return Block(uuid5(BEFORE, f"{first}/{until}"), day(first), day(until), origin)


def said(spelled: str, start: int = 0) -> Availability:
    """ "tf-": available, not available, not mentioned."""
    days = {letter: frozenset(day(start + n) for n, a in enumerate(spelled) if a == letter) for letter in "tf"}
    return Availability(days["t"], days["f"])


def change(blocks: Iterable[Block], availability: Availability) -> CalendarChange:
    return follow(blocks, availability, "inside-airbnb", SEED)


def made(of: CalendarChange) -> list[tuple[date, date]]:
    return [(each.first, each.until) for each in of.block]


def test_each_run_of_unavailable_nights_becomes_a_block() -> None:
    result = change([], said("tfftftt"))
    assert made(result) == [(day(1), day(3)), (day(4), day(5))]
    assert (result.nights_blocked, result.nights_freed, result.unblock) == (3, 0, ())


def test_ids_of_blocks_come_from_the_seed_and_the_range() -> None:
    assert change([], said("ff")).block[0].block_id == uuid5(SEED, "2025-01-10/2025-01-12")


@pytest.mark.parametrize(("length", "expected"), [(365, [365]), (366, [365, 1]), (731, [365, 365, 1])])
def test_a_run_longer_than_a_block_may_be_is_split(length: int, expected: list[int]) -> None:
    assert [(until - first).days for first, until in made(change([], said("f" * length)))] == expected


def test_what_is_blocked_already_changes_nothing() -> None:
    assert change([block(1, 3)], said("tfft")) == CalendarChange((), (), 0, 0)


def test_only_the_nights_that_are_new_are_blocked() -> None:
    result = change([block(1, 3)], said("tffff"))
    assert (result.unblock, made(result), result.nights_blocked) == ((), [(day(3), day(5))], 2)


def test_a_night_freed_in_the_middle_leaves_both_ends_blocked() -> None:
    old = block(0, 5)
    result = change([old], said("fftff"))
    assert result.unblock == (old.block_id,)
    assert made(result) == [(day(0), day(2)), (day(3), day(5))]
    assert (result.nights_blocked, result.nights_freed) == (0, 1)


def test_nights_the_calendar_does_not_mention_stay_blocked() -> None:
    old = block(0, 4)
    result = change([old], said("tt", start=2))
    assert made(result) == [(day(0), day(2))]
    assert result.nights_freed == 2


def test_blocks_of_the_host_are_left_alone() -> None:
    result = change([block(0, 2, origin="host")], said("ttf"))
    assert (result.unblock, made(result)) == ((), [(day(2), day(3))])


@settings(deadline=None)
@given(
    blocks=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=5, unique=True),
    calendar=st.text("tf-", max_size=40),
)
def test_afterwards_the_blocks_say_what_the_calendar_says(blocks: list[tuple[int, int]], calendar: str) -> None:
    """Law: mentioned nights are blocked exactly when unavailable, the others as before; then nothing is left to do."""
    before = [block(first, first + length) for first, length in blocks]
    availability = said(calendar)
    result = change(before, availability)
    after = [each for each in before if each.block_id not in result.unblock] + list(result.block)

    def covered(some: Iterable[Block]) -> set[date]:
        return {night for each in some for night in nights(each.first, each.until)}

    assert covered(after) == (covered(before) - availability.available) | availability.unavailable
    assert len(covered(after) - covered(before)) == result.nights_blocked
    assert len(covered(before) - covered(after)) == result.nights_freed
    assert change(after, availability) == CalendarChange((), (), 0, 0)


@settings(deadline=None)
@given(st.sets(st.integers(0, 1000)))
def test_ranges_hold_the_same_nights_in_order(offsets: set[int]) -> None:
    found = list(ranges({day(n) for n in offsets}))
    assert [night for first, until in found for night in nights(first, until)] == [day(n) for n in sorted(offsets)]
    assert all(1 <= (until - first).days <= 365 for first, until in found)
