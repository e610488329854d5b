"""What cancelling a booking would give back, before anybody cancels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application import bookings
from application.lodger import Lodger
from domain import cancellations, lifecycle
from domain.bookings import BookingCancelled, Role, must_be_made
from domain.cancellations import Deadline, Refund, Terms
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class Preview:
    """What `by` cancelling at `at` gives back, and the deadlines after which it would be less."""

    booking_id: UUID
    at: datetime
    by: Role
    terms: Terms
    refund: Refund
    deadlines: tuple[Deadline, ...]


def preview(lodger: Lodger, booking_id: UUID, user_id: UUID, at: datetime | None) -> Preview:
    """What cancelling at `at` (by default now) would do to the booking as it stands, decided as the command decides it.

    Raises Rejected `preview_in_past`, and whatever cancelling then would.
    """
    now = lodger.clock.now()
    at = at or now
    if at < now:
        raise Rejected("preview_in_past", "Nothing can be cancelled in the past.", now=now.isoformat())
    stream, by = bookings.find(lodger, booking_id, user_id)
    booking = must_be_made(stream.state)
    (given_back,) = (fact.refund for fact in lifecycle.cancel(booking, by, at) if isinstance(fact, BookingCancelled))
    stay, terms = booking.made.quote.stay, booking.made.terms
    ahead = cancellations.deadlines(stay, terms, at, lambda then: lifecycle.preview(booking, by, then).total)
    return Preview(booking_id, at, by, terms, given_back, ahead)
