"""Cancellation policies: what a guest gets back, line by line. The policy in force is pinned when booking.

Hours are elapsed time; days are calendar days, at the check-in's local time: when the clocks change in between, the
instant moves and the rule stays. Whoever cancels at the very instant of a deadline is in time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, assert_never

from domain.money import Money, total
from domain.policies import (
    BASIS_POINTS,
    FLEXIBLE_FULL_REFUND_UNTIL,
    MODERATE_FULL_REFUND_DAYS,
    STRICT_FULL_REFUND_DAYS,
    STRICT_FULL_REFUND_FOR,
    STRICT_HALF_REFUND_DAYS,
)
from domain.pricing import CancellationPolicy, Line, LineKind, Quote, TaxedPart
from domain.stays import Stay, local_date, local_instant

CancelledBy = Literal["guest", "host", "platform"]

_HALF: Final = BASIS_POINTS // 2
_A_MOMENT: Final = timedelta.resolution


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
    """What comes back of one kind of line; nights and their discounts, extra guests and tax come back as one each."""

    kind: LineKind
    amount: Money


@dataclass(frozen=True, slots=True)
class Refund:
    """What comes back, itemised. `total` is the sum of `lines`."""

    lines: tuple[RefundLine, ...]
    total: Money

    def sum_of(self, kind: LineKind) -> Money:
        return total((line.amount for line in self.lines if line.kind == kind), self.total.currency)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Whoever cancels before `until` gets what comes back until then; later it is `refund_after`, which is less."""

    until: datetime
    refund_after: Money


def refund(quote: Quote, terms: Terms, by: CancelledBy, now: datetime) -> Refund:
    """What the payer of `quote` gets back when `by` cancels at `now`."""
    everything = _Nights(frozenset(quote.stay.dates()))
    if by != "guest":
        return _itemised(quote, everything, cleaning=True, service_fee=True, forfeited=True)
    before = now < _check_in(quote.stay, terms)
    nights = _given_back(quote.stay, terms, now)
    return _itemised(quote, nights, cleaning=before, service_fee=before and nights == everything)


def deadlines(stay: Stay, terms: Terms, now: datetime, refund_at: Callable[[datetime], Money]) -> tuple[Deadline, ...]:
    """When cancelling comes to give less than at `now`: until check-in every time, during the stay the next one.

    `refund_at` says what comes back at an instant.
    """
    found: list[Deadline] = []
    back = refund_at(now)
    for until in sorted(_turns(stay, terms, now)):
        after = refund_at(until + _A_MOMENT)
        if after.minor < back.minor:
            found.append(Deadline(until, after))
            back = after
    return tuple(found)


def _check_in(stay: Stay, terms: Terms) -> datetime:
    return local_instant(stay.check_in, terms.check_in_time, terms.zone)


@dataclass(frozen=True, slots=True)
class _Nights:
    """Nights that come back, each by `portion_bp` of what it cost."""

    dates: frozenset[date] = frozenset()
    portion_bp: int = BASIS_POINTS


def _given_back(stay: Stay, terms: Terms, now: datetime) -> _Nights:
    """The table of cancellation policies."""
    everything = frozenset(stay.dates())
    if (full_until := _full_until(stay, terms)) is not None and now <= full_until:
        return _Nights(everything)
    before = now < _check_in(stay, terms)
    next_one = max(local_date(now, terms.zone), stay.check_in)
    later = frozenset(night for night in everything if night > next_one)
    match terms.policy:
        case "flexible":
            return _Nights(later)
        case "moderate":
            return _Nights(everything if before else later, _HALF)
        case "strict":
            return (
                _Nights(everything, _HALF) if now <= _days_before(stay, terms, STRICT_HALF_REFUND_DAYS) else _Nights()
            )
        case "non_refundable":
            return _Nights()
        case _:
            assert_never(terms.policy)


def _full_until(stay: Stay, terms: Terms) -> datetime | None:
    """The last instant at which all nights come back; None: there is none."""
    match terms.policy:
        case "flexible":
            return _check_in(stay, terms) - FLEXIBLE_FULL_REFUND_UNTIL
        case "moderate":
            return _days_before(stay, terms, MODERATE_FULL_REFUND_DAYS)
        case "strict":
            enough_time_left = _days_before(stay, terms, STRICT_FULL_REFUND_DAYS)
            return min(terms.agreed_at + STRICT_FULL_REFUND_FOR, enough_time_left)
        case "non_refundable":
            return None
        case _:
            assert_never(terms.policy)


def _turns(stay: Stay, terms: Terms, now: datetime) -> set[datetime]:
    """Instants from `now` on after which a policy may give less."""
    begins = _check_in(stay, terms)
    if now >= begins:
        return {local_instant(local_date(now, terms.zone) + timedelta(days=1), time(), terms.zone)}
    policy_turns = {_full_until(stay, terms), _days_before(stay, terms, STRICT_HALF_REFUND_DAYS), begins}
    return {turn for turn in policy_turns if turn is not None and turn >= now}


def _days_before(stay: Stay, terms: Terms, days: int) -> datetime:
    return local_instant(stay.check_in - timedelta(days=days), terms.check_in_time, terms.zone)


def _itemised(quote: Quote, nights: _Nights, *, cleaning: bool, service_fee: bool, forfeited: bool = False) -> Refund:
    """Nights' discounts, extra guests and tax are shared over the nights so that all parts add up to what was paid.

    A portion rounds once, on its own line of the refund.
    """
    of_nights = _over_nights(
        quote, quote.sum_of("night", "weekly_discount", "monthly_discount", "non_refundable_discount"), nights
    )
    of_extra_guests = _over_nights(quote, quote.sum_of("extra_guests"), nights)
    tax = _over_nights(quote, _tax(quote, "nights"), nights) + _over_nights(quote, _tax(quote, "extra_guests"), nights)
    amounts = [
        RefundLine("night", of_nights.portion(nights.portion_bp)),
        RefundLine("extra_guests", of_extra_guests.portion(nights.portion_bp)),
    ]
    tax = tax.portion(nights.portion_bp)
    if cleaning:
        amounts.append(RefundLine("cleaning_fee", quote.sum_of("cleaning_fee")))
        tax += _tax(quote, "cleaning")
    if service_fee:
        amounts.append(RefundLine("service_fee", quote.sum_of("service_fee")))
    amounts.append(RefundLine("occupancy_tax", tax))
    if forfeited:
        amounts.append(RefundLine("forfeited", quote.sum_of("forfeited")))
    lines = tuple(line for line in amounts if line.amount.minor)
    return Refund(lines, total((line.amount for line in lines), quote.total.currency))


def _tax(quote: Quote, part: TaxedPart) -> Money:
    return _sum(quote, [line for line in quote.lines if line.taxes == part])


def _over_nights(quote: Quote, amount: Money, nights: _Nights) -> Money:
    """The part of `amount` that falls on the nights, shared by what each night costs."""
    priced = [(line.night, line.amount.minor) for line in quote.lines if line.kind == "night"]
    parts = amount.split([minor for _, minor in priced])
    fallen = (part for part, (night, _) in zip(parts, priced, strict=True) if night in nights.dates)
    return total(fallen, quote.total.currency)


def _sum(quote: Quote, lines: list[Line]) -> Money:
    return total((line.amount for line in lines), quote.total.currency)
