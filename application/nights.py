"""Nights: those that a booking's state has, and what to do when the guard says that somebody else has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, assert_never
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Nights, NightsChange, NightsTaken, VersionConflict
from application.streams import BOOKING, Change, Done
from domain import lifecycle
from domain.bookings import (
    Agreement,
    AlterationHeld,
    Booking,
    BookingFact,
    Cancelled,
    Completed,
    Confirmed,
    Declined,
    Expired,
    Held,
    NoShow,
    Requested,
)
from domain.rejections import Rejected
from domain.stays import Stay

D = TypeVar("D")
BookingChange = Change[Booking | None, BookingFact]
BookingDone = Done[Booking | None, BookingFact]


def append_booking(lodger: Lodger, call: Call, change: BookingChange) -> BookingDone:
    """Append to a booking, with the nights that it has then in place of those it had: no use case forgets any.

    Raises Rejected `nights_taken`.
    """
    booking_id = change.before.id
    before, after = nights_of(booking_id, change.before.state), nights_of(booking_id, change.after.state)
    if before == after:
        return lodger.append(call, change)
    nights = NightsChange(give_back=[booking_id] if before else [], take=after)
    return taking_nights(lodger, call, lambda: lodger.append(call, change, nights=nights))


def nights_of(booking_id: UUID, state: Booking | None) -> list[Nights]:
    """The nights that the guard keeps for a booking, all under its id."""

    def claim(made: Agreement, stay: Stay, held_until: datetime | None = None) -> Nights:
        return Nights(made.property_id, booking_id, stay.check_in, stay.check_out, "stay", held_until)

    match state:
        case None | Requested() | Declined() | Expired() | Cancelled():
            return []
        case Held(made, held_until):
            return [claim(made, made.quote.stay, held_until)]
        case Confirmed(made, _, AlterationHeld() as other):
            added = other.quote.stay.without(made.quote.stay)
            return [claim(made, made.quote.stay), *(claim(made, stay, other.held_until) for stay in added)]
        case Confirmed(made) | Completed(made) | NoShow(made):
            return [claim(made, made.quote.stay)]
        case _:
            assert_never(state)


def taking_nights(lodger: Lodger, call: Call, attempt: Callable[[], D]) -> D:
    """Make the attempt; when only lapsed holds are in the way, expire them and try once more.

    Deadlines hold by the clock in the command, though no worker ever runs. Raises Rejected `nights_taken`, and
    VersionConflict where there is reason to decide anew.
    """
    try:
        return attempt()
    except NightsTaken as taken:
        lapsed = [c for c in taken.by if c.held_until is not None and c.held_until <= call.now]
        if not taken.by or len(lapsed) < len(taken.by):
            raise _refusal(taken) from taken
    for booking_id in {claim.claim_id for claim in lapsed}:
        elapse(lodger, call.unkept(), booking_id)
    try:
        return attempt()
    except NightsTaken as taken:
        raise _refusal(taken) from taken


@retried
def elapse(lodger: Lodger, call: Call, booking_id: UUID) -> bool:
    """Record what the passing of time has made of a booking by `call.now`; whether it had made something."""
    booking = lodger.load(BOOKING, booking_id)
    facts = lifecycle.elapse(booking.state, call.now)
    if facts:
        append_booking(lodger, call, booking.then(facts))
    return bool(facts)


def _refusal(taken: NightsTaken) -> Rejected | VersionConflict:
    """Nobody else in the way: either they have gone, or it is this command's own claim, by a rival that was faster."""
    if not taken.by:
        return VersionConflict("what was in the way is no more, or is the same claim")
    nights = [{"from": claim.first.isoformat(), "until": claim.until.isoformat()} for claim in taken.by]
    return Rejected("nights_taken", "Some of these nights are not free.", nights=nights)
