"""A property's calendar: which nights are free, and the nights its host keeps free of guests."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Response

from api.authentication import signed_in, viewer
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.calendars import BlockIdsSchema, BlockSchema, CalendarRangeSchema, CalendarSchema
from api.schemas.fields import LAST_DAY
from application import properties
from application.ports import Answer, Claim
from domain.calendar_feeds import feed_of
from domain.policies import HORIZON_DAYS
from domain.properties import Block, Property
from domain.rejections import Rejected

resource = Resource(
    "calendars", __name__, url_prefix="/v1/properties/<uuid:property_id>", scope="calendars", description="Nights."
)

_SHOWN_DAYS: Final = 90
_DAYS_MAX: Final = HORIZON_DAYS + 1


@resource.query("/calendar", CalendarSchema, arguments=CalendarRangeSchema, who="viewer", refuses=[404])
def show_calendar(arguments: dict[str, Any], property_id: UUID) -> dict[str, Any]:
    """What each night costs and whether it is free, from the guard itself. The host sees why not."""
    lodger = edge().lodger
    now = lodger.clock.now()
    first = arguments.get("first") or now.date()
    until = arguments.get("until") or min(first + timedelta(days=_SHOWN_DAYS), LAST_DAY)
    if not 0 < (until - first).days <= _DAYS_MAX:
        raise Rejected("range_not_shown", f"Ask for 1 to {_DAYS_MAX} days.", maximum=_DAYS_MAX)
    listing, claims = properties.calendar(lodger, property_id, viewer(), first, until)
    held = [claim for claim in claims if claim.held_until is None or claim.held_until > now]
    reasons = _reasons(listing, held, first, until)
    is_host = listing.host_id == viewer()
    return {
        "property": property_id,
        "nights": [
            {
                "date": night,
                "available": night not in reasons,
                "price_per_night": listing.pricing.nightly_price(night) if listing.pricing else None,
                "reasons": reasons.get(night, []) if is_host else None,
            }
            for night in _days(first, until)
        ],
    }


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


def _reasons(listing: Property, claims: list[Claim], first: date, until: date) -> dict[date, list[dict[str, Any]]]:
    """Why nights are not available; those that are, are missing."""
    found: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for claim in claims:
        for night in _days(max(claim.first, first), min(claim.until, until)):
            found[night].append(_reason(listing, claim))
    for conflict in listing.calendars.open_conflicts():
        for night in _days(max(conflict.first, first), min(conflict.until, until)):
            found[night].append({"kind": "conflict", "id": conflict.conflict_id, "feed": conflict.feed_id})
    return dict(found)


def _reason(listing: Property, claim: Claim) -> dict[str, Any]:
    if claim.kind == "stay":
        return {"kind": "hold" if claim.held_until else "stay", "id": claim.claim_id, "feed": None}
    block = listing.blocks.get(claim.claim_id)
    feed = feed_of(block.origin) if block else None
    return {"kind": "imported" if feed else "block", "id": claim.claim_id, "feed": feed}


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((until - first).days)]
