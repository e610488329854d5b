"""What people are told in the app, and what of it counts as unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from domain.bookings import BookingCancelled, BookingConfirmed, BookingExpired
from domain.events import Event
from domain.host_accounts import account_id
from domain.payments import PaymentFailed, RefundStarted, RefundSucceeded
from domain.users import UserRegistered
from projections.notifications import NOTIFICATIONS, count_unread, of_user
from projections.projection import Cursor
from tests.support.examples import (
    BOOKING,
    CAPTURED,
    EVIDENCE,
    FULL_REFUND,
    GUEST,
    HELD,
    HOST,
    HOST_ACCOUNT_HISTORIES,
    NOW,
    PAYMENT,
    REFUND,
    STARTED,
    STRANGER,
    usd,
)
from tests.support.plans import Explained
from tests.support.tales import Tale, minute

ANOTHER = UUID("01900000-0000-7000-8000-00000000000e")


def told(cursor: Cursor, user_id: UUID) -> list[tuple[str, UUID | None]]:
    return [(each.kind, each.booking_id) for each in of_user(cursor, user_id).items]


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    NOTIFICATIONS.apply(cursor, [event for event in events if isinstance(event.fact, NOTIFICATIONS.facts)])


def a_stay(tale: Tale) -> list[Event]:
    """Registered, held, paid, confirmed, cancelled by the host, and paid back: eleven events."""
    return [
        *tale.tell(GUEST, UserRegistered()),
        *tale.tell(BOOKING, HELD),
        *tale.tell(PAYMENT, *CAPTURED),
        *tale.tell(BOOKING, BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND)),
        *tale.tell(PAYMENT, RefundStarted(REFUND, usd("501.11"), "cancelled"), RefundSucceeded(REFUND, EVIDENCE)),
    ]


TO_GUEST = [
    ("refund_sent", BOOKING),
    ("booking_cancelled", BOOKING),
    ("booking_confirmed", BOOKING),
    ("booking_held", BOOKING),
    ("welcome", None),
]
TO_HOST = [("booking_cancelled", BOOKING), ("booking_confirmed", BOOKING)]


def test_each_side_is_told_what_concerns_it_newest_first_and_nobody_else_anything(cursor: Cursor) -> None:
    apply(cursor, a_stay(Tale()))
    assert told(cursor, GUEST) == TO_GUEST
    assert told(cursor, HOST) == TO_HOST
    assert told(cursor, STRANGER) == []
    newest = of_user(cursor, GUEST).items[0]
    assert (newest.position, newest.at, newest.read, newest.messages) == (11, minute(11), False, None)
    assert (count_unread(cursor, GUEST), count_unread(cursor, HOST), count_unread(cursor, STRANGER)) == (5, 2, 0)


def test_whom_a_fact_concerns_is_known_from_facts_that_were_applied_before(cursor: Cursor) -> None:
    for event in a_stay(Tale()):
        apply(cursor, [event])
    assert told(cursor, GUEST) == TO_GUEST
    assert told(cursor, HOST) == TO_HOST


def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(cursor: Cursor) -> None:
    apply(cursor, a_stay(Tale()))
    write(cursor, "2026-06-01 12:08:30+00", unread=2)
    seen, after = list[str](), None
    while True:
        page = of_user(cursor, GUEST, after, limit=2)
        seen += [each.kind for each in page.items]
        after = page.after
        if after is None:
            break
    assert seen == [
        *("refund_sent", "booking_cancelled", "message_received", "booking_confirmed", "booking_held", "welcome")
    ]


def test_what_was_told_up_to_the_mark_is_read_and_what_comes_later_is_not(cursor: Cursor) -> None:
    tale = Tale()
    apply(cursor, a_stay(tale)[:8])
    cursor.execute("INSERT INTO notification_marks VALUES (%s, 8)", [GUEST])
    assert [each.read for each in of_user(cursor, GUEST).items] == [True, True, True]
    apply(cursor, tale.tell(ANOTHER, HELD, BookingExpired()))
    assert [each.read for each in of_user(cursor, GUEST).items] == [False, False, True, True, True]
    assert (count_unread(cursor, GUEST), count_unread(cursor, HOST)) == (2, 1)


def test_a_conversation_is_one_entry_and_read_where_its_messages_are(cursor: Cursor) -> None:
    write(cursor, "2026-06-01 12:00:00+00", unread=3)
    (entry,) = of_user(cursor, GUEST).items
    assert (entry.id, entry.booking_id, entry.messages, entry.read, entry.position) == (
        BOOKING,
        BOOKING,
        3,
        False,
        None,
    )
    assert count_unread(cursor, GUEST) == 1
    cursor.execute("UPDATE correspondents SET unread = 0")
    (entry,) = of_user(cursor, GUEST).items
    assert (entry.messages, entry.read, count_unread(cursor, GUEST)) == (0, True, 0)


@pytest.mark.parametrize(
    ("category", "left"),
    [
        ("updates", ["message_received", "payment_failed", "booking_held"]),
        ("messages", ["booking_expired", "payment_failed", "booking_held"]),
        ("bookings", ["message_received", "booking_expired", "payment_failed", "booking_held"]),
    ],
)
def test_what_somebody_switched_off_is_not_shown_and_not_counted_unless_they_must_know(
    cursor: Cursor, category: str, left: list[str]
) -> None:
    tale = Tale()
    apply(cursor, [*tale.tell(BOOKING, HELD), *tale.tell(PAYMENT, STARTED, PaymentFailed("declined", EVIDENCE))])
    apply(cursor, tale.tell(BOOKING, BookingExpired()))
    write(cursor, "2026-06-01 13:00:00+00", unread=1)
    cursor.execute("INSERT INTO notification_preferences VALUES (%s, %s, true, false)", [GUEST, category])
    assert [each.kind for each in of_user(cursor, GUEST).items] == left
    assert count_unread(cursor, GUEST) == len(left)


def test_a_list_and_its_count_read_indexes_in_the_order_of_the_page(cursor: Cursor) -> None:
    apply(cursor, a_stay(Tale()))
    explained: Any = Explained(cursor)
    of_user(explained, GUEST, after=(NOW.isoformat(), str(BOOKING)))
    count_unread(explained, GUEST)
    page, unread = explained.plans
    assert "Backward using notifications_newest " in page, page
    assert "Backward using correspondents_inbox " in page
    assert "Merge Append" in page
    assert "Sort  (" not in page
    assert "using notifications_unread " in unread, unread
    assert "using correspondents_inbox " in unread


def write(cursor: Cursor, at: str, unread: int) -> None:
    """Messages that the guest has not read."""
    cursor.execute(
        "INSERT INTO correspondents VALUES (%s, %s, 5, %s, %s, %s)", [BOOKING, GUEST, 5 - unread, unread, at]
    )


def test_a_host_is_told_of_payouts_and_they_are_about_no_booking(cursor: Cursor) -> None:
    tale = Tale()
    apply(cursor, tale.tell(account_id(HOST), *HOST_ACCOUNT_HISTORIES[0], partition=HOST))
    apply(cursor, tale.tell(account_id(HOST), *HOST_ACCOUNT_HISTORIES[1]))
    assert told(cursor, HOST) == [("payout_failed", None), ("payout_paid", None)]
