"""Bookings as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from marshmallow import fields

from api.schemas.fields import Choice, Count, Day, Id, Instant, MoneyField, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from api.schemas.quotes import LineSchema
from domain import bookings
from domain.bookings import Action, Booking, Cancelled, Held, Role
from domain.cancellations import CancelledBy
from domain.policies import GUESTS_MAX
from domain.pricing import LineKind
from domain.properties import CancellationPolicy

PendingReason = Literal["payment"]


class RequestBookingSchema(Strict):
    property = Id(required=True)
    check_in = Day(required=True)
    check_out = Day(required=True)
    guests = Count(1, GUESTS_MAX, required=True)
    quote = Text(2_000, metadata={"description": "From POST /v1/quotes, for its price; without it, the price of now."})


class CancelSchema(Strict):
    reason = Text(500)


class RefundLineSchema(Strict):
    kind = Choice(LineKind, required=True)
    amount = MoneyField(required=True)


class CancellationSchema(Strict):
    """Who gave the booking back, and what the payer gets back by the policy that was agreed."""

    by = Choice(CancelledBy, required=True)
    refund_lines = fields.List(fields.Nested(RefundLineSchema), required=True)
    refund = MoneyField(required=True)


class BookingSummarySchema(Strict):
    """A booking without its price's lines."""

    id = Id(required=True)
    property = Id(required=True)
    host = Id(required=True)
    guest = Id(required=True)
    check_in = Day(required=True)
    check_out = Day(required=True)
    nights = fields.Integer(required=True)
    guests = fields.Integer(required=True)
    total_price = MoneyField(required=True)
    status = Choice(bookings.Status, required=True)
    pending_reason = Choice(
        PendingReason, required=True, allow_none=True, metadata={"description": "What a pending booking waits for."}
    )
    expires_at = Instant(
        required=True, allow_none=True, metadata={"description": "Until when a pending booking holds its nights."}
    )
    available_actions = fields.List(
        Choice(Action), required=True, metadata={"description": "What you may do now: exactly what would be accepted."}
    )


class BookingSchema(BookingSummarySchema):
    """A booking, with its price as it was agreed."""

    lines = fields.List(fields.Nested(LineSchema), required=True)
    cancellation_policy = Choice(CancellationPolicy, required=True)
    cancellation = fields.Nested(CancellationSchema, required=True, allow_none=True)


class ListBookingsSchema(PageOf):
    """Whose bookings, and which page of them."""

    role = Choice(Role, required=True, data_key="as")
    status = Choice(bookings.Status)


class BookingsSchema(Strict):
    bookings = fields.List(fields.Nested(BookingSummarySchema), required=True)
    next_cursor = NextCursor()


def booked(booking_id: UUID, booking: Booking, role: Role, now: datetime) -> dict[str, Any]:
    """What BookingSchema shows to one side of the booking, and BookingSummarySchema of one in a list."""
    made = booking.made
    return {
        "id": booking_id,
        "property": made.property_id,
        "host": made.host_id,
        "guest": made.guest_id,
        "check_in": made.quote.stay.check_in,
        "check_out": made.quote.stay.check_out,
        "nights": made.quote.stay.nights,
        "guests": made.quote.guests,
        "total_price": made.quote.total,
        "status": bookings.status(booking),
        "pending_reason": "payment" if isinstance(booking, Held) else None,
        "expires_at": made.held_until if isinstance(booking, Held) else None,
        "available_actions": bookings.available_actions(booking, role, now),
        "lines": made.quote.lines,
        "cancellation_policy": made.terms.policy,
        "cancellation": _cancellation(booking) if isinstance(booking, Cancelled) else None,
    }


def _cancellation(booking: Cancelled) -> dict[str, Any]:
    return {"by": booking.by, "refund_lines": booking.refund.lines, "refund": booking.refund.total}
