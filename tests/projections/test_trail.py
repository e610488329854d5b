"""What the trail says each event concerns, and how far the log had come at an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application import streams
from application.audit_log import AuditLog, Recorded
from application.audit_timeline import timeline
from domain.api_keys import UserApiKeyRevoked
from domain.bookings import BookingAccepted, BookingConfirmed
from domain.catalogue import STREAMS
from domain.events import Actor, Event
from domain.host_accounts import (
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
    Portion,
)
from domain.money import Money
from domain.payments import Evidence
from domain.platform import PLATFORM_ID, RootKeyRotated
from domain.users import UserSuspended
from projections import trail
from projections.projection import Cursor
from projections.trail import TRAIL, Asked
from tests.support.effort import effort, is_long
from tests.support.examples import BOOKING, GUEST, HELD, HOST, PAYMENT, STARTED, STRANGER
from tests.support.money_tales import Marketplace, marketplaces
from tests.support.tales import Tale, minute

ACCOUNT, OTHER = UUID(int=0xACC), UUID(int=0xB00C)
PAYOUT, DEBT = UUID(int=0xA1), UUID(int=0xDEB7)
TEN = Money(1_000, "USD")
PAID = Evidence("sandbox", "po_1", "0" * 64)


def positions(cursor: Cursor, **asked: object) -> list[int]:
    oldest_first = Asked(newest_first=False, **asked)  # type: ignore[arg-type]
    return [found.position for found in trail.find(cursor, oldest_first, None, 100).items]


def apply_singly(cursor: Cursor, events: Sequence[Event]) -> None:
    """As workers do who are never behind: what came before is only in the tables."""
    for event in events:
        TRAIL.apply(cursor, [event])


def test_kinds_of_streams_are_those_of_the_use_cases() -> None:
    kinds = [each for each in vars(streams).values() if isinstance(each, streams.Kind)]
    assert {kind.name: kind.facts for kind in kinds} == STREAMS


@pytest.mark.parametrize("singly", [True, False])
def test_everything_of_a_booking_is_found_by_it_and_by_whom_it_concerns(cursor: Cursor, singly: bool) -> None:
    tale = Tale()
    tale.tell(BOOKING, HELD)  # 1
    tale.tell(PAYMENT, STARTED)  # 2
    tale.tell(BOOKING, BookingConfirmed(PAYMENT))  # 3
    tale.tell(ACCOUNT, HostEarningRecorded(BOOKING, UUID(int=1), TEN, minute(0)), partition=HOST)  # 4
    tale.tell(ACCOUNT, HostDebtRecorded(DEBT, OTHER, TEN, "charged"))  # 5
    tale.tell(ACCOUNT, PayoutHoldPlaced("dispute:1", BOOKING, "disputed"))  # 6
    tale.tell(ACCOUNT, PayoutHoldLifted("dispute:1"))  # 7
    earned, owed = (Portion(BOOKING, TEN),), (Portion(DEBT, TEN),)
    tale.tell(ACCOUNT, PayoutScheduled(PAYOUT, TEN, earned, owed, "sandbox"), PayoutPaid(PAYOUT, PAID))  # 8, 9
    tale.tell(GUEST, UserSuspended())  # 10
    tale.tell(PLATFORM_ID, RootKeyRotated())  # 11
    if singly:
        apply_singly(cursor, tale.events)
    else:
        TRAIL.apply(cursor, tale.events)

    assert positions(cursor, booking=BOOKING) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert positions(cursor, booking=OTHER) == [5, 8, 9]
    assert positions(cursor, payment=PAYMENT) == [2, 3]
    assert positions(cursor, user=HOST) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert positions(cursor, user=GUEST) == [1, 2, 3, 10]
    assert positions(cursor, user=STRANGER) == []
    assert trail.streams_of(cursor, BOOKING) == [BOOKING, PAYMENT, ACCOUNT]
    assert trail.bookings_of(cursor, [5, 9, 10]) == {5: (OTHER,), 9: (BOOKING, OTHER), 10: ()}


def test_conditions_narrow_each_other_down(cursor: Cursor) -> None:
    tale = Tale()
    tale.tell(BOOKING, HELD, BookingAccepted(), BookingConfirmed(PAYMENT))
    tale.tell(OTHER, replace(HELD, guest_id=STRANGER))
    TRAIL.apply(cursor, tale.events)
    assert positions(cursor, type="BookingHeld") == [1, 4]
    assert positions(cursor, type="BookingHeld", booking=OTHER) == [4]
    assert positions(cursor, type="BookingHeld", user=HOST, until=minute(4)) == [1]
    assert positions(cursor, since=minute(2), until=minute(4)) == [2, 3]
    assert positions(cursor, after=1, before=4) == [2, 3]
    assert positions(cursor, actor="test", actor_kind="system", after=3) == [4]
    assert positions(cursor, actor="test", actor_kind="user") == []


def test_a_machine_is_found_by_whose_it_is_and_an_operator_by_what_they_said_they_are_called(cursor: Cursor) -> None:
    tale = Tale()
    by_key, at_console = tale.tell(GUEST, UserApiKeyRevoked(OTHER), UserSuspended())
    by_key = replace(by_key, actor=Actor("api_key", f"{GUEST}/{OTHER}"))
    at_console = replace(at_console, actor=Actor("operator", "Ada / at the console", "because"))
    TRAIL.apply(cursor, [by_key, at_console])
    assert positions(cursor, actor=str(GUEST)) == [1]
    assert positions(cursor, actor="Ada / at the console") == [2]


def test_pages_go_on_where_the_one_before_ended_in_both_directions(cursor: Cursor) -> None:
    tale = Tale()
    tale.tell(BOOKING, HELD, *[BookingAccepted()] * 4)
    TRAIL.apply(cursor, tale.events)
    for newest_first, whole in ((True, [5, 4, 3, 2, 1]), (False, [1, 2, 3, 4, 5])):
        asked, seen, after = Asked(booking=BOOKING, newest_first=newest_first), list[int](), None
        while True:
            page = trail.find(cursor, asked, after, 2)
            seen += [found.position for found in page.items]
            if page.after is None:
                break
            after = int(page.after[0])
        assert seen == whole


def test_what_began_unseen_concerns_nobody_and_stops_nothing(cursor: Cursor) -> None:
    tale = Tale()
    tale.tell(PAYMENT, STARTED)
    tale.tell(OTHER, BookingAccepted())
    tale.tell(ACCOUNT, PayoutPaid(PAYOUT, PAID), partition=HOST)
    TRAIL.apply(cursor, tale.events)
    assert positions(cursor, booking=BOOKING) == [1]
    assert positions(cursor, user=HOST) == [3]
    assert positions(cursor) == [1, 2, 3]


times = st.lists(st.integers(0, 30), min_size=1, max_size=12)


@settings(effort(), max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recorded=times, at=st.integers(-1, 31), stretch=st.integers(0, 4), order=st.randoms())
def test_an_instant_is_the_longest_prefix_of_which_nothing_is_later_and_times_are_found(
    cursor: Cursor, recorded: list[int], at: int, stretch: int, order: object
) -> None:
    """Whatever clocks said, wherever stretches of a thousand end, and also when events are taken late."""
    cursor.execute("SAVEPOINT example")
    first = 1_024 * stretch + 1_020
    tale = Tale()
    events = [
        replace(event, position=first + index, recorded_at=minute(recorded[index]))
        for index, event in enumerate(tale.tell(BOOKING, HELD, *[BookingAccepted()] * (len(recorded) - 1)))
    ]
    late = list(events)
    order.shuffle(late)  # type: ignore[attr-defined]
    apply_singly(cursor, late)
    prefix = [each for index, each in enumerate(events) if max(recorded[: index + 1]) <= at]
    assert trail.upto(cursor, minute(at)) == (prefix[-1].position if prefix else 0)
    then_or_later = [first + index for index, minutes in enumerate(recorded) if minutes >= at]
    assert positions(cursor, since=minute(at)) == then_or_later
    assert positions(cursor, until=minute(at)) == sorted(set(range(first, first + len(recorded))) - {*then_or_later})
    cursor.execute("ROLLBACK TO SAVEPOINT example")


def test_an_instant_between_two_events_is_after_the_first(cursor: Cursor) -> None:
    tale = Tale()
    TRAIL.apply(cursor, tale.tell(BOOKING, HELD, BookingAccepted()))
    for instant, position in ((minute(1), 1), (minute(2) - timedelta(microseconds=1), 1), (minute(9), 2)):
        assert trail.upto(cursor, instant) == position


@settings(effort(), max_examples=100 if is_long() else 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(marketplaces)
def test_what_is_found_of_a_booking_is_its_story_which_asks_no_read_model(
    cursor: Cursor, marketplace: Marketplace
) -> None:
    cursor.execute("SAVEPOINT example")
    events = marketplace.tale.events
    for begin in range(0, len(events), 7):
        TRAIL.apply(cursor, events[begin : begin + 7])
    log = cast("AuditLog", InMemory(events))
    for booking_id in marketplace.bookings:
        story = [moment.step.recorded.position for moment in timeline(log, booking_id, len(events))]
        assert positions(cursor, booking=booking_id)[:100] == story[:100]
    cursor.execute("ROLLBACK TO SAVEPOINT example")


class InMemory:
    """As much of `application.audit_log.AuditLog` as stories need."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    def load(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Recorded]]:
        return {each: [Recorded(event, ()) for event in self._events if event.stream_id == each] for each in stream_ids}
