"""A property's nights."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from api.graph import words
from api.graph.context import Info
from api.graph.inputs import said
from api.graph.scalars import Date
from api.graph.shown import Shown, at, shows
from api.graph.types.money import Money
from api.schemas.calendars import (
    BlockSchema,
    CalendarRangeSchema,
    NightReasonSchema,
    NightSchema,
    days_asked,
    nights_shown,
)

RangeBegin: TypeAlias = Annotated[
    Date | None, strawberry.argument(name="from", description="By default today, in UTC.")
]
RangeEnd: TypeAlias = Annotated[
    Date | None, strawberry.argument(name="to", description="By default 90 days later; at most 731.")
]


@shows(NightReasonSchema)
class NightReason(Shown):
    """Why a night is not available. `id` is a booking's (stay, hold), a block's (block, imported) or a conflict's."""

    kind: str = strawberry.field(graphql_type=words.NIGHT_REASON)
    id: strawberry.ID
    feed: strawberry.ID | None = strawberry.field(description="Of a linked calendar, which.")


@shows(NightSchema)
class Night(Shown):
    """What a night costs and whether it is free, from the guard itself."""

    date: Date
    available: bool
    price_per_night: Money | None
    reasons: list[NightReason] | None


@shows(BlockSchema)
class Block(Shown):
    """Nights from `from` until, and without, `until` that their host keeps free of guests."""

    id: strawberry.ID
    first: Date = at("from", name="from")
    until: Date


async def nights_with(info: Info, property_id: UUID, first: str | None, until: str | None) -> list[Night] | None:
    """The nights of a property. None of one that whoever calls may not see.

    Raises ValidationError, and Rejected `range_not_shown`.
    """
    now = info.context.now
    given = CalendarRangeSchema().load(said({"from": first, "to": until}))
    days = days_asked(given.get("first"), given.get("until"), now)
    found = await info.context.loaders.calendars.load((property_id, *days))
    if found is None:
        return None
    viewer = info.context.viewer("calendars:read")
    return [Night.of(night) for night in nights_shown(*found, *days, viewer, now)]
