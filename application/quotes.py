"""Quotes: signed, so that for 30 minutes they book at their amount though the host changes prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.lodger import Lodger
from application.ports import Claim, Range
from application.streams import PROPERTY, PropertyStream
from domain import properties
from domain.policies import QUOTE_LIFETIME
from domain.pricing import CancellationPolicy, Quote, must_be_priced_in
from domain.properties import Property, must_exist
from domain.rejections import Rejected
from domain.requests import RequestBooking, must_take
from domain.stays import Stay

_PURPOSE = "quote"


@dataclass(frozen=True, slots=True)
class Asked:
    """A stay whose price somebody wants to know, in a `currency` if they expect one."""

    property_id: UUID
    stay: Stay
    guests: int
    currency: str | None = None

    @property
    def nights(self) -> Range:
        return self.property_id, self.stay.check_in, self.stay.check_out


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote with the token that books at it until `expires_at`. `available` is only how it looked at the time."""

    property_id: UUID
    quote: Quote
    policy: CancellationPolicy
    token: str
    expires_at: datetime
    available: bool


def offer(lodger: Lodger, property_id: UUID, stay: Stay, guests: int, currency: str | None = None) -> Offer:
    """Price a stay and sign it; refused when it is expected in another `currency` than the property's.

    The token names the property's version, whose prices and terms can be read again from events.
    """
    asked, now = Asked(property_id, stay, guests, currency), lodger.clock.now()
    listing, taken = lodger.load_with_claims([asked.nights])[asked.nights]
    return _offer(lodger, listing, asked, taken, now)


def offers(lodger: Lodger, asked: Sequence[Asked]) -> Mapping[Asked, Offer | Rejected]:
    """The same for several, or how each is refused."""
    now, read = lodger.clock.now(), lodger.load_with_claims([each.nights for each in asked])
    found: dict[Asked, Offer | Rejected] = {}
    for each in asked:
        listing, taken = read[each.nights]
        try:
            found[each] = _offer(lodger, listing, each, taken, now)
        except Rejected as refusal:
            found[each] = refusal
    return found


def _offer(lodger: Lodger, listing: PropertyStream, asked: Asked, taken: Sequence[Claim], now: datetime) -> Offer:
    property_id, stay, guests = asked.property_id, asked.stay, asked.guests
    offered = must_take(listing.state, stay, guests, now)
    assert offered.pricing is not None
    must_be_priced_in(offered.pricing, asked.currency)
    quote = properties.quote(offered, stay, guests)
    expires_at = now + QUOTE_LIFETIME
    claims = {"version": listing.version, **_terms(property_id, stay, guests), "total": str(quote.total)}
    in_the_way = [c for c in taken if c.held_until is None or c.held_until > now]
    token = lodger.signer.sign(_PURPOSE, claims, expires_at)
    policy = offered.house_rules.cancellation_policy
    return Offer(property_id, quote, policy, token, expires_at, available=not in_the_way)


def honour(lodger: Lodger, listing: PropertyStream, command: RequestBooking, token: str, now: datetime) -> Property:
    """The property as it was when the quote was signed: its prices and its terms, if it is for this very stay.

    `listing` is the property as it is now.
    """
    claims = lodger.signer.verify(_PURPOSE, token, now)
    terms = _terms(command.property_id, command.stay, command.guests)
    if any(claims.get(name) != value for name, value in terms.items()):
        raise Rejected("quote_mismatch", "This quote is for another stay.", quoted={n: claims.get(n) for n in terms})
    version = claims["version"]
    assert isinstance(version, int)
    if listing.version != version:  # its host has changed something since
        listing = lodger.read(listing.id).stream(PROPERTY, listing.id, upto=version)
    as_quoted = must_exist(listing.state)
    if str(properties.quote(as_quoted, command.stay, command.guests).total) != claims["total"]:
        raise Rejected("quote_expired", "The way prices are made has changed since. Ask for a new quote.")
    return as_quoted


def _terms(property_id: UUID, stay: Stay, guests: int) -> dict[str, object]:
    return {
        "property_id": str(property_id),
        "check_in": stay.check_in.isoformat(),
        "check_out": stay.check_out.isoformat(),
        "guests": guests,
    }
