"""Pricing: what a stay costs and why. A quote is an explanation: its lines add up to its total exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from domain.money import Money, total
from domain.policies import (
    BASIS_POINTS,
    MINOR_MAX,
    MONTHLY_NIGHTS,
    NON_REFUNDABLE_DISCOUNT_BP,
    OVERRIDES_MAX,
    SERVICE_FEE_BP,
    WEEKLY_NIGHTS,
)
from domain.rejections import Rejected
from domain.stays import Stay

CancellationPolicy = Literal["flexible", "moderate", "strict", "non_refundable"]
"""What comes back when a guest cancels (see domain/cancellations.py), and so a part of the price."""

_WEEKEND: Final = (4, 5)
"""The nights that begin on a Friday or a Saturday."""


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """Another nightly price for the nights `[first, until)`."""

    first: date
    until: date
    nightly: Money


@dataclass(frozen=True, slots=True)
class Pricing:
    """A property's prices. All amounts are of `nightly`'s currency; discounts are whole percents."""

    nightly: Money
    weekend: Money | None = None
    overrides: tuple[PriceOverride, ...] = ()
    weekly_discount_percent: int = 0
    monthly_discount_percent: int = 0
    cleaning_fee: Money | None = None
    extra_guest_fee: Money | None = None
    guests_included: int = 1
    tax_bp: int = 0

    @property
    def currency(self) -> str:
        return self.nightly.currency

    def nightly_price(self, night: date) -> Money:
        """The price of one night: the latest override wins, then the weekend price, then the base."""
        for override in reversed(self.overrides):
            if override.first <= night < override.until:
                return override.nightly
        if self.weekend is not None and night.weekday() in _WEEKEND:
            return self.weekend
        return self.nightly


LineKind = Literal[
    "night",
    "weekly_discount",
    "monthly_discount",
    "non_refundable_discount",
    "extra_guests",
    "cleaning_fee",
    "service_fee",
    "occupancy_tax",
    "forfeited",
]
"""`forfeited` is what an alteration took off the price and the policy did not give back (domain/alterations.py)."""

TaxedPart = Literal["nights", "extra_guests", "cleaning"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote. `night` is set on nights; `taxes` says which part an occupancy tax is on."""

    kind: LineKind
    amount: Money
    night: date | None = None
    taxes: TaxedPart | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a stay costs, itemised. `total` is the sum of `lines`."""

    stay: Stay
    guests: int
    lines: tuple[Line, ...]
    total: Money

    def sum_of(self, *kinds: LineKind) -> Money:
        return total((line.amount for line in self.lines if line.kind in kinds), self.total.currency)


def must_be_sound(pricing: Pricing) -> None:
    """Refuse prices that no guest should meet: other currencies, zero or huge amounts, percentages out of range."""
    positive = [pricing.nightly, *(o.nightly for o in pricing.overrides)]
    positive += [pricing.weekend] if pricing.weekend else []
    fees = [fee for fee in (pricing.cleaning_fee, pricing.extra_guest_fee) if fee]
    if any(amount.currency != pricing.currency for amount in positive + fees):
        raise Rejected("currency_mixed", "All prices and fees of a property are in one currency.")
    if not all(0 < amount.minor <= MINOR_MAX for amount in positive):
        raise Rejected("price_out_of_range", f"A price is from 1 to {MINOR_MAX} minor units.", maximum=MINOR_MAX)
    if not all(0 <= fee.minor <= MINOR_MAX for fee in fees):
        raise Rejected("fee_out_of_range", f"A fee is from 0 to {MINOR_MAX} minor units.", maximum=MINOR_MAX)
    if not all(0 <= p <= 100 for p in (pricing.weekly_discount_percent, pricing.monthly_discount_percent)):
        raise Rejected("discount_out_of_range", "A discount is from 0 to 100 percent.")
    if pricing.guests_included < 1:
        raise Rejected("guests_included_out_of_range", "The price includes at least one guest.")
    if not 0 <= pricing.tax_bp <= BASIS_POINTS:
        raise Rejected("tax_out_of_range", "A tax is from 0 to 100 percent.")
    if len(pricing.overrides) > OVERRIDES_MAX:
        raise Rejected("too_many_overrides", f"At most {OVERRIDES_MAX} price overrides.", maximum=OVERRIDES_MAX)
    if any(override.until <= override.first for override in pricing.overrides):
        raise Rejected("override_reversed", "A price override ends after it begins.")


def must_be_priced_in(pricing: Pricing, currency: str | None) -> None:
    """Refuse whoever reckons with another currency; None is whatever the property is priced in."""
    if currency is not None and currency != pricing.currency:
        message = f"This property is priced in {pricing.currency}."
        raise Rejected("currency_foreign", message, currency=pricing.currency)


def keeping(pricing: Pricing, agreed: Quote) -> Pricing:
    """Today's prices, but the nights that `agreed` has cost what they were bought at: for altering a booking.

    `quote(keeping(pricing, agreed), new_stay, new_guests, terms.policy)` is then the altered booking's price:
    discounts, fees and taxes are today's and those of the new stay as a whole. Both are of one currency, which a
    property never changes.
    """
    bought = [
        PriceOverride(line.night, line.night + timedelta(days=1), line.amount)
        for line in agreed.lines
        if line.night is not None
    ]
    return replace(pricing, overrides=(*pricing.overrides, *bought))


def quote(pricing: Pricing, stay: Stay, guests: int, policy: CancellationPolicy) -> Quote:
    """Price a stay of `guests` people under a cancellation policy. Each percentage rounds once, on its own line."""
    nights = [Line("night", pricing.nightly_price(night), night=night) for night in stay.dates()]
    discount = _discounts(pricing, stay, policy, total((n.amount for n in nights), pricing.currency))
    extra = _extra_guests(pricing, stay, guests)
    cleaning = [Line("cleaning_fee", pricing.cleaning_fee)] if pricing.cleaning_fee else []
    base = [*nights, *discount, *extra, *cleaning]
    fee = total((line.amount for line in base), pricing.currency).portion(SERVICE_FEE_BP)
    parts: tuple[tuple[TaxedPart, list[Line]], ...] = (
        ("nights", [*nights, *discount]),
        ("extra_guests", extra),
        ("cleaning", cleaning),
    )
    lines = (*base, Line("service_fee", fee), *_taxes(pricing, parts))
    return Quote(stay, guests, lines, total((line.amount for line in lines), pricing.currency))


def _discounts(pricing: Pricing, stay: Stay, policy: CancellationPolicy, nights: Money) -> list[Line]:
    """Off the nights: for the length of the stay, and off what remains for getting nothing back."""
    length = _length_discount(pricing, stay, nights)
    if policy != "non_refundable":
        return length
    discounted = total((nights, *(line.amount for line in length)), pricing.currency)
    return [*length, Line("non_refundable_discount", -discounted.portion(NON_REFUNDABLE_DISCOUNT_BP))]


def _length_discount(pricing: Pricing, stay: Stay, nights: Money) -> list[Line]:
    kind: LineKind
    if stay.nights >= MONTHLY_NIGHTS and pricing.monthly_discount_percent:
        kind, percent = "monthly_discount", pricing.monthly_discount_percent
    elif stay.nights >= WEEKLY_NIGHTS and pricing.weekly_discount_percent:
        kind, percent = "weekly_discount", pricing.weekly_discount_percent
    else:
        return []
    return [Line(kind, -nights.portion(percent * 100))]


def _extra_guests(pricing: Pricing, stay: Stay, guests: int) -> list[Line]:
    extra = guests - pricing.guests_included
    if pricing.extra_guest_fee is None or extra <= 0:
        return []
    return [Line("extra_guests", pricing.extra_guest_fee * (extra * stay.nights))]


def _taxes(pricing: Pricing, parts: tuple[tuple[TaxedPart, list[Line]], ...]) -> list[Line]:
    if not pricing.tax_bp:
        return []
    sums = [(part, total((line.amount for line in lines), pricing.currency)) for part, lines in parts if lines]
    return [Line("occupancy_tax", amount.portion(pricing.tax_bp), taxes=part) for part, amount in sums]
