"""Messages: what guest and host of a booking write to each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.answers import sent
from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.lists import page_asked
from api.operations import Resource
from api.schemas.messages import (
    MessageSchema,
    MessagesSchema,
    ReadingSchema,
    ReadUptoSchema,
    WriteSchema,
    threaded,
    written,
)
from api.schemas.pages import PageOf
from application import messages
from application.ports import Answer, Message
from domain.bookings import Booking
from projections.projection import page_of

resource = Resource(
    "messages",
    __name__,
    url_prefix="/v1/bookings/<uuid:booking_id>/messages",
    scope="messages",
    description="What guest and host of a booking write to each other.",
)


@resource.command(
    "POST",
    "",
    MessageSchema,
    body=WriteSchema,
    example={"text": "We arrive by the late train. Is that all right?"},
    status=201,
    key="required",
    refuses=[404, 429],
)
def write_message(body: dict[str, Any], booking_id: UUID) -> Response:
    """Write to the other side of a booking, whatever became of it. Nobody else reads it."""
    lodger = edge().lodger
    user_id = signed_in()

    def show(sent_with: tuple[Booking, Message], _: datetime) -> Answer:
        return answer(MessageSchema, written(*sent_with), 201)

    return carry_out(lambda call: messages.send(lodger, call, booking_id, user_id, body["text"]), show)


@resource.query("", MessagesSchema, arguments=PageOf, refuses=[404])
def list_messages(arguments: dict[str, Any], booking_id: UUID) -> dict[str, Any]:
    """What was written about a booking, newest first, always fresh. Reading is not marking as read."""
    page = page_asked(arguments, "messages", booking_id, signed_in())
    before = int(page.after[0]) if page.after else None
    booking, found, reading = messages.thread(edge().lodger, booking_id, signed_in(), before, page.limit + 1)
    shown = page_of(found, page.limit, lambda message: (message.number,))
    return threaded(booking, shown.items, reading, page.next_cursor(shown.after))


@resource.command("PUT", "/read", ReadingSchema, body=ReadUptoSchema, example={"upto": 1}, key=None, refuses=[404])
def mark_messages_read(body: dict[str, Any], booking_id: UUID) -> Response:
    """Say how far you have read. It never goes back."""
    reading = messages.mark_read(edge().lodger, booking_id, signed_in(), body["upto"])
    return sent(ReadingSchema, {"read_upto": reading.read_upto, "unread": reading.unread})
