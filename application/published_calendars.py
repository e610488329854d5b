"""Use cases of a property's own calendar, for other marketplaces to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from application.lodger import Histories, Lodger
from application.ports import Claim
from application.streams import PROPERTY
from domain.calendar_feeds import feed_of, own_uid
from domain.policies import HORIZON_DAYS, STAY_NIGHTS_MAX
from domain.properties import NightsBlocked, Property, must_be_hosted_by, must_exist
from domain.rejections import Rejected
from domain.stays import local_date

_DIGEST: Final = "calendar token"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nights `[first, until)` that cannot be booked, as strangers may know it. `changed_at` is when that was said."""

    uid: str
    kind: Literal["stay", "block"]
    first: date
    until: date
    changed_at: datetime


def publish(lodger: Lodger, property_id: UUID, host_id: UUID, token: str) -> None:
    """Let whoever knows the token read when the property is not available; the token before is worth nothing."""
    must_be_hosted_by(lodger.load(PROPERTY, property_id).state, host_id)
    lodger.published_calendars.publish(property_id, lodger.signer.digest(_DIGEST, token))


def withdraw(lodger: Lodger, property_id: UUID, host_id: UUID) -> None:
    """Let nobody read it any more."""
    must_be_hosted_by(lodger.load(PROPERTY, property_id).state, host_id)
    lodger.published_calendars.withdraw(property_id)


def find(lodger: Lodger, token: str) -> list[Unavailable]:
    """When a property is not available from today on, in order: its stays, and the nights that its host blocked.

    What other calendars said is not repeated: two that repeat each other would never forget anything.
    """
    property_id = lodger.published_calendars.find(lodger.signer.digests(_DIGEST, token))
    if property_id is None:
        raise Rejected("calendar_not_found", "There is no such calendar, or its address was replaced.")
    history = lodger.read(property_id)
    state = must_exist(history.stream(PROPERTY, property_id).state)
    now = lodger.clock.now()
    today = local_date(now, state.location.zone if state.location else "UTC")
    last = today + timedelta(days=HORIZON_DAYS + STAY_NIGHTS_MAX)
    claims = [c for c in lodger.log.claims(property_id, today, last) if c.held_until is None or c.held_until > now]
    changed = _changed(history, lodger.read(*{c.claim_id for c in claims if c.kind == "stay"}), property_id)
    shown = [c for c in claims if c.claim_id in changed and not _follows_a_calendar(state, c.claim_id)]
    return [
        Unavailable(uid, c.kind, c.first, c.until, changed[c.claim_id])
        for uid, c in zip(_uids(shown, property_id), shown, strict=True)
    ]


def _uids(claims: list[Claim], property_id: UUID) -> Iterator[str]:
    """One for each: the nights that a booking only would add are another entry than those it has."""
    settled = {c.claim_id for c in claims if c.held_until is None}
    for claim in claims:
        added = claim.held_until is not None and claim.claim_id in settled
        yield own_uid(f"{claim.claim_id}.{claim.first}" if added else str(claim.claim_id), property_id)


def _changed(history: Histories, bookings: Histories, property_id: UUID) -> dict[UUID, datetime]:
    """When each block was made, and each booking last changed."""
    blocked = {
        block.block_id: event.occurred_at
        for event in history.by_stream[property_id]
        if isinstance(event.fact, NightsBlocked)
        for block in event.fact.blocks
    }
    return blocked | {booking_id: events[-1].occurred_at for booking_id, events in bookings.by_stream.items() if events}


def _follows_a_calendar(state: Property, block_id: UUID) -> bool:
    return block_id in state.blocks and feed_of(state.blocks[block_id].origin) is not None
