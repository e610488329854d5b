"""Requests: how a booking begins, at once or with the host's consent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from domain.bookings import (
    Agreement,
    Booking,
    BookingAccepted,
    BookingDeclined,
    BookingFact,
    BookingHeld,
    BookingRequested,
    Requested,
    must_be_made,
)
from domain.cancellations import Terms
from domain.lifecycle import must_allow
from domain.policies import ANSWER, HOLD
from domain.pricing import must_be_priced_in
from domain.properties import Property, must_exist, quote
from domain.rejections import Rejected
from domain.stays import Stay, local_date, local_instant, must_be_within_horizon, must_lie_ahead


@dataclass(frozen=True, slots=True)
class RequestBooking:
    """A guest asks for a stay. `currency` is the one that the guest expects to pay in, if that was said."""

    property_id: UUID
    guest_id: UUID
    stay: Stay
    guests: int
    currency: str | None = None


def request(
    listing: Property | None, command: RequestBooking, quoted: Property | None, now: datetime
) -> tuple[BookingHeld | BookingRequested]:
    """Hold the nights for 15 minutes, or ask the host, at the prices and on the terms of now.

    `quoted` is the property as a quote had it: then at its prices and on its terms.
    Whether the nights are free is for the guard to tell.
    """
    offered = must_take(listing, command.stay, command.guests, now)
    if offered.host_id == command.guest_id:
        raise Rejected("own_property", "Hosts do not book their own property; block its nights instead.")
    agreed = quoted or offered
    assert agreed.location is not None
    assert agreed.pricing is not None
    must_be_priced_in(agreed.pricing, command.currency)
    rules = agreed.house_rules
    terms = Terms(rules.cancellation_policy, agreed.location.zone, rules.check_in_time, rules.check_out_time, now)
    price = quote(agreed, command.stay, command.guests)
    made = Agreement(command.property_id, offered.host_id, command.guest_id, price, terms)
    if offered.house_rules.booking_mode == "instant":
        return (_held(made, now),)
    asked = (made.property_id, made.host_id, made.guest_id, made.quote, made.terms)
    return (BookingRequested(*asked, answer_until=_answer_until(made, now)),)


def accept(state: Booking | None, now: datetime) -> tuple[BookingFact, ...]:
    """The host takes the guest: the nights are held from now, at the price that was asked for."""
    booking = must_be_made(state)
    must_allow(booking, "accept", "host", now)
    assert isinstance(booking, Requested)
    made = replace(booking.made, terms=replace(booking.made.terms, agreed_at=now))
    return (BookingAccepted(), _held(made, now))


def decline(state: Booking | None, now: datetime, reason: str | None = None) -> tuple[BookingFact, ...]:
    must_allow(must_be_made(state), "decline", "host", now)
    return (BookingDeclined(reason),)


def must_take(
    listing: Property | None, stay: Stay, guests: int, now: datetime, beginning: date | None = None
) -> Property:
    """The property, if its rules allow this stay at all (for quotes, bookings and alterations).

    `beginning` is the check-in that a booking has already: to keep it, it need not lie ahead.
    """
    # A draft is its host's alone: what was never offered is not there for whoever asks for it.
    offered = must_exist(None if listing is not None and listing.status == "draft" else listing)
    if offered.status != "published" or offered.details is None or offered.location is None or offered.pricing is None:
        raise Rejected("property_not_listed", "This property takes no bookings at present.")
    rules = offered.house_rules
    today = local_date(now, offered.location.zone)
    if stay.check_in != beginning:
        must_lie_ahead(stay, today)
        if stay.check_in < today + timedelta(days=rules.advance_notice_days):
            raise Rejected("notice_too_short", "The host needs more notice.", days=rules.advance_notice_days)
    must_be_within_horizon(stay, today)
    if stay.nights < rules.minimum_nights:
        raise Rejected("stay_too_short", "The host takes longer stays only.", minimum=rules.minimum_nights)
    if stay.nights > rules.maximum_nights:
        raise Rejected("stay_too_long", "The host takes shorter stays only.", maximum=rules.maximum_nights)
    if guests < 1:
        raise Rejected("guests_out_of_range", "A stay has at least one guest.", maximum=offered.details.guests)
    if guests > offered.details.guests:
        raise Rejected("too_many_guests", "The property does not hold so many.", maximum=offered.details.guests)
    return offered


def _held(made: Agreement, now: datetime) -> BookingHeld:
    return BookingHeld(made.property_id, made.host_id, made.guest_id, made.quote, made.terms, held_until=now + HOLD)


def _answer_until(made: Agreement, now: datetime) -> datetime:
    """24 hours, but not beyond the day of arrival: then there is nothing left to accept."""
    night = made.quote.stay.check_in + timedelta(days=1)
    return min(now + ANSWER, local_instant(night, time(), made.terms.zone))
