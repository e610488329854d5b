"""A property's nights as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from marshmallow import fields, validate

from api.schemas.fields import LAST_DAY, Choice, Day, Flag, Id, MoneyField, Strict
from application.ports import Claim
from domain.calendar_feeds import feed_of
from domain.policies import HORIZON_DAYS
from domain.properties import Property
from domain.rejections import Rejected

_SHOWN_DAYS: Final = 90
_DAYS_MAX: Final = HORIZON_DAYS + 1

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


def days_asked(first: date | None, until: date | None, now: datetime) -> tuple[date, date]:
    """The days `[first, until)` to show. Raises Rejected `range_not_shown`."""
    first = first or now.date()
    until = until or min(first + timedelta(days=_SHOWN_DAYS), LAST_DAY)
    if not 0 < (until - first).days <= _DAYS_MAX:
        raise Rejected("range_not_shown", f"Ask for 1 to {_DAYS_MAX} days.", maximum=_DAYS_MAX)
    return first, until


def nights_shown(
    listing: Property, claims: Sequence[Claim], first: date, until: date, viewer: UUID | None, now: datetime
) -> list[dict[str, Any]]:
    """What NightSchema shows of each night in `[first, until)`. The host sees why one is not available."""
    held = [claim for claim in claims if claim.held_until is None or claim.held_until > now]
    reasons = _reasons(listing, held, first, until)
    is_host = listing.host_id == viewer
    return [
        {
            "date": night,
            "available": night not in reasons,
            "price_per_night": listing.pricing.nightly_price(night) if listing.pricing else None,
            "reasons": reasons.get(night, []) if is_host else None,
        }
        for night in _days(first, until)
    ]


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
