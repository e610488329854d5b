"""Which facts are written to whom, and what becomes of a mail that cannot be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from domain.bookings import (
    AlterationExpired,
    BookingAccepted,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingNoShowRecorded,
    BookingReinstated,
)
from domain.events import Fact
from domain.payments import PaymentFailed, RefundStarted, RefundSucceeded
from domain.users import UserBecameHost, UserRegistered
from projections import mailings
from projections.mailings import MAILINGS
from projections.projection import Cursor
from tests.support.examples import (
    ALTERATION,
    ALTERATION_HELD,
    ALTERED,
    BOOKING,
    EVIDENCE,
    GUEST,
    HELD,
    NO_REFUND,
    PAYMENT,
    REFUND,
    REQUESTED,
    STARTED,
    usd,
)
from tests.support.tales import Tale


@pytest.mark.parametrize(
    ("stream", "given", "fact", "expected"),
    [
        (GUEST, [], UserRegistered(), {("user", "welcome")}),
        (BOOKING, [], HELD, {("guest", "booking_held")}),
        (
            BOOKING,
            [HELD],
            BookingConfirmed(PAYMENT),
            {("guest", "booking_confirmed"), ("host", "booking_confirmed")},
        ),
        (
            BOOKING,
            [HELD, BookingExpired()],
            BookingReinstated(PAYMENT),
            {("guest", "booking_confirmed"), ("host", "booking_confirmed")},
        ),
        (BOOKING, [HELD], BookingExpired(), {("guest", "booking_expired")}),
        (
            BOOKING,
            [HELD],
            BookingCancelled("guest", NO_REFUND),
            {("guest", "booking_cancelled"), ("host", "booking_cancelled")},
        ),
        (BOOKING, [], REQUESTED, {("host", "booking_requested")}),
        (BOOKING, [REQUESTED], BookingDeclined(), {("guest", "booking_declined")}),
        (BOOKING, [HELD], ALTERATION_HELD, {("guest", "alteration_held")}),
        (BOOKING, [HELD, ALTERATION_HELD], AlterationExpired(ALTERATION), {("guest", "alteration_expired")}),
        (BOOKING, [HELD], ALTERED, {("guest", "booking_altered"), ("host", "booking_altered")}),
        (BOOKING, [HELD], BookingCompleted(), {("guest", "booking_completed"), ("host", "booking_completed")}),
        (BOOKING, [HELD], BookingNoShowRecorded(), {("guest", "booking_no_show")}),
        (PAYMENT, [STARTED], PaymentFailed("declined", EVIDENCE), {("guest", "payment_failed")}),
        (
            PAYMENT,
            [STARTED, RefundStarted(REFUND, usd("1.00"), "test")],
            RefundSucceeded(REFUND, EVIDENCE),
            {("guest", "refund_sent")},
        ),
    ],
)
def test_a_fact_is_told_to_those_whom_it_concerns(
    cursor: Cursor, stream: UUID, given: Sequence[Fact], fact: Fact, expected: set[tuple[str, str]]
) -> None:
    tale = Tale()
    tale.tell(stream, *given)
    MAILINGS.apply(cursor, tale.tell(stream, fact))
    due = mailings.claim_due(cursor, 10)
    assert {(mailing.recipient, mailing.template) for mailing in due} == expected
    assert {mailing.stream_id for mailing in due} == {stream}


def test_what_concerns_nobody_is_not_written_about() -> None:
    assert UserBecameHost not in MAILINGS.facts
    assert RefundStarted not in MAILINGS.facts
    assert BookingAccepted not in MAILINGS.facts


def test_a_claimed_mail_is_nobody_elses_until_its_next_attempt_is_due(cursor: Cursor) -> None:
    MAILINGS.apply(cursor, Tale().tell(GUEST, UserRegistered()))
    (mailing,) = mailings.claim_due(cursor, 10)
    assert mailings.claim_due(cursor, 10) == []
    cursor.execute("SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp())) FROM mailings")
    assert cursor.fetchone() == (15,)
    _let_time_pass(cursor)
    assert mailings.claim_due(cursor, 10) == [mailing]
    cursor.execute("SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp())) FROM mailings")
    assert cursor.fetchone() == (30,)


@pytest.mark.parametrize("status", ["sent", "refused", "unwanted"])
def test_a_settled_mail_is_not_due_again(cursor: Cursor, status: mailings.Status) -> None:
    MAILINGS.apply(cursor, Tale().tell(GUEST, UserRegistered()))
    (mailing,) = mailings.claim_due(cursor, 10)
    mailings.settle(cursor, mailing, status)
    _let_time_pass(cursor)
    assert mailings.claim_due(cursor, 10) == []


def test_what_is_written_while_a_mail_about_messages_waits_is_in_that_mail(cursor: Cursor) -> None:
    quiet = timedelta(minutes=10)
    for number in (1, 2):
        mailings.tell_of_message(cursor, BOOKING, number, "host", quiet)
    mailings.tell_of_message(cursor, BOOKING, 3, "guest", quiet)
    assert mailings.claim_due(cursor, 10) == []
    cursor.execute("SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp())) FROM mailings")
    assert cursor.fetchall() == [(600,), (600,)]
    _let_time_pass(cursor)
    to_guest, to_host = mailings.claim_due(cursor, 10)
    assert (to_guest.recipient, to_host.recipient) == ("guest", "host")
    assert {mailing.template for mailing in (to_guest, to_host)} == {"message_received"}
    mailings.settle(cursor, to_host, "sent")
    mailings.tell_of_message(cursor, BOOKING, 4, "host", quiet)
    mailings.tell_of_message(cursor, BOOKING, 5, "guest", quiet)
    assert mailings.waiting(cursor)[0] == 2  # the new one to the host, and the guest's that is not sent yet


def _let_time_pass(cursor: Cursor) -> None:
    cursor.execute("UPDATE mailings SET next_attempt_at = clock_timestamp()")
