"""Use cases of alterations: what another stay would cost, and having it."""

from __future__ import annotations

from uuid import UUID, uuid5

from application.calls import Call
from application.lodger import Lodger, retried
from application.nights import BookingDone, append_booking
from application.streams import BOOKING, PROPERTY
from domain import alterations, bookings
from domain.alterations import Alteration
from domain.stays import Stay


@retried
def alter(lodger: Lodger, call: Call, booking_id: UUID, guest_id: UUID, stay: Stay, guests: int) -> BookingDone:
    """Give the booking another stay: at once when it costs no more, else its added nights are held until paid."""
    booking = lodger.load(BOOKING, booking_id, call)
    state = bookings.must_be_of(booking.state, guest_id, "guest")
    listing = lodger.load(PROPERTY, state.made.property_id)
    alteration_id = uuid5(booking_id, f"alteration:{booking.version}")
    facts = alterations.alter(state, listing.state, stay, guests, alteration_id, call.now)
    return append_booking(lodger, call, booking.then(facts))


def offer(lodger: Lodger, booking_id: UUID, guest_id: UUID, stay: Stay, guests: int) -> Alteration:
    """What `alter` would cost now. Whether the nights are free is for the guard to tell."""
    booking = lodger.load(BOOKING, booking_id)
    state = bookings.must_be_of(booking.state, guest_id, "guest")
    listing = lodger.load(PROPERTY, state.made.property_id)
    return alterations.offer(state, listing.state, stay, guests, lodger.clock.now())
