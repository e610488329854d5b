"""What blocked nights come to for analysts, however the events are divided into pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.events import Event
from domain.properties import Block, NightsBlocked, NightsUnblocked, PropertyCreated, PropertyLocationChanged
from projections import analytics_properties
from projections.projection import Cursor
from tests.support.effort import effort, is_long
from tests.support.examples import HOST, LOCATION
from tests.support.tales import BEGIN, Tale

MIDDLE = BEGIN.date()
HOUSE, ANNEXE = UUID(int=0xA), UUID(int=0xB)
FEED = "feed:other"


@dataclass(frozen=True)
class Put:
    """A block of the nights from day `first` on, `nights` of them. Days count from the middle of the test."""

    property_id: UUID
    number: int
    first: int
    nights: int
    origin: str = "host"


@dataclass(frozen=True)
class TakeAway:
    """Some blocks go, on day `today` at the property."""

    property_id: UUID
    numbers: tuple[int, ...]
    today: int


Step = Put | TakeAway
Row = tuple[UUID, int, int, bool]
"""Whose it is, the first night, the first free day, and whether it was imported."""


def expected(steps: Sequence[Step]) -> dict[int, Row]:
    """One event after the other, in plain Python."""
    rows = dict[int, Row]()
    for step in steps:
        if isinstance(step, Put):
            whose, imported = step.property_id, step.origin != "host"
            if step.number in rows:
                whose, _, _, imported = rows[step.number]
            rows[step.number] = whose, step.first, step.first + step.nights, imported
            continue
        for number in step.numbers:
            if number not in rows:
                continue
            whose, first, until, imported = rows.pop(number)
            if first < step.today:
                rows[number] = whose, first, min(until, step.today), imported
    return rows


class Told(Tale):
    """The events of two properties, each at noon of its day."""

    def __init__(self) -> None:
        super().__init__()
        self.created = [*self.tell(HOUSE, PropertyCreated(HOST)), *self.tell(ANNEXE, PropertyCreated(HOST))]

    def step(self, step: Step) -> Event:
        match step:
            case Put(property_id, number, first, nights, origin):
                begin = MIDDLE + timedelta(days=first)
                block = Block(UUID(int=number), begin, begin + timedelta(days=nights), origin)
                (event,) = self.tell(property_id, NightsBlocked((block,)))
                return event
            case TakeAway(property_id, numbers, today):
                (event,) = self.tell(property_id, NightsUnblocked(tuple(UUID(int=number) for number in numbers)))
                return replace(event, occurred_at=BEGIN + timedelta(days=today))


def stored(cursor: Cursor) -> dict[int, Row]:
    cursor.execute("SELECT block_id, property_id, first, until, is_imported FROM analytics_blocks")
    return {
        block_id.int: (property_id, (first - MIDDLE).days, (until - MIDDLE).days, is_imported)
        for block_id, property_id, first, until, is_imported in cursor.fetchall()
    }


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    analytics_properties.apply(cursor, events, ())


properties = st.sampled_from([HOUSE, ANNEXE])
numbers = st.integers(1, 3)
any_step = st.one_of(
    st.builds(Put, properties, numbers, st.integers(-3, 3), st.integers(1, 4), st.sampled_from(["host", FEED])),
    st.builds(
        TakeAway, properties, st.lists(numbers, min_size=1, max_size=3, unique=True).map(tuple), st.integers(-2, 2)
    ),
)


@settings(effort(), max_examples=2_000 if is_long() else 150)
@given(pages=st.lists(st.lists(any_step, min_size=1, max_size=5), max_size=5))
# put twice in a page: it is whose and what it was at first, also after most of it was taken away in between
@example([[Put(HOUSE, 1, -1, 3), Put(HOUSE, 1, 0, 2, FEED)]])
@example([[Put(HOUSE, 1, -1, 3), TakeAway(HOUSE, (1,), 0), Put(ANNEXE, 1, 0, 2, FEED)]])
# put over one that was there, which then goes
@example([[Put(HOUSE, 1, -1, 3)], [Put(ANNEXE, 1, 1, 2, FEED), TakeAway(HOUSE, (1,), 0)]])
# gone in the page, and back in it as another one
@example([[Put(HOUSE, 1, 1, 3)], [TakeAway(HOUSE, (1,), 0), Put(ANNEXE, 1, -1, 2, FEED)]])
@example([[Put(HOUSE, 1, -1, 3)], [Put(HOUSE, 1, 2, 1), TakeAway(HOUSE, (1,), 1), Put(ANNEXE, 1, 0, 2, FEED)]])
# taken away after it was over, on the day it begins, and on two days that do not follow each other
@example([[Put(HOUSE, 1, -3, 2)], [TakeAway(HOUSE, (1,), 1)]])
@example([[Put(HOUSE, 1, 0, 3)], [TakeAway(HOUSE, (1,), 0)]])
@example([[Put(HOUSE, 1, -2, 4)], [TakeAway(HOUSE, (1,), 1), TakeAway(HOUSE, (1,), -1)]])
def test_pages_of_any_size_leave_what_the_events_leave_one_by_one(cursor: Cursor, pages: list[list[Step]]) -> None:
    """Days need not follow each other: far apart on earth there are two of them at once."""
    cursor.execute("ROLLBACK; BEGIN")  # the example before this one may have failed anywhere
    tale = Told()
    apply(cursor, tale.created)
    for page in pages:
        apply(cursor, [tale.step(step) for step in page])
    assert stored(cursor) == expected([step for page in pages for step in page])


@pytest.mark.parametrize("at_once", [True, False])
def test_nights_that_had_passed_when_a_block_was_taken_away_stay_blocked_and_the_others_do_not(
    cursor: Cursor, *, at_once: bool
) -> None:
    # given nights that have passed, nights under way, nights to come, and the same of a linked calendar
    blocked: list[Step] = [
        *(Put(HOUSE, 1, -9, 2), Put(HOUSE, 2, -2, 5), Put(HOUSE, 3, 3, 4)),
        *(Put(HOUSE, 4, -5, 2, FEED), Put(HOUSE, 5, -1, 9, FEED), Put(HOUSE, 6, 0, 3, FEED)),
    ]
    tale = Told()
    steps = [*blocked, Put(ANNEXE, 7, 2, 1), TakeAway(HOUSE, (1, 2, 3, 4, 5, 6), 0)]
    events = [*tale.created, *map(tale.step, steps)]

    # when all of them are taken away on the first of June, and one elsewhere is not
    for page in [events] if at_once else [events[:-1], events[-1:]]:
        apply(cursor, page)

    # then what lay before that day is left, each night with those of its kind
    assert stored(cursor) == {
        1: (HOUSE, -9, -7, False),
        2: (HOUSE, -2, 0, False),
        4: (HOUSE, -5, -3, True),
        5: (HOUSE, -1, 0, True),
        7: (ANNEXE, 2, 3, False),
    }
    cursor.execute("SELECT property_id, blocked::text, imported::text FROM analytics_calendars")
    assert set(cursor.fetchall()) == {
        (
            HOUSE,
            "{[2026-05-23,2026-05-25),[2026-05-30,2026-06-01)}",
            "{[2026-05-27,2026-05-29),[2026-05-31,2026-06-01)}",
        ),
        (ANNEXE, "{[2026-06-03,2026-06-04)}", "{}"),
    }


@pytest.mark.parametrize("at_once", [True, False])
def test_today_is_the_day_at_the_property(cursor: Cursor, *, at_once: bool) -> None:
    # given a block in New York from the second of June on, taken away there half an hour before that day was over
    tale = Tale()
    block = Block(UUID(int=1), date(2026, 6, 2), date(2026, 6, 5))
    tale.tell(HOUSE, PropertyCreated(HOST), PropertyLocationChanged(LOCATION), NightsBlocked((block,)))
    (event,) = tale.tell(HOUSE, NightsUnblocked((block.block_id,)))
    late = replace(event, occurred_at=datetime(2026, 6, 3, 3, 30, tzinfo=UTC))

    for page in [[*tale.events[:-1], late]] if at_once else [tale.events[:-1], [late]]:
        apply(cursor, page)

    # then that night was still to be had
    assert stored(cursor) == {}
