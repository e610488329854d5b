"""Cancellation policies: what a guest gets back, line by line. The policy in force is pinned when booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, assert_never

from domain.money import Money, total
from domain.policies import FLEXIBLE_FULL_REFUND_UNTIL
from domain.pricing import Line, LineKind, Quote, TaxedPart
from domain.properties import CancellationPolicy
from domain.stays import Stay, local_date, local_instant

CancelledBy = Literal["guest", "host", "platform"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed when booking: the policy, and the property's zone and times that its deadlines use.

    `agreed_at` is when the nights were first held.
    """

    policy: CancellationPolicy
    zone: str
    check_in_time: time
    check_out_time: time
    agreed_at: datetime


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What comes back of one kind of line; nights and their discount, extra guests and tax come back as one each."""

    kind: LineKind
    amount: Money


@dataclass(frozen=True, slots=True)
class Refund:
    """What comes back, itemised. `total` is the sum of `lines`."""

    lines: tuple[RefundLine, ...]
    total: Money


def refund(quote: Quote, terms: Terms, by: CancelledBy, now: datetime) -> Refund:
    """What the payer of `quote` gets back when `by` cancels at `now`."""
    if by != "guest":
        return _itemised(quote, set(quote.stay.dates()), cleaning=True, service_fee=True)
    check_in = local_instant(quote.stay.check_in, terms.check_in_time, terms.zone)
    nights = nights_given_back(quote.stay, terms, check_in, now)
    everything = len(nights) == quote.stay.nights and now < check_in
    return _itemised(quote, nights, cleaning=now < check_in, service_fee=everything)


def nights_given_back(stay: Stay, terms: Terms, check_in: datetime, now: datetime) -> set[date]:
    """The nights that the policy gives back (the table of cancellation policies)."""
    match terms.policy:
        case "flexible":
            if now <= check_in - FLEXIBLE_FULL_REFUND_UNTIL:
                return set(stay.dates())
            if now < check_in:
                return set(stay.dates()) - {stay.check_in}
            today = local_date(now, terms.zone)
            return {night for night in stay.dates() if night > max(today, stay.check_in)}
        case _:
            assert_never(terms.policy)


def _itemised(quote: Quote, nights: set[date], *, cleaning: bool, service_fee: bool) -> Refund:
    """Nights' discount, extra guests and tax are shared over the nights so that all parts add up to what was paid."""
    amounts = [
        RefundLine("night", _share(quote, ("night", "weekly_discount", "monthly_discount"), nights)),
        RefundLine("extra_guests", _share(quote, ("extra_guests",), nights)),
    ]
    taxes = [_tax_share(quote, "nights", nights), _tax_share(quote, "extra_guests", nights)]
    if cleaning:
        amounts.append(RefundLine("cleaning_fee", quote.sum_of("cleaning_fee")))
        taxes.append(_sum(quote, [line for line in quote.lines if line.taxes == "cleaning"]))
    if service_fee:
        amounts.append(RefundLine("service_fee", quote.sum_of("service_fee")))
    amounts.append(RefundLine("occupancy_tax", total(taxes, quote.total.currency)))
    lines = tuple(line for line in amounts if line.amount.minor)
    return Refund(lines, total((line.amount for line in lines), quote.total.currency))


def _share(quote: Quote, kinds: tuple[LineKind, ...], nights: set[date]) -> Money:
    return _over_nights(quote, quote.sum_of(*kinds), nights)


def _tax_share(quote: Quote, part: TaxedPart, nights: set[date]) -> Money:
    return _over_nights(quote, _sum(quote, [line for line in quote.lines if line.taxes == part]), nights)


def _over_nights(quote: Quote, amount: Money, nights: set[date]) -> Money:
    """The part of `amount` that falls on `nights`, shared by what each night costs."""
    priced = [(line.night, line.amount.minor) for line in quote.lines if line.kind == "night"]
    parts = amount.split([minor for _, minor in priced])
    return _sum_money(quote, [part for part, (night, _) in zip(parts, priced, strict=True) if night in nights])


def _sum(quote: Quote, lines: list[Line]) -> Money:
    return _sum_money(quote, [line.amount for line in lines])


def _sum_money(quote: Quote, amounts: list[Money]) -> Money:
    return total(amounts, quote.total.currency)
