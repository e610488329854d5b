"""Taking nights: what to do when the guard says that somebody has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import NightsChange, NightsTaken
from application.streams import BOOKING
from domain import bookings
from domain.rejections import Rejected

D = TypeVar("D")


def taking_nights(lodger: Lodger, call: Call, attempt: Callable[[], D]) -> D:
    """Make the attempt; when only lapsed holds are in the way, expire them and try once more.

    Deadlines hold by the clock in the command, though no worker ever runs.
    """
    try:
        return attempt()
    except NightsTaken as taken:
        lapsed = [c for c in taken.by if c.held_until is not None and c.held_until <= call.now]
        if len(lapsed) < len(taken.by):
            raise _refusal(taken) from taken
    for claim in lapsed:
        expire(lodger, call.unkept(), claim.claim_id)
    try:
        return attempt()
    except NightsTaken as taken:
        raise _refusal(taken) from taken


@retried
def expire(lodger: Lodger, call: Call, booking_id: UUID) -> None:
    """Expire a booking whose hold has lapsed by `call.now`; nothing for any other."""
    booking = lodger.load(BOOKING, booking_id)
    facts = bookings.expire(booking.state, call.now)
    if facts:
        lodger.append(call, booking.then(facts), nights=NightsChange(give_back=[booking.id]))


def _refusal(taken: NightsTaken) -> Rejected:
    nights = [{"from": claim.first.isoformat(), "until": claim.until.isoformat()} for claim in taken.by]
    return Rejected("nights_taken", "Some of these nights are not free.", nights=nights)
