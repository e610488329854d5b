"""Bookings: requested, shown, listed, cancelled, and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.commands import answer, carry_out
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource, signed_in
from api.schemas.bookings import (
    BookingSchema,
    BookingsSchema,
    CancelSchema,
    ListBookingsSchema,
    RequestBookingSchema,
    booked,
)
from api.schemas.history import HistorySchema, told
from api.schemas.quotes import STAY
from application import bookings
from application.ports import Answer
from application.streams import Stream
from domain.bookings import Booking, BookingFact, RequestBooking, must_be_made, must_concern
from domain.stays import Stay
from projections.bookings import BOOKINGS, of_user

resource = Resource("bookings", __name__, url_prefix="/v1/bookings", description="Stays of guests.")


@resource.command(
    "POST",
    "",
    BookingSchema,
    body=RequestBookingSchema,
    example=STAY,
    status=201,
    key="required",
    returns=["Location"],
    refuses=[404],
)
def request_booking(body: dict[str, Any]) -> Response:
    """Hold the nights of a stay for 15 minutes, to be paid in that time."""
    lodger = edge().lodger
    booking_id = lodger.new_id()
    stay = Stay(body["check_in"], body["check_out"])
    command = RequestBooking(body["property"], signed_in(), stay, body["guests"])

    def show(stream: Stream[Booking | None, BookingFact], now: datetime) -> Answer:
        shown = booked(stream.id, must_be_made(stream.state), "guest", now)
        return answer(BookingSchema, shown, 201, Location=f"/v1/bookings/{stream.id}")

    return carry_out(
        lambda call: bookings.request(lodger, call, booking_id, command, body.get("quote")).answer,
        show,
    )


@resource.query("", BookingsSchema, arguments=ListBookingsSchema, waits=True)
def list_bookings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The bookings you made as a guest, or got as a host; newest first."""
    role = arguments["role"]
    user_id = signed_in()
    status = arguments.get("status")
    page = page_asked(arguments, "bookings", user_id, role, status)
    with reading(BOOKINGS) as cursor:
        found = of_user(cursor, user_id, role, status, page.after, page.limit)
    now = edge().lodger.clock.now()
    entries = [booked(entry.booking_id, entry.booking, role, now) for entry in found.items]
    return {"bookings": entries, "next_cursor": page.next_cursor(found.after)}


@resource.query("/<uuid:booking_id>", BookingSchema, refuses=[404])
def show_booking(booking_id: UUID) -> dict[str, Any]:
    """A booking, fresh, for its guest or its host."""
    lodger = edge().lodger
    stream, role = bookings.find(lodger, booking_id, signed_in())
    return booked(stream.id, must_be_made(stream.state), role, lodger.clock.now())


@resource.command(
    "POST",
    "/<uuid:booking_id>/cancel",
    BookingSchema,
    body=CancelSchema,
    example={"reason": "The flu."},
    optional=True,
    refuses=[404],
)
def cancel_booking(body: dict[str, Any], booking_id: UUID) -> Response:
    """Give a booking back. What the payer gets back follows from the policy that was agreed."""
    lodger = edge().lodger
    user_id = signed_in()

    def show(stream: Stream[Booking | None, BookingFact], now: datetime) -> Answer:
        booking, role = must_concern(stream.state, user_id)
        return answer(BookingSchema, booked(stream.id, booking, role, now))

    return carry_out(
        lambda call: bookings.cancel(lodger, call, booking_id, user_id, body.get("reason")).answer,
        show,
    )


@resource.query("/<uuid:booking_id>/history", HistorySchema, refuses=[404])
def show_history(booking_id: UUID) -> dict[str, Any]:
    """Every event of a booking and its payments, in the log's order."""
    events = bookings.history(edge().lodger, booking_id, signed_in())
    return {"events": [told(event) for event in events]}
