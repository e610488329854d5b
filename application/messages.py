"""Use cases of messages: guest and host of a booking write to each other, whatever became of the booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger
from application.ports import Answer, Draft, Idempotency, Message, Reading, TooManyMessages
from application.streams import BOOKING
from domain import bookings
from domain.bookings import Booking
from domain.rejections import Rejected


def send(lodger: Lodger, call: Call, booking_id: UUID, author_id: UUID, text: str) -> Answer | None:
    """Write to the other side of a booking; answers what `call` renders of the booking and the message.

    What is written is personal data and no event, so there is nothing to append: message and kept answer are one
    transaction. Raises Rejected `booking_not_found` (strangers too) or `too_many_messages`.
    """
    booking, role = bookings.must_concern(lodger.load(BOOKING, booking_id, call).state, author_id)
    made = booking.made
    if role == "guest":
        draft = Draft(booking_id, author_id, made.host_id, "host", text, call.now)
    else:
        draft = Draft(booking_id, author_id, made.guest_id, "guest", text, call.now)

    def answer(message: Message) -> Answer | None:
        return call.render((booking, message)) if call.render else None

    def keep(message: Message) -> tuple[Idempotency, Answer] | None:
        rendered = answer(message)
        return (call.idempotency, rendered) if call.idempotency and rendered else None

    try:
        return answer(lodger.messages.send(draft, keep))
    except TooManyMessages as flood:
        raise Rejected(
            "too_many_messages",
            "So many messages are not taken from one person about one booking. Try again later.",
            retry_after=int(flood.again_in.total_seconds()),
        ) from flood


def thread(
    lodger: Lodger, booking_id: UUID, user_id: UUID, before: int | None, limit: int
) -> tuple[Booking, Sequence[Message], Reading]:
    """The booking, its newest messages before a number, and how far the user has read. Raises `booking_not_found`."""
    booking = _must_concern(lodger, booking_id, user_id)
    reader = booking_id, user_id
    reading = lodger.messages.readings([reader]).get(reader, Reading())
    return booking, lodger.messages.thread(booking_id, before, limit), reading


def mark_read(lodger: Lodger, booking_id: UUID, user_id: UUID, upto: int) -> Reading:
    """Say that the user has read up to a message. Raises Rejected `booking_not_found`."""
    _must_concern(lodger, booking_id, user_id)
    return lodger.messages.mark_read(booking_id, user_id, upto)


def unread(lodger: Lodger, user_id: UUID, booking_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many messages of each booking the user has not read."""
    readings = lodger.messages.readings([(booking_id, user_id) for booking_id in booking_ids])
    return {booking_id: readings.get((booking_id, user_id), Reading()).unread for booking_id in booking_ids}


def _must_concern(lodger: Lodger, booking_id: UUID, user_id: UUID) -> Booking:
    booking, _ = bookings.must_concern(lodger.load(BOOKING, booking_id).state, user_id)
    return booking
