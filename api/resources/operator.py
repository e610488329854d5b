"""What operators do, always with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.commands import answer, operate
from api.edge import edge
from api.operations import Resource
from api.schemas.bookings import BookingSchema, booked
from api.schemas.operations import ReasonSchema
from application import bookings, reviews
from application.ports import Answer
from application.streams import Stream
from domain.bookings import Booking, BookingFact, must_be_made

resource = Resource("operator", __name__, url_prefix="/v1/operator", description="For operators.")


@resource.command(
    "POST",
    "/bookings/<uuid:booking_id>/cancel",
    BookingSchema,
    body=ReasonSchema,
    example={"reason": "The house burnt down."},
    who="operator",
    refuses=[404],
)
def cancel_booking_for_platform(body: dict[str, Any], booking_id: UUID) -> Response:
    """Give a booking back in the platform's name: everything that was paid is paid back."""
    lodger = edge().lodger
    reason = body["reason"]

    def show(stream: Stream[Booking | None, BookingFact], now: datetime) -> Answer:
        # As its guest sees it: for an operator, who is on neither side, nothing is left to do with it either.
        return answer(BookingSchema, booked(stream.id, must_be_made(stream.state), "guest", now))

    return operate(lambda call: bookings.cancel_by_platform(lodger, call, booking_id, reason), show, reason)


@resource.command(
    "POST",
    "/reviews/<uuid:review_id>/remove",
    None,
    body=ReasonSchema,
    example={"reason": "It gives away where somebody lives."},
    status=204,
    who="operator",
    refuses=[404],
)
def remove_review(body: dict[str, Any], review_id: UUID) -> Response:
    """Take a review away, sealed or not: it is neither shown nor counted any more."""
    lodger = edge().lodger
    return operate(
        lambda call: reviews.remove(lodger, call, review_id), lambda _, __: answer(None, None, 204), body["reason"]
    )
