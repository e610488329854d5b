"""Changes: what each guest and host follows of their own bookings and payments, in the log's order.

One row for each event and each user whom it concerns. A row says which event, not what it says: that is read from its
stream when it is told, so that a change says the same whenever and to whomever it is told.

Whoever has seen a position has seen every row before it, and may come back with that position alone. Positions
become visible in the log out of order, but the projection goes only as far as nothing can appear behind it any more,
and its rows become visible in the very transaction that moves it on: what appears later lies further on. A rebuild
replaces all rows in one transaction and makes the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentFailed,
    PaymentStarted,
    PaymentVoided,
    PaymentVoidStarted,
    RefundStarted,
    RefundSucceeded,
)
from projections.projection import PAGE_MAX, Cursor, Page, Projection, page_of

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
}
"""Which facts clients are told of, by which name. A name never changes once it was told."""

SILENT: Final[Mapping[type[Fact], str]] = {
    PaymentCaptureStarted: "our own intent: what the provider makes of it is told",
    PaymentVoidStarted: "our own intent: what the provider makes of it is told",
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


@dataclass(frozen=True, slots=True)
class _Parties:
    """Whom a stream concerns."""

    booking_id: UUID
    guest_id: UUID
    host_id: UUID


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    parties = _load(cursor, events)
    known = set(parties)
    rows = []
    for event in events:
        match event.fact:
            case BookingRequested(host_id=host_id, guest_id=guest_id) | BookingHeld(host_id=host_id, guest_id=guest_id):
                parties[event.stream_id] = _Parties(event.stream_id, guest_id, host_id)
            case PaymentStarted(booking_id=booking_id):
                parties[event.stream_id] = parties[booking_id]
        concerned = parties[event.stream_id]
        rows += [
            (
                *(user_id, event.position, event.event_id, TYPES[type(event.fact)]),
                *(concerned.booking_id, event.stream_id, event.version, event.occurred_at),
            )
            for user_id in (concerned.guest_id, concerned.host_id)
        ]
    _learn(cursor, {stream: each for stream, each in parties.items() if stream not in known})
    execute_values(
        cursor,
        """INSERT INTO changes (user_id, position, event_id, type, booking_id, stream_id, version, occurred_at)
           VALUES %s""",
        rows,
        page_size=1000,
    )


def _load(cursor: Cursor, events: Iterable[Event]) -> dict[UUID, _Parties]:
    streams = {event.stream_id for event in events}
    streams |= {event.fact.booking_id for event in events if isinstance(event.fact, PaymentStarted)}
    cursor.execute(
        "SELECT stream_id, booking_id, guest_id, host_id FROM change_parties WHERE stream_id = ANY (%s)",
        [list(streams)],
    )
    return {stream_id: _Parties(*rest) for stream_id, *rest in cursor.fetchall()}


def _learn(cursor: Cursor, parties: Mapping[UUID, _Parties]) -> None:
    rows = [(stream_id, each.booking_id, each.guest_id, each.host_id) for stream_id, each in parties.items()]
    if rows:
        execute_values(cursor, "INSERT INTO change_parties (stream_id, booking_id, guest_id, host_id) VALUES %s", rows)


CHANGES: Final = Projection(
    name="changes",
    version=1,
    tables=("changes", "change_parties"),
    facts=tuple(TYPES),
    apply=apply,
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
