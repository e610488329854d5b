"""Bookings as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import fields

from api.schemas.cancellations import RefundLineSchema
from api.schemas.fields import Choice, Count, Day, Id, Instant, MoneyField, NumberText, Strict, Text
from api.schemas.quotes import AskQuoteSchema, LineSchema
from domain import bookings, lifecycle
from domain.alterations import Alteration
from domain.bookings import Action, AlterationHeld, Booking, Cancelled, Confirmed, PendingReason, Role
from domain.cancellations import CancelledBy
from domain.policies import GUESTS_MAX
from domain.pricing import CancellationPolicy


class RequestBookingSchema(AskQuoteSchema):
    quote = Text(2_000, metadata={"description": "From POST /v1/quotes, for its price; without it, the price of now."})


class CancelSchema(Strict):
    reason = Text(500)


class DeclineSchema(Strict):
    reason = Text(500)


class OtherNightsSchema(Strict):
    check_in = Day(required=True)
    check_out = Day(required=True)


class StaySchema(OtherNightsSchema):
    """The stay that a booking is to have instead."""

    guests = Count(1, GUESTS_MAX, required=True)


class StayAskedSchema(OtherNightsSchema):
    """The same in a query string."""

    guests = NumberText(1, GUESTS_MAX, required=True)


class AlterationOfferSchema(Strict):
    """What another stay would cost: `due` is to be paid, or `refund` comes back."""

    check_in = Day(required=True)
    check_out = Day(required=True)
    guests = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    total_price = MoneyField(required=True)
    due = MoneyField(required=True)
    refund = MoneyField(required=True)


class AlterationSchema(Strict):
    """Another stay, whose added nights are held until `due` is paid."""

    check_in = Day(required=True)
    check_out = Day(required=True)
    guests = fields.Integer(required=True)
    total_price = MoneyField(required=True)
    due = MoneyField(required=True)
    expires_at = Instant(required=True)


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
        required=True, allow_none=True, metadata={"description": "Until when a pending booking is answered or paid."}
    )
    available_actions = fields.List(
        Choice(Action), required=True, metadata={"description": "What you may do now: exactly what would be accepted."}
    )


class BookingSchema(BookingSummarySchema):
    """A booking, with its price as it was agreed."""

    lines = fields.List(fields.Nested(LineSchema), required=True)
    cancellation_policy = Choice(CancellationPolicy, required=True)
    alteration = fields.Nested(
        AlterationSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What the booking becomes once the difference is paid."},
    )
    cancellation = fields.Nested(CancellationSchema, required=True, allow_none=True)


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
        "pending_reason": bookings.pending_reason(booking),
        "expires_at": lifecycle.due_at(booking) if bookings.pending_reason(booking) else None,
        "available_actions": lifecycle.available_actions(booking, role, now),
        "lines": made.quote.lines,
        "cancellation_policy": made.terms.policy,
        "alteration": _alteration(booking.alteration)
        if isinstance(booking, Confirmed) and booking.alteration
        else None,
        "cancellation": _cancellation(booking) if isinstance(booking, Cancelled) else None,
    }


def _alteration(held: AlterationHeld) -> dict[str, Any]:
    stay = held.quote.stay
    return {
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "guests": held.quote.guests,
        "total_price": held.quote.total,
        "due": held.due,
        "expires_at": held.held_until,
    }


def _cancellation(booking: Cancelled) -> dict[str, Any]:
    return {"by": booking.by, "refund_lines": booking.refund.lines, "refund": booking.refund.total}


def offered(offer: Alteration) -> dict[str, Any]:
    """What AlterationOfferSchema shows."""
    stay = offer.quote.stay
    return {
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "guests": offer.quote.guests,
        "lines": offer.quote.lines,
        "total_price": offer.quote.total,
        "due": offer.due,
        "refund": offer.refund,
    }
