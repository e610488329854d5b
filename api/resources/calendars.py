"""A property's calendar: which nights are free, and the nights its host keeps free of guests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in, viewer
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.calendars import (
    BlockIdsSchema,
    BlockSchema,
    CalendarRangeSchema,
    CalendarSchema,
    days_asked,
    nights_shown,
)
from application import properties
from application.ports import Answer
from domain.properties import Block

resource = Resource(
    "calendars", __name__, url_prefix="/v1/properties/<uuid:property_id>", scope="calendars", description="Nights."
)


@resource.query("/calendar", CalendarSchema, arguments=CalendarRangeSchema, who="viewer", refuses=[404])
def show_calendar(arguments: dict[str, Any], property_id: UUID) -> dict[str, Any]:
    """What each night costs and whether it is free, from the guard itself. The host sees why not."""
    lodger = edge().lodger
    now = lodger.clock.now()
    first, until = days_asked(arguments.get("first"), arguments.get("until"), now)
    listing, claims = properties.calendar(lodger, property_id, viewer(), first, until)
    nights = nights_shown(listing, claims, first, until, viewer(), now)
    return {"property": property_id, "nights": nights}


@resource.command(
    "POST",
    "/blocks",
    BlockSchema,
    body=BlockSchema,
    status=201,
    returns=["Location"],
    refuses=[404],
    example={"from": "2027-07-01", "until": "2027-07-04"},
)
def block_nights(body: dict[str, Any], property_id: UUID) -> Response:
    """Keep nights free of guests. Blocks may overlap each other, never a stay."""
    lodger = edge().lodger
    block = Block(lodger.new_id(), body["first"], body["until"])
    where = f"/v1/properties/{property_id}/calendar?from={block.first}&to={block.until}"

    def show(_: object, __: datetime) -> Answer:
        shown = {"id": block.block_id, "first": block.first, "until": block.until}
        return answer(BlockSchema, shown, 201, Location=where)

    return carry_out(
        lambda call: properties.block(lodger, call, property_id, signed_in(), (block,)).answer,
        show,
    )


@resource.command("DELETE", "/blocks", None, arguments=BlockIdsSchema, status=204, refuses=[404])
def unblock_nights(arguments: dict[str, Any], property_id: UUID) -> Response:
    """Give blocked nights back to guests: `?id=…`, once for each block."""
    lodger = edge().lodger
    block_ids = tuple(dict.fromkeys(arguments["id"]))
    return carry_out(
        lambda call: properties.unblock(lodger, call, property_id, signed_in(), block_ids).answer,
        lambda _, __: answer(None, None, 204),
    )
