"""Balances: what a host's account comes to, in each of its currencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.host_accounts import Earning, HostAccount
from domain.money import Money, total
from domain.payouts import is_held


@dataclass(frozen=True, slots=True)
class Balance:
    """`upcoming` is earned and not released yet, `due` may be paid now, `held` is kept by holds; `owed` is netted from
    the next payout; `under_way` and `paid` are payouts."""

    currency: str
    upcoming: Money
    due: Money
    held: Money
    owed: Money
    under_way: Money
    paid: Money


def balances(state: HostAccount, now: datetime) -> tuple[Balance, ...]:
    """One per currency that the account ever had, by its code."""
    currencies = {earning.open.currency for earning in state.earnings.values()}
    currencies |= {debt.amount.currency for debt in state.debts.values()}
    return tuple(_balance(state, currency, now) for currency in sorted(currencies))


def next_release(state: HostAccount, now: datetime) -> datetime | None:
    """When more may be paid out than now."""
    ahead = (each.release_at for each in state.earnings.values() if each.open.minor and each.release_at > now)
    return min(ahead, default=None)


def _balance(state: HostAccount, currency: str, now: datetime) -> Balance:
    earnings = {
        booking_id: earning for booking_id, earning in state.earnings.items() if earning.open.currency == currency
    }
    whole = is_held(state)
    held = {booking_id for booking_id in earnings if whole or is_held(state, booking_id)}
    free = [earning for booking_id, earning in earnings.items() if booking_id not in held]
    payouts = [each for each in state.payouts.values() if each.scheduled.amount.currency == currency]
    return Balance(
        currency,
        upcoming=_open((earning for earning in free if earning.release_at > now), currency),
        due=_open((earning for earning in free if earning.release_at <= now), currency),
        held=_open((earnings[booking_id] for booking_id in held), currency),
        owed=total((d.amount for d in state.debts.values() if d.open and d.amount.currency == currency), currency),
        under_way=total((each.scheduled.amount for each in payouts if each.outcome == "scheduled"), currency),
        paid=total((each.scheduled.amount for each in payouts if each.outcome == "paid"), currency),
    )


def _open(earnings: Iterable[Earning], currency: str) -> Money:
    return total((earning.open for earning in earnings), currency)
