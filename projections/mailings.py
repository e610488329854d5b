"""Mailings: which facts are written to whom about. An outbox, of which mail is sent apart from projecting.

A row says who (by role) and what about (by stream), never an address or a text: those are looked up when sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from psycopg2.extras import execute_values

from domain.bookings import BookingCancelled, BookingConfirmed, BookingExpired, BookingHeld, BookingReinstated
from domain.events import Event, Fact
from domain.payments import PaymentFailed, RefundSucceeded
from domain.users import UserRegistered
from projections.projection import Cursor, Projection

Recipient = Literal["user", "guest", "host"]
Template = Literal[
    "welcome",
    "booking_held",
    "booking_confirmed",
    "booking_expired",
    "booking_cancelled",
    "payment_failed",
    "refund_sent",
]

NOTICES: Final[dict[type[Fact], tuple[Template, tuple[Recipient, ...]]]] = {
    UserRegistered: ("welcome", ("user",)),
    BookingHeld: ("booking_held", ("guest",)),
    BookingConfirmed: ("booking_confirmed", ("guest", "host")),
    BookingReinstated: ("booking_confirmed", ("guest", "host")),
    BookingExpired: ("booking_expired", ("guest",)),
    BookingCancelled: ("booking_cancelled", ("guest", "host")),
    PaymentFailed: ("payment_failed", ("guest",)),
    RefundSucceeded: ("refund_sent", ("guest",)),
}
"""The facts that people are told of: the template, and who gets it."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mail to send: the event that it tells of, the event's stream, and who gets it."""

    event_id: UUID
    recipient: Recipient
    template: Template
    stream_id: UUID
    position: int


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    rows = [
        (event.event_id, recipient, template, event.stream_id, event.position)
        for event in events
        for template, recipients in [NOTICES[type(event.fact)]]
        for recipient in recipients
    ]
    execute_values(cursor, "INSERT INTO mailings (event_id, recipient, template, stream_id, position) VALUES %s", rows)


MAILINGS: Final = Projection(
    name="mailings",
    version=1,
    tables=("mailings",),
    facts=tuple(NOTICES),
    apply=apply,
    # Rebuilt rows would be sent again: who was written to is a fact of its own.
    rebuildable=False,
)


# --- sending --------------------------------------------------------------------------------------------------


def claim_due(cursor: Cursor, limit: int) -> list[Mailing]:
    """Mails that are due, not to be claimed again before a while that doubles with each attempt (15 s to 5 min).

    So the claim is also the plan for the next attempt, whether this one fails or dies; no lock is held while sending.
    """
    cursor.execute(
        """UPDATE mailings m
           SET attempts = attempts + 1,
               next_attempt_at = clock_timestamp() + least(interval '15 s' * 2 ^ least(attempts, 10), interval '5 min')
           WHERE (event_id, recipient, template) IN (
               SELECT event_id, recipient, template FROM mailings
               WHERE status = 'pending' AND next_attempt_at <= clock_timestamp()
               ORDER BY next_attempt_at, position LIMIT %s FOR UPDATE SKIP LOCKED)
           RETURNING event_id, recipient, template, stream_id, position""",
        [limit],
    )
    return sorted(
        (Mailing(*row) for row in cursor.fetchall()), key=lambda mailing: (mailing.position, mailing.recipient)
    )


def settle(
    cursor: Cursor, mailing: Mailing, status: Literal["pending", "sent", "refused"], error: str | None = None
) -> None:
    """Record what became of an attempt: "sent", "refused" for good, or "pending" when it is to be made again."""
    cursor.execute(
        """UPDATE mailings SET status = %s, last_error = %s, sent_at = CASE %s WHEN 'sent' THEN clock_timestamp() END
           WHERE (event_id, recipient, template) = (%s, %s, %s)""",
        [status, error, status, mailing.event_id, mailing.recipient, mailing.template],
    )


def waiting(cursor: Cursor) -> tuple[int, datetime | None]:
    """How many mails wait to be sent, and since when the oldest does."""
    cursor.execute("SELECT count(*), min(created_at) FROM mailings WHERE status = 'pending'")
    ((count, since),) = cursor.fetchall()
    return count, since
