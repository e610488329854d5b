"""Bookings as guests and hosts list them: one row per booking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, assert_never, cast
from uuid import UUID

from psycopg2.extras import execute_values

from domain import bookings
from domain.bookings import (
    Booking,
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingHeld,
    BookingReinstated,
    Cancelled,
    Confirmed,
    Expired,
    Held,
    Role,
    Status,
)
from domain.cancellations import Refund, Terms
from domain.events import Event
from domain.money import Money
from domain.pricing import Quote
from domain.stays import Stay
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, page_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking in a list.

    `booking` is the domain's, without the lines of its quote and of its refund; whatever else the domain says of a
    booking (its status, what can be done with it now) it says of this one too.
    """

    booking_id: UUID
    booking: Booking
    created_at: datetime
    updated_at: datetime


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    entries = _load(cursor, {event.stream_id for event in events})
    for event in events:
        entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    _save(cursor, entries.values())


def _evolve(entry: Entry | None, event: Event) -> Entry:
    booking = bookings.evolve(entry.booking if entry else None, cast("BookingFact", event.fact))
    assert booking is not None
    if entry is None:
        return Entry(event.stream_id, booking, event.occurred_at, event.occurred_at)
    return replace(entry, booking=booking, updated_at=event.occurred_at)


BOOKINGS: Final = Projection(
    name="bookings",
    version=2,
    tables=("bookings",),
    facts=(BookingHeld, BookingConfirmed, BookingExpired, BookingReinstated, BookingCancelled),
    apply=apply,
)


# --- queries ------------------------------------------------------------------------------------------------


def of_user(
    cursor: Cursor,
    user_id: UUID,
    role: Role,
    status: Status | None = None,
    after: After | None = None,
    limit: int = 20,
) -> Page[Entry]:
    """One page of the bookings somebody made as a guest or got as a host, newest first.

    `limit` is at most 100; `after` is the page before's.
    """
    conditions, values = [f"{role}_id = %s"], list[object]([user_id])
    if status is not None:
        conditions.append("status = %s")
        values.append(status)
    if after is not None:
        conditions.append("(created_at, booking_id) < (%s::timestamptz, %s::uuid)")
        values += after
    limit = min(limit, PAGE_MAX)
    cursor.execute(
        f"""SELECT {_SELECTED} FROM bookings WHERE {" AND ".join(conditions)}
            ORDER BY created_at DESC, booking_id DESC LIMIT %s""",  # noqa: S608 - constants
        [*values, limit + 1],
    )
    entries = [_entry(row) for row in cursor.fetchall()]
    return page_of(entries, limit, lambda entry: (entry.created_at.isoformat(), str(entry.booking_id)))


# --- rows ---------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    *("booking_id", "property_id", "host_id", "guest_id", "check_in", "check_out", "guests", "total_minor", "currency"),
    *("policy", "zone", "check_in_time", "check_out_time", "agreed_at", "held_until", "created_at", "updated_at"),
    *("status", "payment_id", "cancelled_by", "refund_minor"),
)
_SELECTED: Final = ", ".join(_COLUMNS)


def _load(cursor: Cursor, booking_ids: Iterable[UUID]) -> dict[UUID, Entry]:
    cursor.execute(f"SELECT {_SELECTED} FROM bookings WHERE booking_id = ANY (%s)", [list(booking_ids)])  # noqa: S608
    return {row[0]: _entry(row) for row in cursor.fetchall()}


def _save(cursor: Cursor, entries: Iterable[Entry]) -> None:
    execute_values(
        cursor,
        f"""INSERT INTO bookings ({_SELECTED}) VALUES %s
            ON CONFLICT (booking_id) DO UPDATE
            SET ({_SELECTED}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608
        [_row(entry) for entry in entries],
        page_size=1000,
    )


def _row(entry: Entry) -> tuple[object, ...]:
    made = entry.booking.made
    quote, terms = made.quote, made.terms
    return (
        *(entry.booking_id, made.property_id, made.host_id, made.guest_id, quote.stay.check_in, quote.stay.check_out),
        *(quote.guests, quote.total.minor, quote.total.currency, terms.policy, terms.zone),
        *(
            terms.check_in_time,
            terms.check_out_time,
            terms.agreed_at,
            made.held_until,
            entry.created_at,
            entry.updated_at,
            bookings.status(entry.booking),
        ),
        *_ending(entry.booking),
    )


def _ending(booking: Booking) -> tuple[UUID | None, str | None, int | None]:
    """payment_id, cancelled_by, refund_minor."""
    match booking:
        case Held() | Expired():
            return None, None, None
        case Confirmed(_, payment_id):
            return payment_id, None, None
        case Cancelled(_, by, refund, payment_id):
            return payment_id, by, refund.total.minor
        case _:
            assert_never(booking)


def _entry(row: tuple[Any, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    currency = values["currency"]
    stay = Stay(values["check_in"], values["check_out"])
    made = BookingHeld(
        values["property_id"],
        values["host_id"],
        values["guest_id"],
        Quote(stay, values["guests"], (), Money(values["total_minor"], currency)),
        Terms(*(values[name] for name in ("policy", "zone", "check_in_time", "check_out_time", "agreed_at"))),
        values["held_until"],
    )
    status: Status = values["status"]
    booking: Booking
    match status:
        case "pending":
            booking = Held(made)
        case "confirmed":
            booking = Confirmed(made, values["payment_id"])
        case "expired":
            booking = Expired(made)
        case "cancelled":
            refund = Refund((), Money(values["refund_minor"], currency))
            booking = Cancelled(made, values["cancelled_by"], refund, values["payment_id"])
        case _:
            assert_never(status)
    return Entry(values["booking_id"], booking, values["created_at"], values["updated_at"])
