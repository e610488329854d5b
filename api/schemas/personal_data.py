"""Being forgotten, and getting one's data, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import fields

from api.schemas.fields import Id, Instant, Strict, Text
from api.schemas.history import EventSchema, told
from api.schemas.operations import ReasonSchema
from application.erasure_ports import Section
from domain.events import Event


class EraseMeSchema(Strict):
    """Whoever has no password logs in once more instead, within the last five minutes."""

    password = Text(200, metadata={"format": "password", "description": "Your password: this cannot be undone."})


class EraseUserSchema(ReasonSchema):
    """Write nothing in the reason that tells of the person: it stays."""


class ErasureSchema(Strict):
    id = Id(required=True)
    status = fields.String(required=True, metadata={"description": "`erasing`: it is carried out now."})


class ExportSchema(Strict):
    """Everything that is kept of you. Amounts are in minor units, coordinates in millionths of a degree."""

    user = Id(required=True)
    made_at = Instant(required=True)
    data = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Dict()),
        required=True,
        metadata={"description": "By section. Of payout destinations the last four characters are shown."},
    )
    more = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Sections of which the first 10,000 rows are here: the API lists the rest."},
    )
    events = fields.List(
        fields.Nested(EventSchema), required=True, metadata={"description": "What happened to your account."}
    )


def exported(user_id: UUID, now: datetime, sections: Mapping[str, Section], events: Sequence[Event]) -> dict[str, Any]:
    """What ExportSchema shows."""
    return {
        "user": user_id,
        "made_at": now,
        "data": {name: section.rows for name, section in sections.items()},
        "more": [name for name, section in sections.items() if section.more],
        "events": [told(event) for event in events],
    }
