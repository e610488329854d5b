"""Events as JSON, for those whom they concern."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from marshmallow import fields

from api.schemas.fields import Choice, Id, Instant, Strict
from application.streams import PAYMENT, REVIEW, KindName, kind_of
from domain.bookings import Role
from domain.events import ActorKind, Event


class EventSchema(Strict):
    """One event. `data` is the fact as it is stored: amounts in minor units (`minor` 12950 of USD is 129.50)."""

    position = fields.Integer(required=True, metadata={"description": "Its place in the whole log."})
    stream = Id(required=True, metadata={"description": "Of what it is: the id of a booking, a payment, a review …"})
    kind = Choice(KindName, required=True, metadata={"description": "What that is."})
    version = fields.Integer(required=True, metadata={"description": "Its place in its stream, from 1."})
    type = fields.String(required=True)
    schema_version = fields.Integer(required=True)
    occurred_at = Instant(required=True, metadata={"description": "Lodger's time."})
    recorded_at = Instant(required=True, metadata={"description": "The database's time."})
    actor = Choice(ActorKind, required=True)
    command = Id(required=True, metadata={"description": "The same on all events of one command."})
    data = fields.Dict(required=True)


class HistorySchema(Strict):
    events = fields.List(fields.Nested(EventSchema), required=True)


def told(event: Event) -> dict[str, Any]:
    """What EventSchema shows."""
    return {
        "position": event.position,
        "stream": event.stream_id,
        "kind": kind_of(event.fact).name,
        "version": event.version,
        "type": event.fact.TOPIC,
        "schema_version": event.fact.SCHEMA_VERSION,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "actor": event.actor.kind,
        "command": event.command_id,
        "data": msgspec.to_builtins(event.fact),
    }


def told_to(user_id: UUID, role: Role, event: Event) -> dict[str, Any]:
    """The same for one side of the booking.

    Where and how to pay is for the guest, an operator's reason for neither, and what somebody wrote for themselves,
    but for reviews, which everybody may read.
    """
    shown, kind = told(event), kind_of(event.fact)
    hidden = {"next_action", "evidence"} if role == "host" and kind is PAYMENT else set()
    if event.actor.kind == "operator":
        hidden.add("reason")
    if event.person_id != user_id and kind is not REVIEW:
        hidden.update(event.fact.PERSONAL)
    return {**shown, "data": {name: value for name, value in shown["data"].items() if name not in hidden}}
