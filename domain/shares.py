"""Shares: whose the money of a booking is, as long as it is paid for: the host's, the platform's, the tax office's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.bookings import Booking, Cancelled, check_in, paid_by
from domain.cancellations import Refund
from domain.money import Money
from domain.policies import HOST_FEE_BP, PAYOUT_AFTER_CHECK_IN


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
    quote = booking.made.quote
    given_back = booking.refund if isinstance(booking, Cancelled) else Refund((), Money.zero(currency))
    platform = quote.sum_of("service_fee") - given_back.sum_of("service_fee")
    tax = quote.sum_of("occupancy_tax") - given_back.sum_of("occupancy_tax")
    hosts = quote.total - given_back.total - platform - tax
    fee = hosts.portion(HOST_FEE_BP)
    return Shares(hosts - fee, platform + fee, tax)


def release_at(booking: Booking) -> datetime:
    """When the host's share may be paid out."""
    return check_in(booking.made) + PAYOUT_AFTER_CHECK_IN
