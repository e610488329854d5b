"""Bookings: requested, shown, listed, cancelled, and their history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.booking_lists import (
    BookingCountsSchema,
    BookingsSchema,
    ListBookingsSchema,
    SideSchema,
    counted,
    wanted,
)
from api.schemas.bookings import (
    AlterationOfferSchema,
    BookingSchema,
    CancelSchema,
    DeclineSchema,
    RequestBookingSchema,
    StayAskedSchema,
    StaySchema,
    booked,
    offered,
)
from api.schemas.cancellations import CancellationAtSchema, CancellationPreviewSchema, previewed
from api.schemas.history import HistorySchema, told_to
from api.schemas.quotes import STAY
from application import alterations, bookings, cancellations, messages
from application.ports import Answer
from application.streams import Stream
from domain.bookings import Booking, BookingFact, Role, must_be_made, must_concern
from domain.requests import RequestBooking
from domain.stays import Stay
from projections.bookings import BOOKINGS, counts, of_user

resource = Resource("bookings", __name__, url_prefix="/v1/bookings", scope="bookings", description="Stays of guests.")


@resource.command(
    "POST",
    "",
    BookingSchema,
    body=RequestBookingSchema,
    example=STAY,
    status=201,
    key="required",
    returns=["Location"],
    verified=True,
    refuses=[404],
)
def request_booking(body: dict[str, Any]) -> Response:
    """Hold the nights of a stay for 15 minutes, to be paid in that time; or ask the host, who has 24 hours."""
    lodger = edge().lodger
    booking_id = lodger.new_id()
    stay = Stay(body["check_in"], body["check_out"])
    command = RequestBooking(body["property"], signed_in(), stay, body["guests"], body.get("currency"))

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
    lodger, user_id, role = edge().lodger, signed_in(), arguments["role"]
    asked, now = wanted(arguments), lodger.clock.now()
    page = page_asked(arguments, "bookings", user_id, role, asked)
    with reading(BOOKINGS) as cursor:
        found = of_user(cursor, user_id, role, now, asked, page.after, page.limit)
    unread = messages.unread(lodger, user_id, [entry.booking_id for entry in found.items])
    entries = [
        {**booked(entry.booking_id, entry.booking, role, now), "unread_messages": unread[entry.booking_id]}
        for entry in found.items
    ]
    return {"bookings": entries, "next_cursor": page.next_cursor(found.after)}


@resource.query("/counts", BookingCountsSchema, arguments=SideSchema, waits=True)
def count_bookings(arguments: dict[str, Any]) -> dict[str, Any]:
    """How many bookings you have in each status, and how many wait for you."""
    with reading(BOOKINGS) as cursor:
        return counted(counts(cursor, signed_in(), arguments["role"], edge().lodger.clock.now()))


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


@resource.command("POST", "/<uuid:booking_id>/accept", BookingSchema, refuses=[403, 404])
def accept_booking(booking_id: UUID) -> Response:
    """Take the guest who asked: the nights are held for 15 minutes, to be paid in that time."""
    lodger = edge().lodger
    user_id = signed_in()
    return carry_out(lambda call: bookings.accept(lodger, call, booking_id, user_id).answer, _shown_to("host"))


@resource.command(
    "POST",
    "/<uuid:booking_id>/decline",
    BookingSchema,
    body=DeclineSchema,
    example={"reason": "The room is being painted."},
    optional=True,
    refuses=[403, 404],
)
def decline_booking(body: dict[str, Any], booking_id: UUID) -> Response:
    """Do not take the guest who asked."""
    lodger = edge().lodger
    user_id = signed_in()
    return carry_out(
        lambda call: bookings.decline(lodger, call, booking_id, user_id, body.get("reason")).answer, _shown_to("host")
    )


@resource.command("POST", "/<uuid:booking_id>/no-show", BookingSchema, refuses=[403, 404])
def record_no_show(booking_id: UUID) -> Response:
    """Say that the guest never came. Nothing is paid back."""
    lodger = edge().lodger
    user_id = signed_in()
    return carry_out(lambda call: bookings.record_no_show(lodger, call, booking_id, user_id).answer, _shown_to("host"))


@resource.query(
    "/<uuid:booking_id>/alteration-preview", AlterationOfferSchema, arguments=StayAskedSchema, refuses=[403, 404, 409]
)
def preview_alteration(arguments: dict[str, Any], booking_id: UUID) -> dict[str, Any]:
    """What another stay would cost. Nights that are booked already cost what they did."""
    stay = Stay(arguments["check_in"], arguments["check_out"])
    offer = alterations.offer(edge().lodger, booking_id, signed_in(), stay, arguments["guests"])
    return offered(offer)


@resource.command(
    "POST",
    "/<uuid:booking_id>/alter",
    BookingSchema,
    body=StaySchema,
    example={"check_in": "2027-06-11", "check_out": "2027-06-15", "guests": 2},
    verified=True,
    refuses=[403, 404],
)
def alter_booking(body: dict[str, Any], booking_id: UUID) -> Response:
    """Have another stay: at once when it costs no more, else its added nights are held until the rest is paid."""
    lodger = edge().lodger
    user_id = signed_in()
    stay = Stay(body["check_in"], body["check_out"])
    return carry_out(
        lambda call: alterations.alter(lodger, call, booking_id, user_id, stay, body["guests"]).answer,
        _shown_to("guest"),
    )


@resource.query(
    "/<uuid:booking_id>/cancellation-preview",
    CancellationPreviewSchema,
    arguments=CancellationAtSchema,
    refuses=[404, 409],
)
def preview_cancellation(arguments: dict[str, Any], booking_id: UUID) -> dict[str, Any]:
    """What you would give back, or get back, by cancelling; and until when that holds."""
    return previewed(cancellations.preview(edge().lodger, booking_id, signed_in(), arguments.get("at")))


@resource.query("/<uuid:booking_id>/history", HistorySchema, refuses=[404])
def show_history(booking_id: UUID) -> dict[str, Any]:
    """A booking's whole story in the log's order: its events, its payments', and its reviews' once they are revealed.

    For its host, what their account says of it too: what it earns, and what was paid out.
    """
    user_id = signed_in()
    events, role = bookings.history(edge().lodger, booking_id, user_id)
    return {"events": [told_to(user_id, role, event) for event in events]}


def _shown_to(role: Role) -> Callable[[Stream[Booking | None, BookingFact], datetime], Answer]:
    """The answer of a command that only one side of a booking may give."""

    def show(stream: Stream[Booking | None, BookingFact], now: datetime) -> Answer:
        return answer(BookingSchema, booked(stream.id, must_be_made(stream.state), role, now))

    return show
