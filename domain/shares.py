"""Shares: whose the money of a booking is, as long as it is paid for: the host's, the platform's, the tax office's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.bookings import Booking, Cancelled, check_in, paid_by
from domain.cancellations import RefundLine
from domain.money import Money, total
from domain.policies import HOST_FEE_BP, PAYOUT_AFTER_CHECK_IN
from domain.pricing import Line, LineKind

PLATFORMS: tuple[LineKind, ...] = ("service_fee",)
TAXES: tuple[LineKind, ...] = ("occupancy_tax",)


@dataclass(frozen=True, slots=True)
class Shares:
    """What of a booking's price, as far as it is not to be sent back, belongs to whom. They add up to all of it."""

    host: Money
    platform: Money
    tax: Money

    @property
    def total(self) -> Money:
        return self.host + self.platform + self.tax


def shares(booking: Booking) -> Shares:
    """Whose the money is now. Nobody's while the booking is not bought.

    The host's are nights with their discounts, extra guests, cleaning and what an alteration forfeited, less the
    host's fee on them, which rounds once; the platform's are both fees.
    """
    currency = booking.made.quote.total.currency
    if not paid_by(booking):
        return Shares(Money.zero(currency), Money.zero(currency), Money.zero(currency))
    kept: list[Line | RefundLine] = list(booking.made.quote.lines)
    given_back = booking.refund.lines if isinstance(booking, Cancelled) else ()
    platform = _sum(kept, PLATFORMS, currency) - _sum(given_back, PLATFORMS, currency)
    tax = _sum(kept, TAXES, currency) - _sum(given_back, TAXES, currency)
    paid = booking.made.quote.total - total((line.amount for line in given_back), currency)
    hosts = paid - platform - tax
    fee = hosts.portion(HOST_FEE_BP)
    return Shares(hosts - fee, platform + fee, tax)


def release_at(booking: Booking) -> datetime:
    """When the host's share may be paid out."""
    return check_in(booking.made) + PAYOUT_AFTER_CHECK_IN


def _sum(lines: Iterable[Line | RefundLine], kinds: tuple[LineKind, ...], currency: str) -> Money:
    return total((line.amount for line in lines if line.kind in kinds), currency)
