"""What auditors ask: the whole story of a booking, as the log tells it."""

from __future__ import annotations

from uuid import UUID

from application.lodger import Histories
from application.ports import EventLog
from application.streams import BOOKING
from domain.bookings import must_be_made
from domain.events import Event
from domain.payments import attempt_ids


def streams_of(booking_id: UUID) -> list[UUID]:
    """The streams of a booking and of all payments that it may have."""
    return [booking_id, *attempt_ids(booking_id)]


def story(log: EventLog, booking_id: UUID) -> list[Event]:
    """Everything that happened to a booking and its payments, in the log's order."""
    told = Histories(log.load(streams_of(booking_id)))
    must_be_made(told.stream(BOOKING, booking_id).state)
    return told.in_order()
