"""Changes as JSON: the same text in an answer and in a webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marshmallow import fields

from api.schemas.bookings import BookingSummarySchema, booked
from api.schemas.fields import Choice, Id, Instant, NumberText, Strict, Text
from api.schemas.payments import PaymentSchema, paid
from application.lodger import Histories, Lodger
from application.streams import BOOKING, PAYMENT
from domain.bookings import must_be_made, must_concern
from domain.payments import PaymentCaptured, must_be_started
from projections.changes import TYPES, Entry
from projections.projection import PAGE_MAX

CHANGE_TYPES: Final = sorted(set(TYPES.values()))


class ChangedBookingSchema(BookingSummarySchema):
    """A booking as it was right after the change. What you may do now, ask the booking itself."""

    class Meta(Strict.Meta):
        exclude = ("available_actions",)


class ChangedPaymentSchema(PaymentSchema):
    """A payment as it was right after the change. A link to pay with is not sent around: ask the payment itself."""

    class Meta(Strict.Meta):
        exclude = ("next_action",)


class ChangeSchema(Strict):
    """Something that became of one of your bookings or payments: `booking` or `payment`, whichever it was."""

    id = Id(required=True, metadata={"description": "The same whenever and however you are told: compare by it."})
    type = Choice(CHANGE_TYPES, required=True)
    occurred_at = Instant(required=True)
    booking = fields.Nested(ChangedBookingSchema, required=True, allow_none=True)
    payment = fields.Nested(ChangedPaymentSchema, required=True, allow_none=True)


class FollowSchema(Strict):
    """From where, and how many."""

    after = Text(
        1_000,
        metadata={"description": "`next` of the answer before. Without it, from the beginning; `now` skips what was."},
    )
    limit = NumberText(1, PAGE_MAX, load_default=PAGE_MAX)


class ChangesSchema(Strict):
    """Some changes in their order. Come back with `next`, at once if there is `more`."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    next = fields.String(required=True, metadata={"description": "Keep it: send it as `after` to get what follows."})
    more = fields.Boolean(required=True)


def told(lodger: Lodger, user_id: UUID, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What ChangeSchema shows of each to one of the two whom it concerns, from the streams themselves."""
    if not entries:
        return []
    histories = lodger.read(*dict.fromkeys(entry.stream_id for entry in entries))
    return [_told(histories, user_id, entry) for entry in entries]


def _told(histories: Histories, user_id: UUID, entry: Entry) -> dict[str, Any]:
    event = histories.by_stream[entry.stream_id][entry.version - 1]
    of_booking = entry.stream_id == entry.booking_id
    return {
        "id": event.event_id,
        "type": entry.type,
        "occurred_at": event.occurred_at,
        "booking": _booking(histories, user_id, entry, event.occurred_at) if of_booking else None,
        "payment": None if of_booking else _payment(histories, entry),
    }


def _booking(histories: Histories, user_id: UUID, entry: Entry, at: datetime) -> dict[str, Any]:
    state = histories.stream(BOOKING, entry.stream_id, entry.version).state
    _, role = must_concern(state, user_id)
    return booked(entry.stream_id, must_be_made(state), role, at)


def _payment(histories: Histories, entry: Entry) -> dict[str, Any]:
    events = histories.by_stream[entry.stream_id][: entry.version]
    paid_at = next((event.occurred_at for event in events if isinstance(event.fact, PaymentCaptured)), None)
    payment = must_be_started(histories.stream(PAYMENT, entry.stream_id, entry.version).state)
    return paid(entry.stream_id, payment, paid_at)
