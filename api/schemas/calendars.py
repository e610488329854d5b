"""A property's nights as JSON."""

from __future__ import annotations

from typing import Literal

from marshmallow import fields, validate

from api.schemas.fields import Choice, Day, Flag, Id, MoneyField, Strict

ClaimKind = Literal["stay", "block"]


class BlockSchema(Strict):
    """Nights from `from` until, and without, `until` that the host keeps free of guests."""

    id = Id(required=True, dump_only=True)
    first = Day(required=True, data_key="from")
    until = Day(required=True)


class BlockIdsSchema(Strict):
    id = fields.List(Id(), required=True, validate=validate.Length(1, 100))


class CalendarRangeSchema(Strict):
    first = Day(data_key="from", metadata={"description": "By default today, in UTC."})
    until = Day(metadata={"description": "By default 90 days later; at most 731."})


class NightSchema(Strict):
    date = Day(required=True)
    available = Flag(required=True)
    price_per_night = MoneyField(required=True, allow_none=True)


class ClaimSchema(Strict):
    """Who has nights: `id` is a booking's or a block's."""

    id = Id(required=True, attribute="claim_id")
    kind = Choice(ClaimKind, required=True)
    first = Day(required=True, data_key="from")
    until = Day(required=True)


class CalendarSchema(Strict):
    property = Id(required=True)
    nights = fields.List(fields.Nested(NightSchema), required=True)
    claims = fields.List(
        fields.Nested(ClaimSchema), required=True, allow_none=True, metadata={"description": "For the host only."}
    )
