"""A property's nights as JSON."""

from __future__ import annotations

from typing import Literal

from marshmallow import fields, validate

from api.schemas.fields import Choice, Day, Flag, Id, MoneyField, Strict

NightReasonKind = Literal["stay", "hold", "block", "imported", "conflict"]


class BlockSchema(Strict):
    """Nights from `from` until, and without, `until` that the host keeps free of guests."""

    id = Id(required=True, dump_only=True)
    first = Day(required=True, data_key="from")
    until = Day(required=True)


class BlockIdsSchema(Strict):
    id = fields.List(Id(), required=True, validate=validate.Length(1, 100))


class CalendarRangeSchema(Strict):
    first = Day(data_key="from", metadata={"description": "By default today, in UTC."})
    until = Day(data_key="to", metadata={"description": "By default 90 days later; at most 731."})


class NightReasonSchema(Strict):
    """Why a night is not available. `id` is a booking's (stay, hold), a block's (block, imported) or a conflict's.

    A stay is confirmed, a hold waits for payment. What is imported follows a linked calendar, and a conflict is with
    one: then `feed` says which.
    """

    kind = Choice(NightReasonKind, required=True)
    id = Id(required=True)
    feed = Id(required=True, allow_none=True)


class NightSchema(Strict):
    date = Day(required=True)
    available = Flag(required=True)
    price_per_night = MoneyField(required=True, allow_none=True)
    reasons = fields.List(
        fields.Nested(NightReasonSchema), required=True, allow_none=True, metadata={"description": "For the host only."}
    )


class CalendarSchema(Strict):
    property = Id(required=True)
    nights = fields.List(fields.Nested(NightSchema), required=True)
