"""What operators and their tools send and see."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Instant, Strict, Text


class HealthSchema(Strict):
    status = fields.String(required=True)


class ReadinessSchema(Strict):
    status = fields.String(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class MoveClockSchema(Strict):
    now = Instant(required=True, metadata={"description": "What the clock shall show; never earlier than it shows."})


class ClockSchema(Strict):
    now = Instant(required=True)


class ReasonSchema(Strict):
    reason = Text(
        500, required=True, metadata={"description": "Why; it is kept with what was done, for good: name nobody."}
    )
