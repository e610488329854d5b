"""What guests and hosts see of their bookings after each fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from domain.bookings import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingReinstated,
    Status,
    available_actions,
    status,
)
from domain.cancellations import Refund
from domain.events import Fact
from projections.bookings import BOOKINGS, of_user
from projections.projection import Cursor
from tests.support.examples import BOOKING, FULL_REFUND, GUEST, HELD, HELD_UNTIL, HOST, NOW, PAYMENT, STRANGER
from tests.support.tales import Tale, minute


def test_a_held_booking_is_shown_to_its_guest_and_its_host_and_nobody_else(cursor: Cursor) -> None:
    BOOKINGS.apply(cursor, Tale().tell(BOOKING, HELD))
    (as_guest,) = of_user(cursor, GUEST, "guest").items
    (as_host,) = of_user(cursor, HOST, "host").items
    assert as_guest == as_host
    # All that was held, but for the lines of the quote.
    assert as_guest.booking.made == replace(HELD, quote=replace(HELD.quote, lines=()))
    assert (as_guest.booking_id, as_guest.created_at, as_guest.updated_at) == (BOOKING, minute(1), minute(1))
    assert available_actions(as_guest.booking, "guest", NOW) == ("pay", "cancel")
    assert available_actions(as_guest.booking, "guest", HELD_UNTIL) == ()
    assert of_user(cursor, STRANGER, "guest").items == []
    assert of_user(cursor, GUEST, "host").items == []


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ([BookingConfirmed(PAYMENT)], "confirmed"),
        ([BookingExpired()], "expired"),
        ([BookingExpired(), BookingReinstated(PAYMENT)], "confirmed"),
        ([BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND, "a burst pipe")], "cancelled"),
    ],
)
def test_each_fact_moves_the_status_and_the_time_of_the_last_change(
    cursor: Cursor, facts: Sequence[Fact], shown: Status
) -> None:
    tale = Tale()
    BOOKINGS.apply(cursor, tale.tell(BOOKING, HELD))
    BOOKINGS.apply(cursor, tale.tell(BOOKING, *facts))
    (entry,) = of_user(cursor, GUEST, "guest").items
    assert status(entry.booking) == shown
    assert (entry.created_at, entry.updated_at) == (minute(1), minute(1 + len(facts)))


def test_a_cancelled_booking_keeps_who_cancelled_what_comes_back_and_what_had_paid_for_it(cursor: Cursor) -> None:
    tale = Tale()
    facts = HELD, BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND, "a burst pipe")
    BOOKINGS.apply(cursor, tale.tell(BOOKING, *facts))
    (entry,) = of_user(cursor, HOST, "host", "cancelled").items
    booking = entry.booking
    assert (getattr(booking, "by", None), getattr(booking, "payment_id", None)) == ("host", PAYMENT)
    assert getattr(booking, "refund", None) == Refund((), FULL_REFUND.total)


def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(cursor: Cursor) -> None:
    tale = Tale()
    ids = [UUID(int=n) for n in range(1, 8)]
    for booking_id in ids:
        BOOKINGS.apply(cursor, tale.tell(booking_id, HELD))
    BOOKINGS.apply(cursor, tale.tell(ids[2], BookingExpired()))
    seen, after = list[UUID](), None
    while True:
        page = of_user(cursor, HOST, "host", "pending", after, limit=2)
        seen += [entry.booking_id for entry in page.items]
        after = page.after
        if after is None:
            break
    assert seen == [ids[6], ids[5], ids[4], ids[3], ids[1], ids[0]]
