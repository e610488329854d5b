"""What guests and hosts see of their bookings after each fact, and how they find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.bookings import (
    BookingAccepted,
    BookingCancelled,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingFact,
    BookingReinstated,
    Role,
    Status,
    evolve,
    must_be_made,
    status,
)
from domain.cancellations import Refund
from domain.events import Fact
from domain.lifecycle import available_actions, due_at
from domain.stays import Stay
from projections.bookings import BOOKINGS, EVERY, Wanted, When, counts, due, of_user
from projections.projection import Cursor
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    CHECK_IN,
    CHECK_OUT,
    FULL_REFUND,
    GUEST,
    HELD,
    HELD_UNTIL,
    HOST,
    NOW,
    PAYMENT,
    PROPERTY,
    REQUESTED,
    STRANGER,
)
from tests.support.plans import Explained
from tests.support.tales import Tale, minute

ELSEWHERE = UUID("01900000-0000-7000-8000-00000000000e")
SECOND = timedelta(seconds=1)


def test_a_held_booking_is_shown_to_its_guest_and_its_host_and_nobody_else(cursor: Cursor) -> None:
    BOOKINGS.apply(cursor, Tale().tell(BOOKING, HELD))
    (as_guest,) = of_user(cursor, GUEST, "guest", NOW).items
    (as_host,) = of_user(cursor, HOST, "host", NOW).items
    assert as_guest == as_host
    # All that was held, but for the lines of the quote.
    assert as_guest.booking.made.quote == replace(HELD.quote, lines=())
    assert (as_guest.booking.made.terms, as_guest.booking.made.guest_id) == (HELD.terms, GUEST)
    assert (as_guest.booking_id, as_guest.created_at, as_guest.updated_at) == (BOOKING, minute(1), minute(1))
    assert available_actions(as_guest.booking, "guest", NOW) == ("pay", "cancel")
    assert available_actions(as_guest.booking, "guest", HELD_UNTIL) == ()
    assert of_user(cursor, STRANGER, "guest", NOW).items == []
    assert of_user(cursor, GUEST, "host", NOW).items == []


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ([HELD, BookingConfirmed(PAYMENT)], "confirmed"),
        ([HELD, BookingExpired()], "expired"),
        ([HELD, BookingExpired(), BookingReinstated(PAYMENT)], "confirmed"),
        ([HELD, BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND, "a burst pipe")], "cancelled"),
        ([REQUESTED], "pending"),
        ([REQUESTED, BookingDeclined()], "declined"),
        ([REQUESTED, BookingAccepted(), HELD], "pending"),
    ],
)
def test_each_fact_moves_the_status_and_the_time_of_the_last_change(
    cursor: Cursor, facts: Sequence[Fact], shown: Status
) -> None:
    tale = Tale()
    BOOKINGS.apply(cursor, tale.tell(BOOKING, facts[0]))
    BOOKINGS.apply(cursor, tale.tell(BOOKING, *facts[1:]))
    (entry,) = of_user(cursor, GUEST, "guest", NOW).items
    assert status(entry.booking) == shown
    assert (entry.created_at, entry.updated_at) == (minute(1), minute(len(facts)))


def test_a_page_may_begin_bookings_and_go_on_with_others(cursor: Cursor) -> None:
    known, begun, only_begun = (UUID(int=n) for n in range(1, 4))
    tale = Tale()
    BOOKINGS.apply(cursor, tale.tell(known, HELD))  # at the first minute

    page = [
        *tale.tell(begun, HELD),  # at the second minute, and so on
        *tale.tell(known, BookingConfirmed(PAYMENT)),
        *tale.tell(only_begun, REQUESTED),
        *tale.tell(begun, BookingExpired()),
        *tale.tell(known, BookingCancelled("host", FULL_REFUND)),
    ]
    BOOKINGS.apply(cursor, page)

    entries = {entry.booking_id: entry for entry in of_user(cursor, GUEST, "guest", NOW).items}
    assert {
        booking_id: (status(entry.booking), entry.created_at, entry.updated_at) for booking_id, entry in entries.items()
    } == {
        known: ("cancelled", minute(1), minute(6)),
        begun: ("expired", minute(2), minute(5)),
        only_begun: ("pending", minute(4), minute(4)),
    }
    # The first page's payment was known from nowhere but the second one, and the quote from nowhere but the first.
    assert getattr(entries[known].booking, "paid_by", None) == (PAYMENT,)
    assert entries[known].booking.made.quote == replace(HELD.quote, lines=())


def test_bookings_that_begin_in_the_page_are_not_asked_for(cursor: Cursor) -> None:
    one, other = UUID(int=1), UUID(int=2)
    tale = Tale()

    begun = readings(cursor)
    BOOKINGS.apply(cursor, tale.tell(one, HELD, BookingConfirmed(PAYMENT)) + tale.tell(other, HELD))
    went_on = readings(cursor)
    BOOKINGS.apply(cursor, tale.tell(other, BookingExpired()))
    ended = readings(cursor)

    # To save a row is one look at the index, for ON CONFLICT: two rows, and then one row that was read before.
    assert (went_on - begun, ended - went_on) == (2, 1 + 1)


def readings(cursor: Cursor) -> int:
    """How often the bookings were looked into in this transaction, by whatever index or none."""
    cursor.execute("SELECT seq_scan + idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'bookings'")
    count: int
    ((count,),) = cursor.fetchall()
    return count


def test_a_cancelled_booking_keeps_who_cancelled_what_comes_back_and_what_had_paid_for_it(cursor: Cursor) -> None:
    tale = Tale()
    facts = HELD, BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND, "a burst pipe")
    BOOKINGS.apply(cursor, tale.tell(BOOKING, *facts))
    (entry,) = of_user(cursor, HOST, "host", NOW, Wanted(("cancelled",))).items
    booking = entry.booking
    assert (getattr(booking, "by", None), getattr(booking, "paid_by", None)) == ("host", (PAYMENT,))
    assert getattr(booking, "refund", None) == Refund((), FULL_REFUND.total)


@pytest.mark.parametrize("history", BOOKING_HISTORIES)
def test_the_list_knows_of_every_state_what_the_booking_itself_knows(
    cursor: Cursor, history: tuple[BookingFact, ...]
) -> None:
    BOOKINGS.apply(cursor, Tale().tell(BOOKING, *history))
    (entry,) = of_user(cursor, GUEST, "guest", NOW).items
    booking = must_be_made(reduce(evolve, history, None))
    assert status(entry.booking) == status(booking)
    for now in (NOW, HELD_UNTIL, CHECK_IN, CHECK_OUT):
        for role in get_args(Role):
            assert available_actions(entry.booking, role, now) == available_actions(booking, role, now)


def test_what_time_makes_something_of_is_named_the_longest_ago_first(cursor: Cursor) -> None:
    asked, held, confirmed, over = (UUID(int=n) for n in range(1, 5))
    tale = Tale()
    BOOKINGS.apply(cursor, tale.tell(asked, REQUESTED))
    BOOKINGS.apply(cursor, tale.tell(held, HELD))
    BOOKINGS.apply(cursor, tale.tell(confirmed, HELD, BookingConfirmed(PAYMENT)))
    BOOKINGS.apply(cursor, tale.tell(over, HELD, BookingExpired()))
    # The hold lapses on 1 June, the host's time to answer on 2 June, the stay ends on 14 June.
    assert due(cursor, CHECK_OUT - SECOND, 10) == [held, asked]
    assert due(cursor, CHECK_OUT, 10) == [held, asked, confirmed]
    assert due(cursor, CHECK_OUT, 1) == [held]


def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(cursor: Cursor) -> None:
    tale = Tale()
    ids = [UUID(int=n) for n in range(1, 8)]
    for booking_id in ids:
        BOOKINGS.apply(cursor, tale.tell(booking_id, HELD))
    BOOKINGS.apply(cursor, tale.tell(ids[2], BookingExpired()))
    seen, after = list[UUID](), None
    while True:
        page = of_user(cursor, HOST, "host", NOW, Wanted(("pending",)), after, limit=2)
        seen += [entry.booking_id for entry in page.items]
        after = page.after
        if after is None:
            break
    assert seen == [ids[6], ids[5], ids[4], ids[3], ids[1], ids[0]]


# --- finding ------------------------------------------------------------------------------------------------

HELD_ID, CONFIRMED_ID, EXPIRED_ID, REQUESTED_ID = (UUID(int=n) for n in range(1, 5))


@pytest.fixture
def inbox(cursor: Cursor) -> Cursor:
    """Four bookings: three of one stay, and a confirmed one elsewhere in July."""
    july = replace(
        HELD, property_id=ELSEWHERE, quote=replace(HELD.quote, stay=Stay(date(2026, 7, 1), date(2026, 7, 3)))
    )
    tale = Tale()
    BOOKINGS.apply(cursor, tale.tell(HELD_ID, HELD))
    BOOKINGS.apply(cursor, tale.tell(CONFIRMED_ID, july, BookingConfirmed(PAYMENT)))
    BOOKINGS.apply(cursor, tale.tell(EXPIRED_ID, HELD, BookingExpired()))
    BOOKINGS.apply(cursor, tale.tell(REQUESTED_ID, REQUESTED))
    return cursor


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EVERY, [REQUESTED_ID, EXPIRED_ID, CONFIRMED_ID, HELD_ID]),
        (Wanted(("pending",)), [REQUESTED_ID, HELD_ID]),
        (Wanted(("expired", "confirmed")), [EXPIRED_ID, CONFIRMED_ID]),
        (Wanted(property_id=PROPERTY), [REQUESTED_ID, EXPIRED_ID, HELD_ID]),
        (Wanted(property_id=ELSEWHERE), [CONFIRMED_ID]),
        (Wanted(check_in_from=date(2026, 6, 12)), [CONFIRMED_ID]),
        (Wanted(check_in_until=date(2026, 7, 1)), [REQUESTED_ID, EXPIRED_ID, HELD_ID]),
        (Wanted(check_in_from=date(2026, 6, 11), check_in_until=date(2026, 6, 11)), []),
        (Wanted(waits_for="guest"), [HELD_ID]),
        (Wanted(waits_for="host"), [REQUESTED_ID]),
        (Wanted(("confirmed",), waits_for="guest"), []),
    ],
)
def test_bookings_are_found_by_what_is_asked_about(inbox: Cursor, wanted: Wanted, found: list[UUID]) -> None:
    assert [entry.booking_id for entry in of_user(inbox, HOST, "host", NOW, wanted).items] == found
    assert [entry.booking_id for entry in of_user(inbox, GUEST, "guest", NOW, wanted).items] == found
    assert of_user(inbox, STRANGER, "host", NOW, wanted).items == []


@pytest.mark.parametrize(
    ("when", "at", "is_so"),
    [
        ("upcoming", CHECK_IN - SECOND, True),
        ("upcoming", CHECK_IN, False),
        ("current", CHECK_IN - SECOND, False),
        ("current", CHECK_IN, True),
        ("current", CHECK_OUT - SECOND, True),
        ("current", CHECK_OUT, False),
        ("past", CHECK_OUT - SECOND, False),
        ("past", CHECK_OUT, True),
    ],
)
def test_a_stay_lies_ahead_is_under_way_or_is_over_by_its_own_check_in_and_check_out(
    cursor: Cursor, when: When, at: Any, is_so: bool
) -> None:
    BOOKINGS.apply(cursor, Tale().tell(BOOKING, HELD, BookingConfirmed(PAYMENT)))
    assert bool(of_user(cursor, GUEST, "guest", at, Wanted(when=when)).items) is is_so


def test_counts_are_of_every_status_there_is_and_of_what_waits_for_that_side(inbox: Cursor) -> None:
    nothing = dict.fromkeys(get_args(Status), 0)
    as_host = counts(inbox, HOST, "host", NOW)
    assert as_host.statuses == {**nothing, "pending": 2, "confirmed": 1, "expired": 1}
    assert as_host.waiting == 1
    assert counts(inbox, GUEST, "guest", NOW).waiting == 1
    assert counts(inbox, GUEST, "guest", HELD_UNTIL).waiting == 0
    assert counts(inbox, STRANGER, "guest", NOW).statuses == nothing


@pytest.mark.parametrize("facts", BOOKING_HISTORIES)
@pytest.mark.parametrize("role", get_args(Role))
def test_a_booking_waits_for_the_side_that_can_answer_or_pay(
    cursor: Cursor, facts: Sequence[BookingFact], role: Role
) -> None:
    BOOKINGS.apply(cursor, Tale().tell(BOOKING, *facts))
    booking = None
    for fact in facts:
        booking = evolve(booking, fact)
    assert booking is not None
    deadline = due_at(booking)
    for now in (NOW, *([deadline - SECOND, deadline] if deadline else [])):
        can = bool({"accept", "pay"} & set(available_actions(booking, role, now)))
        assert bool(of_user(cursor, HOST, "host", now, Wanted(waits_for=role)).items) is can


@pytest.mark.parametrize(
    ("wanted", "role", "index"),
    [
        (EVERY, "guest", "bookings_guest"),
        (EVERY, "host", "bookings_host"),
        (Wanted(waits_for="host"), "host", "bookings_host_waiting"),
        (Wanted(waits_for="guest"), "guest", "bookings_guest_waiting"),
    ],
)
def test_a_list_reads_an_index_in_the_order_of_the_page(inbox: Cursor, wanted: Wanted, role: Role, index: str) -> None:
    explained: Any = Explained(inbox)
    of_user(explained, HOST, role, NOW, wanted, after=(NOW.isoformat(), str(BOOKING)))
    (plan,) = explained.plans
    assert f"Index Scan Backward using {index} " in plan, plan
    assert "Sort" not in plan


@pytest.mark.parametrize("role", get_args(Role))
def test_counting_reads_indexes(inbox: Cursor, role: Role) -> None:
    explained: Any = Explained(inbox)
    counts(explained, HOST, role, NOW)
    by_status, waiting = explained.plans
    assert f"Index Only Scan using bookings_{role}_status " in by_status, by_status
    assert f"Index Scan using bookings_{role}_waiting " in waiting, waiting
