"""Streams and bookings as auditors see them: each event, what it changed, and what it moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import fields

from api.schemas.fields import Choice, Documented, Id, Instant, Strict
from api.schemas.pages import NextCursor, PageOf
from application.audit_log import Recorded
from application.audit_states import Step
from application.audit_timeline import Moment, states
from application.streams import KindName, kind_of
from domain.documents import ABSENT, Change
from domain.events import ActorKind
from domain.ledger import Account
from domain.money import EXPONENTS, Money
from domain.prefixes import At, AtPosition, AtVersion


class AtField(Documented):
    """When, in the log's time: an instant (of `recorded_at`), `position:N` of the log, or `version:N` of a stream."""

    def __init__(self, *, versions: bool) -> None:
        self.versions = versions
        words = "position|version" if versions else "position"
        self._spelling = re.compile(rf"({words}):([0-9]{{1,12}})", re.ASCII)
        self.openapi = {
            "type": "string",
            "anyOf": [{"pattern": f"^({words}):[0-9]{{1,12}}$"}, {"format": "date-time"}],
            "description": "As of when: an instant by `recorded_at`, or a place in the log.",
            "examples": ["2026-03-01T00:00:00Z", "position:1240"],
        }
        super().__init__()

    def read(self, value: Any) -> At:
        if not (found := self._spelling.fullmatch(str(value))):
            return Instant().read(value)
        word, number = found.groups()
        return AtVersion(int(number)) if word == "version" else AtPosition(int(number))


class AuditActorSchema(Strict):
    """Who acted, and of an operator why."""

    kind = Choice(ActorKind, required=True)
    id = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)


class AuditEventSchema(Strict):
    """One event as the log has it: amounts in minor units, and nothing that people wrote."""

    position = fields.Integer(required=True, metadata={"description": "Its place in the whole log."})
    stream = Id(required=True)
    kind = Choice(KindName, required=True, metadata={"description": "Of the stream."})
    version = fields.Integer(required=True, metadata={"description": "Its place in its stream, from 1."})
    type = fields.String(required=True)
    schema_version = fields.Integer(required=True)
    occurred_at = Instant(required=True, metadata={"description": "Lodger's time."})
    recorded_at = Instant(required=True, metadata={"description": "The database's time."})
    actor = fields.Nested(AuditActorSchema, required=True)
    command = Id(required=True, metadata={"description": "The same on all events of one command."})
    correlation = Id(required=True)
    causation = Id(required=True, allow_none=True, metadata={"description": "The event that it follows from."})
    booking = Id(required=True, allow_none=True)
    data = fields.Dict(required=True)
    sealed = fields.List(
        fields.String(), required=True, metadata={"description": "Paths of fields that are encrypted: here empty."}
    )


class StateChangeSchema(Strict):
    """One value that became another; without `before` or `after` there was, or is, none."""

    path = fields.String(required=True, metadata={"description": 'A JSON Pointer into the state; "" is all of it.'})
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class StepSchema(AuditEventSchema):
    """An event, and what it changed of its stream's state."""

    changes = fields.List(fields.Nested(StateChangeSchema), required=True)


class StreamAskedSchema(PageOf):
    """Which events of a stream, and as of when."""

    at = AtField(versions=True)


class TimelineAskedSchema(Strict):
    """As of when."""

    at = AtField(versions=False)


class AuditStreamSchema(Strict):
    """Events by version, and what they come to in the end. `state` says what it `is`."""

    stream = Id(required=True)
    kind = Choice(KindName, required=True)
    version = fields.Integer(required=True, metadata={"description": "That of the stream's last event."})
    position = fields.Integer(required=True, metadata={"description": "The log's, that all of it is as of."})
    state = fields.Dict(required=True, metadata={"description": "After the last event, not after the page."})
    events = fields.List(fields.Nested(StepSchema), required=True)
    next_cursor = NextCursor()


class MinorMoneySchema(Strict):
    """An amount in minor units: 12950 of USD is 129.50."""

    minor = fields.Integer(required=True)
    currency = Choice(EXPONENTS, required=True)


class EntrySchema(MinorMoneySchema):
    """One line of a posting: a debit is positive, and together they are nothing."""

    account = Choice(Account, required=True)


class MomentSchema(StepSchema):
    """An event of a booking's story."""

    money = fields.List(fields.Nested(EntrySchema), required=True, metadata={"description": "What it posts."})
    direction = Choice(["in", "out", "none"], required=True, metadata={"description": "At the payment providers."})
    amount = fields.Nested(
        MinorMoneySchema, required=True, allow_none=True, metadata={"description": "How much; null: nothing."}
    )


class StreamStateSchema(Strict):
    """What came of a stream. Of a host's account it has what is about the booking."""

    stream = Id(required=True)
    kind = Choice(KindName, required=True)
    version = fields.Integer(required=True)
    state = fields.Dict(required=True)


class TimelineSchema(Strict):
    """Everything of a booking in the log's order, and what it all came to."""

    booking = Id(required=True)
    position = fields.Integer(required=True, metadata={"description": "The log's, that all of it is as of."})
    states = fields.List(fields.Nested(StreamStateSchema), required=True)
    events = fields.List(fields.Nested(MomentSchema), required=True)


def told(recorded: Recorded, booking_id: UUID | None) -> dict[str, Any]:
    """What AuditEventSchema shows."""
    event = recorded.event
    return {
        "position": event.position,
        "stream": event.stream_id,
        "kind": kind_of(event.fact).name,
        "version": event.version,
        "type": event.fact.TOPIC,
        "schema_version": event.fact.SCHEMA_VERSION,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "actor": event.actor,
        "command": event.command_id,
        "correlation": event.correlation_id,
        "causation": event.causation_id,
        "booking": booking_id,
        "data": msgspec.to_builtins(event.fact),
        "sealed": recorded.sealed,
    }


def stepped(step: Step, booking_id: UUID | None) -> dict[str, Any]:
    """What StepSchema shows."""
    return {**told(step.recorded, booking_id), "changes": list(map(_changed, step.changes))}


def moved(moment: Moment, booking_id: UUID) -> dict[str, Any]:
    """What MomentSchema shows."""
    cash = moment.cash
    return {
        **stepped(moment.step, booking_id),
        "money": [{"account": entry.account, **_minor(entry.amount)} for entry in moment.posting],
        "direction": "none" if cash is None else "in" if cash.minor > 0 else "out",
        "amount": None if cash is None else _minor(cash if cash.minor > 0 else -cash),
    }


def stood(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """What StreamStateSchema shows of each stream."""
    return [
        {
            "stream": stream_id,
            "kind": step.kind.name,
            "version": step.recorded.event.version,
            "state": step.state,
        }
        for stream_id, step in states(moments).items()
    ]


def _changed(change: Change) -> dict[str, Any]:
    values = {"before": change.before, "after": change.after}
    return {"path": change.path, **{name: value for name, value in values.items() if value is not ABSENT}}


def _minor(amount: Money) -> dict[str, Any]:
    return {"minor": amount.minor, "currency": amount.currency}
