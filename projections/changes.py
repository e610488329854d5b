"""Changes: what each guest and host follows of their own bookings and payments, in the log's order.

One row for each event and each user whom it concerns. A row says which event, not what it says: that is read from its
stream when it is told, so that a change says the same whenever and to whomever it is told.

Whoever has seen a position has seen every row before it, and may come back with that position alone. Positions
become visible in the log out of order, but the projection goes only as far as nothing can appear behind it any more,
and its rows become visible in the very transaction that moves it on: what appears later lies further on. A rebuild
replaces all rows in one transaction and makes the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg2.extras import execute_values

from domain.bookings import (
    AlterationExpired,
    AlterationHeld,
    BookingAccepted,
    BookingAltered,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingNoShowRecorded,
    BookingReinstated,
    BookingRequested,
)
from domain.events import Event, Fact
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFailed,
    PaymentStarted,
    PaymentVoided,
    PaymentVoidStarted,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
)
from projections.parties import Parties, learn, parties, party_rows
from projections.projection import PAGE_MAX, Cursor, Page, Projection, Rows, Value, page_of

TYPES: Final[Mapping[type[Fact], str]] = {
    BookingRequested: "booking.requested",
    BookingAccepted: "booking.accepted",
    BookingDeclined: "booking.declined",
    BookingHeld: "booking.held",
    BookingConfirmed: "booking.confirmed",
    BookingExpired: "booking.expired",
    BookingReinstated: "booking.reinstated",
    AlterationHeld: "booking.alteration_held",
    AlterationExpired: "booking.alteration_expired",
    BookingAltered: "booking.altered",
    BookingCancelled: "booking.cancelled",
    BookingCompleted: "booking.completed",
    BookingNoShowRecorded: "booking.no_show",
    PaymentStarted: "payment.started",
    PaymentActionRequired: "payment.action_required",
    PaymentAuthorized: "payment.authorized",
    PaymentCaptured: "payment.captured",
    PaymentFailed: "payment.failed",
    PaymentVoided: "payment.voided",
    RefundStarted: "payment.refund_started",
    RefundSucceeded: "payment.refunded",
    RefundFailed: "payment.refund_failed",
    DisputeOpened: "payment.dispute_opened",
    DisputeWon: "payment.dispute_won",
    DisputeLost: "payment.dispute_lost",
}
"""Which facts clients are told of, by which name. A name never changes once it was told."""

SILENT: Final[Mapping[type[Fact], str]] = {
    PaymentCaptureStarted: "our own intent: what the provider makes of it is told",
    PaymentVoidStarted: "our own intent: what the provider makes of it is told",
    PaymentContradicted: "an operator looks at it: what comes of that is told",
    PaymentContradictionResolved: "what comes of it is told",
}
"""Facts of bookings and payments that clients are not told of, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A change: the event with `version` of a stream, which is the booking itself or a payment of it."""

    position: int
    event_id: UUID
    type: str
    booking_id: UUID
    stream_id: UUID
    version: int


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    concerned = parties(cursor, "change_parties", events)
    execute_values(
        cursor,
        f"INSERT INTO changes ({', '.join(_COLUMNS)}) VALUES %s",  # noqa: S608 - constants
        [row for event in events for row in _rows(event, concerned)],
        page_size=1000,
    )


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    concerned = dict[UUID, Parties]()
    for page in pages:
        for event in page:
            learn(concerned, event)
        yield Rows("changes", _COLUMNS, (row for event in page for row in _rows(event, concerned)))
    yield party_rows("change_parties", concerned)


_COLUMNS: Final = ("user_id", "position", "event_id", "type", "booking_id", "stream_id", "version", "occurred_at")


def _rows(event: Event, concerned: Mapping[UUID, Parties]) -> Iterator[tuple[Value, ...]]:
    each = concerned[event.stream_id]
    for user_id in (each.guest_id, each.host_id):
        yield (
            *(user_id, event.position, event.event_id, TYPES[type(event.fact)]),
            *(each.booking_id, event.stream_id, event.version, event.occurred_at),
        )


CHANGES: Final = Projection(
    name="changes",
    version=1,
    tables=("changes", "change_parties"),
    facts=tuple(TYPES),
    apply=apply,
    fold=fold,
)


# --- queries ------------------------------------------------------------------------------------------------


def of_user(cursor: Cursor, user_id: UUID, after: int = 0, limit: int = PAGE_MAX) -> Page[Entry]:
    """The changes of somebody's bookings and payments at positions behind `after`, at most 100, oldest first."""
    limit = min(limit, PAGE_MAX)
    cursor.execute(
        """SELECT position, event_id, type, booking_id, stream_id, version FROM changes
           WHERE user_id = %s AND position > %s ORDER BY position LIMIT %s""",
        [user_id, after, limit + 1],
    )
    return page_of([Entry(*row) for row in cursor.fetchall()], limit, lambda entry: (entry.position,))


def last_before(cursor: Cursor, user_id: UUID, instant: datetime) -> int:
    """The position behind which a user's changes since an instant are found."""
    cursor.execute("SELECT min(position) - 1 FROM changes WHERE user_id = %s AND occurred_at >= %s", [user_id, instant])
    ((position,),) = cursor.fetchall()
    if position is not None:
        return int(position)
    cursor.execute("SELECT coalesce(max(position), 0) FROM changes WHERE user_id = %s", [user_id])
    ((position,),) = cursor.fetchall()
    return int(position)
