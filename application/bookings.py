"""Use cases of bookings: request, cancel, expire, and settle with the money that came."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from application import audit, quotes
from application.calls import Call
from application.lodger import Lodger, retried
from application.nights import taking_nights
from application.ports import Nights, NightsChange
from application.streams import BOOKING, PAYMENT, PROPERTY, Done, Stream, begin
from domain import bookings, payments
from domain.bookings import Booking, BookingFact, RequestBooking, Role
from domain.cancellations import CancelledBy
from domain.events import Event
from domain.rejections import Rejected

BookingDone = Done[Booking | None, BookingFact]


@retried
def request(lodger: Lodger, call: Call, booking_id: UUID, command: RequestBooking, quote: str | None) -> BookingDone:
    """Hold the nights of a stay for its guest, at the signed quote or at the price of now."""
    history = lodger.read(command.property_id, call=call)
    listing = history.stream(PROPERTY, command.property_id)
    agreed = quotes.honour(lodger, history, command, quote, call.now) if quote else None
    facts = bookings.request(listing.state, command, agreed, call.now)
    booking = begin(BOOKING, booking_id, partition_key=command.property_id).then(facts)
    nights = NightsChange(take=[nights_of(booking.after, held_until=facts[0].held_until)])
    return taking_nights(lodger, call, lambda: lodger.append(call, booking, nights=nights))


@retried
def cancel(lodger: Lodger, call: Call, booking_id: UUID, user_id: UUID, reason: str | None) -> BookingDone:
    """Give the booking and its nights back. The reaction to BookingCancelled sends the money back."""
    booking = lodger.load(BOOKING, booking_id, call)
    _, role = bookings.must_concern(booking.state, user_id)
    by: CancelledBy = role
    facts = bookings.cancel(booking.state, by, call.now, reason)
    return lodger.append(call, booking.then(facts), nights=NightsChange(give_back=[booking_id]))


@retried
def settle(lodger: Lodger, call: Call, payment_id: UUID) -> None:
    """Money was captured: confirm the booking, reinstate it if it had expired, or send the money back."""
    payment = lodger.load(PAYMENT, payment_id)
    started = payments.must_be_started(payment.state).started
    booking = lodger.load(BOOKING, started.booking_id)
    facts = bookings.settle(booking.state, payment_id)
    if not facts and not bookings.owes_back(booking.state, payment_id):
        return
    if facts:
        change = booking.then(facts)
        nights = NightsChange(give_back=[booking.id], take=[nights_of(change.after, held_until=None)])
        try:
            taking_nights(lodger, call, lambda: lodger.append(call, change, nights=nights))
        except Rejected as refusal:
            if refusal.code != "nights_taken":
                raise
        else:
            return
    refund_id = uuid5(payment_id, "bought_nothing")
    refund = payments.refund(payment.state, refund_id, started.amount, "the nights were gone")
    lodger.append(call, payment.then(refund))


def find(lodger: Lodger, booking_id: UUID, user_id: UUID) -> tuple[Stream[Booking | None, BookingFact], Role]:
    """A booking, fresh, for its guest or its host."""
    booking = lodger.load(BOOKING, booking_id)
    _, role = bookings.must_concern(booking.state, user_id)
    return booking, role


def history(lodger: Lodger, booking_id: UUID, user_id: UUID) -> list[Event]:
    """The story of a booking, for its guest or its host."""
    find(lodger, booking_id, user_id)
    return audit.story(lodger, booking_id)


def nights_of(booking: Stream[Booking | None, BookingFact], held_until: datetime | None) -> Nights:
    made = bookings.must_be_made(booking.state).made
    stay = made.quote.stay
    return Nights(made.property_id, booking.id, stay.check_in, stay.check_out, "stay", held_until)
