"""What auditors ask the log for, and how they are shown it."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from marshmallow import fields

from api.schemas.audit_states import AuditEventSchema, told
from api.schemas.fields import Choice, Id, Instant, NumberText, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from api.schemas.proofs import SIZE_MOST, Hash
from application.audit_log import Recorded
from application.principals import Credential
from domain.catalogue import FACTS
from domain.events import ActorKind
from projections.trail import Asked, Found

_ACTOR: Final = (
    "A user's id (of an API key, whose it is), a provider's or a process's name; of an operator at the console what"
    " they said they are called, `operator` with the token of the settings."
)


class EventsAskedSchema(PageOf):
    """Which events: those that all of these are true of."""

    stream = Id(metadata={"description": "The id of a user, property, booking, payment, host's account or review."})
    booking = Id(metadata={"description": "With its payments, reviews, and what of its host's account names it."})
    payment = Id()
    user = Id(metadata={"description": "Whom it concerns: as guest, host, author, or by their account."})
    type = Choice(FACTS)
    actor = Text(200, metadata={"description": _ACTOR})
    actor_kind = Choice(ActorKind)
    since = Instant(data_key="from", metadata={"description": "Recorded then or later."})
    until = Instant(data_key="to", metadata={"description": "Recorded before."})
    after = NumberText(0, SIZE_MOST, metadata={"description": "At positions behind this one."})
    before = NumberText(0, SIZE_MOST, metadata={"description": "At positions before this one."})
    order = Choice(Literal["newest", "oldest"], load_default="newest", metadata={"description": "Which come first."})


class AuditEventsSchema(Strict):
    """Events by their positions. Events behind `position` are not looked at yet."""

    events = fields.List(fields.Nested(AuditEventSchema), required=True)
    missing = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Positions whose events were there and are not any more: somebody removed them."},
    )
    position = fields.Integer(required=True, metadata={"description": "How far of the log was looked at."})
    next_cursor = NextCursor()


class RecordSchema(Strict):
    """A row of the log to the letter: its leaf is these nine, in this order (docs/auditors.md)."""

    position = fields.Integer(required=True)
    partition_key = fields.String(required=True)
    stream_id = fields.String(required=True)
    version = fields.Integer(required=True)
    type = fields.String(required=True)
    schema_version = fields.Integer(required=True)
    recorded_at = fields.Integer(required=True, metadata={"description": "Microseconds since 1970."})
    data = fields.String(required=True, metadata={"description": "JSON text."})
    meta = fields.String(required=True, metadata={"description": "JSON text, with what is encrypted."})


class RecordedEventSchema(AuditEventSchema):
    """One event, as it is read and as it is hashed."""

    record = fields.Nested(RecordSchema, required=True)
    leaf_hash = Hash("The record's.")


class AuditReadSchema(Strict):
    """That somebody asked for something as an auditor, whether or not there was an answer."""

    read_at = Instant(required=True)
    credential = Choice([*get_args(Credential), "command_line"], required=True)
    reader = fields.String(
        required=True,
        metadata={
            "description": "A user's id, with that of their key behind a slash; `operator` with the token of the"
            " settings; who was logged in to the machine."
        },
    )
    request = fields.String(required=True, metadata={"description": "The address or the command."})


class AuditReadsSchema(Strict):
    """Reads, the newest first."""

    reads = fields.List(fields.Nested(AuditReadSchema), required=True)
    next_cursor = NextCursor()


def asked(arguments: dict[str, Any]) -> Asked:
    """Raises nothing: ranges are looked at by whoever asks."""
    names = ("stream", "booking", "payment", "user", "type", "actor", "actor_kind", "since", "until", "after", "before")
    given = {name: arguments[name] for name in names if name in arguments}
    return Asked(**given, newest_first=arguments["order"] == "newest")


def shown(recorded: Recorded, found: Found) -> dict[str, Any]:
    """What AuditEventSchema shows: a booking, where it concerns one and no others."""
    return told(recorded, found.bookings[0] if len(found.bookings) == 1 else None)
