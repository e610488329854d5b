"""Quotes and their lines as JSON."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import fields

from api.schemas.fields import Choice, Count, Day, Flag, Id, Instant, MoneyField, Strict, Text
from application.quotes import Offer
from domain.money import EXPONENTS
from domain.policies import GUESTS_MAX
from domain.pricing import CancellationPolicy, LineKind, TaxedPart

STAY: Final = {
    "property": "01900000-0000-7000-8000-000000000004",
    "check_in": "2027-06-11",
    "check_out": "2027-06-14",
    "guests": 2,
}
"""The example."""


class AskQuoteSchema(Strict):
    property = Id(required=True)
    check_in = Day(required=True)
    check_out = Day(required=True)
    guests = Count(1, GUESTS_MAX, required=True)
    currency = Choice(EXPONENTS, metadata={"description": "What you expect to pay in; a price in another is refused."})


class LineSchema(Strict):
    """One line of a price; discounts are negative. All lines add up to the total exactly."""

    kind = Choice(LineKind, required=True)
    amount = MoneyField(required=True)
    night = Day(required=True, allow_none=True, metadata={"description": "Set on nights."})
    taxes = Choice(TaxedPart, required=True, allow_none=True, metadata={"description": "What an occupancy tax is on."})


class QuoteSchema(Strict):
    """A price, itemised and signed: `quote` books at it until `expires_at`, whatever the host changes meanwhile."""

    property = Id(required=True)
    check_in = Day(required=True)
    check_out = Day(required=True)
    nights = fields.Integer(required=True)
    guests = fields.Integer(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    total_price = MoneyField(required=True)
    cancellation_policy = Choice(CancellationPolicy, required=True)
    quote = Text(2_000, required=True)
    expires_at = Instant(required=True)
    available = Flag(required=True, metadata={"description": "How it looked when asked; only booking takes nights."})


def quoted(offer: Offer) -> dict[str, Any]:
    """What QuoteSchema shows."""
    stay = offer.quote.stay
    return {
        "property": offer.property_id,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "nights": stay.nights,
        "guests": offer.quote.guests,
        "lines": offer.quote.lines,
        "total_price": offer.quote.total,
        "cancellation_policy": offer.policy,
        "quote": offer.token,
        "expires_at": offer.expires_at,
        "available": offer.available,
    }
