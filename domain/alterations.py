"""Alterations: a confirmed booking gets another stay or other guests, and the difference is paid or paid back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.bookings import (
    AlterationExpired,
    AlterationHeld,
    Booking,
    BookingAltered,
    BookingFact,
    Confirmed,
    check_in,
    must_be_made,
)
from domain.cancellations import refund
from domain.lifecycle import must_allow, preview
from domain.money import Money
from domain.policies import HOLD
from domain.pricing import Line, Quote, keeping
from domain.pricing import quote as price
from domain.properties import Property
from domain.rejections import Rejected
from domain.requests import must_take
from domain.stays import Stay, local_date


@dataclass(frozen=True, slots=True)
class Alteration:
    """What another stay would cost: `due` now, or `refund` back (one of them is zero)."""

    quote: Quote
    due: Money
    refund: Money


def alter(
    state: Booking | None, listing: Property | None, stay: Stay, guests: int, alteration_id: UUID, now: datetime
) -> tuple[BookingFact, ...]:
    """Replace the stay, at once if that costs no more, else hold the nights that it adds until the rest is paid."""
    offered = offer(state, listing, stay, guests, now)
    assert isinstance(state, Confirmed)
    lapsed = (AlterationExpired(state.alteration.alteration_id),) if state.alteration else ()
    if offered.due.minor:
        return (*lapsed, AlterationHeld(alteration_id, offered.quote, offered.due, now + HOLD))
    return (*lapsed, BookingAltered(alteration_id, offered.quote, offered.refund))


def offer(state: Booking | None, listing: Property | None, stay: Stay, guests: int, now: datetime) -> Alteration:
    """Price another stay: nights that the booking has already cost what they did, the others what they cost now.

    What becomes cheaper comes back as cancelling it at `now` would give it back, or altering would be the way around
    every policy. The rest stays in the quote as `forfeited`: its total is always what the guest has paid and not got
    back.
    """
    booking = must_be_made(state)
    must_allow(booking, "alter", "guest", now)
    assert isinstance(booking, Confirmed)
    agreed, terms = booking.made.quote, booking.made.terms
    if (stay, guests) == (agreed.stay, agreed.guests):
        raise Rejected("nothing_altered", "This is the stay that is booked already.")
    offered = must_take(listing, stay, guests, now, beginning=agreed.stay.check_in)
    assert offered.pricing is not None
    quote = price(keeping(offered.pricing, agreed), stay, guests, terms.policy)
    more = quote.total.minor - agreed.total.minor
    released = preview(booking, "guest", now).total.minor - refund(quote, terms, "guest", now).total.minor
    due = max(more, 0)
    _must_come_in_time(booking, stay, due + released >= 0, now)
    back = max(min(-more, released), 0)
    currency = agreed.total.currency
    forfeited = Money(due - more - back, currency)
    return Alteration(_with(quote, forfeited), Money(due, currency), Money(back, currency))


def _must_come_in_time(booking: Confirmed, stay: Stay, is_paid_for: bool, now: datetime) -> None:
    """A stay that has begun keeps its beginning; one that cancelling no longer refunds whole is not put off; and none
    gets another beginning by which cancelling would give back more than was paid for that.

    Otherwise the guest would alter first and cancel then.
    """
    agreed = booking.made.quote
    today = local_date(now, booking.made.terms.zone)
    moved = stay.check_in != agreed.stay.check_in
    begun = now >= check_in(booking.made)
    put_off = stay.check_in > agreed.stay.check_in and preview(booking, "guest", now).total != agreed.total
    if (moved and (begun or put_off or not is_paid_for)) or stay.check_out <= today:
        raise Rejected("alteration_too_late", "It is too late to alter the booking like this.")


def _with(quote: Quote, forfeited: Money) -> Quote:
    if not forfeited.minor:
        return quote
    return replace(quote, lines=(*quote.lines, Line("forfeited", forfeited)), total=quote.total + forfeited)
