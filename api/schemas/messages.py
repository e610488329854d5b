"""Messages as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from api.schemas.fields import Choice, Count, Documented, Id, Instant, Strict
from api.schemas.pages import NextCursor
from application.ports import Message, Reading
from domain.bookings import Booking, Role
from domain.policies import MESSAGE_LENGTH_MAX

_NUMBER_MAX = 2**31 - 1


class Written(Documented):
    """What somebody writes, without the blanks around it. Lines and tabs are text, other control characters are not."""

    openapi: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": MESSAGE_LENGTH_MAX}

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a string.")
        text = value.replace("\r\n", "\n").strip()
        if not 1 <= len(text) <= MESSAGE_LENGTH_MAX:
            raise ValidationError(f"Not from 1 to {MESSAGE_LENGTH_MAX} characters, without the blanks around them.")
        if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text):
            raise ValidationError("Control characters are not text.")
        return text


class WriteSchema(Strict):
    text = Written(required=True)


class ReadUptoSchema(Strict):
    upto = Count(0, _NUMBER_MAX, required=True, metadata={"description": "The `number` of the last message you saw."})


class MessageSchema(Strict):
    number = fields.Integer(required=True, metadata={"description": "Its place among the booking's messages, from 1."})
    author = Id(required=True)
    role = Choice(Role, required=True, data_key="from", metadata={"description": "The side that wrote it."})
    text = fields.String(
        required=True, allow_none=True, metadata={"description": "null when its author had all of theirs erased."}
    )
    sent_at = Instant(required=True)


class ReadingSchema(Strict):
    """How far you have read. What you write yourself is not counted."""

    read_upto = fields.Integer(required=True)
    unread = fields.Integer(required=True)


class MessagesSchema(ReadingSchema):
    messages = fields.List(fields.Nested(MessageSchema), required=True)
    next_cursor = NextCursor()


def written(booking: Booking, message: Message) -> dict[str, Any]:
    """What MessageSchema shows."""
    return {
        "number": message.number,
        "author": message.author_id,
        "role": _side(booking, message.author_id),
        "text": message.text,
        "sent_at": message.sent_at,
    }


def threaded(
    booking: Booking, messages: Sequence[Message], reading: Reading, next_cursor: str | None
) -> dict[str, Any]:
    """What MessagesSchema shows."""
    return {
        "messages": [written(booking, message) for message in messages],
        "read_upto": reading.read_upto,
        "unread": reading.unread,
        "next_cursor": next_cursor,
    }


def _side(booking: Booking, user_id: UUID) -> Role:
    return "guest" if user_id == booking.made.guest_id else "host"
