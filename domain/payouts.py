"""Payouts: what a host's account takes in, and what is paid of it. All that is decided on a host's account.

Every decision is repeatable: made again on what came of it, it decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from domain.host_accounts import (
    Earning,
    HostAccount,
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    Payout,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
    Portion,
    evolve,
)
from domain.money import Money, total
from domain.payments import Evidence
from domain.rejections import Rejected

Facts = tuple[HostAccountFact, ...]

_FAILED: Final = "payout_failed:"


def earn(
    state: HostAccount, booking_id: UUID, property_id: UUID, share: Money, release_at: datetime, cause_id: UUID
) -> Facts:
    """Record that a booking earns its host `share` in all, whatever was recorded before.

    What no payout holds changes with it; what one holds stays, and a share below it is owed by the host.
    """
    before = state.earnings.get(booking_id)
    if before is None:
        return (HostEarningRecorded(booking_id, property_id, share, release_at),) if share.minor else ()
    still_open = before.open + share - before.share
    if still_open.minor < 0:
        nothing = HostEarningRecorded(booking_id, property_id, share * 0, release_at)
        # Unlike its cause, which may come again, the number of debts only grows.
        debt_id = uuid5(cause_id, f"debt:{len(state.debts)}")
        debt = HostDebtRecorded(debt_id, booking_id, -still_open, "refund_after_payout")
        return (nothing, debt) if before.open.minor else (debt,)
    if still_open == before.open and (release_at == before.release_at or not before.open.minor):
        return ()
    return (HostEarningRecorded(booking_id, property_id, still_open, release_at),)


def schedule(state: HostAccount, now: datetime, provider: str, cause_id: UUID) -> tuple[PayoutScheduled, ...]:
    """A payout in every currency of which more is due than owed, while none is under way in it.

    All that is due goes into it, less all debts: each is taken by one payout, unless that fails.
    """
    if is_held(state):
        return ()
    under_way = {payout.scheduled.amount.currency for payout in under_way_of(state).values()}
    currencies = {earning.open.currency for earning in state.earnings.values()} - under_way
    offered = (_payout(state, currency, now, provider, cause_id) for currency in sorted(currencies))
    return tuple(payout for payout in offered if payout.amount.minor > 0)


def _payout(state: HostAccount, currency: str, now: datetime, provider: str, cause_id: UUID) -> PayoutScheduled:
    earnings = tuple(
        Portion(booking_id, earning.open)
        for booking_id, earning in state.earnings.items()
        if earning.open.currency == currency and is_due(state, booking_id, earning, now)
    )
    debts = tuple(
        Portion(debt_id, debt.amount)
        for debt_id, debt in state.debts.items()
        if debt.amount.currency == currency and debt.open
    )
    amount = _sum(earnings, currency) - _sum(debts, currency)
    return PayoutScheduled(uuid5(cause_id, f"payout:{currency}"), amount, earnings, debts, provider)


def is_due(state: HostAccount, booking_id: UUID, earning: Earning, now: datetime) -> bool:
    """Whether an earning may be paid out, as far as it is open and the account is not held."""
    return earning.open.minor > 0 and earning.release_at <= now and not is_held(state, booking_id)


def is_held(state: HostAccount, booking_id: UUID | None = None) -> bool:
    """Whether a hold keeps the whole account, or (`booking_id`) just this booking."""
    return any(not hold.lifted and hold.booking_id == booking_id for hold in state.holds.values())


def under_way_of(state: HostAccount) -> dict[UUID, Payout]:
    """The payouts that a provider was or will be asked for, and of which the outcome is not known."""
    return {payout_id: payout for payout_id, payout in state.payouts.items() if payout.outcome == "scheduled"}


def pay(state: HostAccount, payout_id: UUID, evidence: Evidence) -> Facts:
    """The provider has paid it."""
    return (PayoutPaid(payout_id, evidence),) if payout_id in under_way_of(state) else ()


def fail(state: HostAccount, payout_id: UUID, code: str, evidence: Evidence) -> Facts:
    """The provider cannot pay it: nothing is paid until somebody has seen to it, or it would fail again and again."""
    if payout_id not in under_way_of(state):
        return ()
    return (PayoutFailed(payout_id, code, evidence), PayoutHoldPlaced(f"{_FAILED}{payout_id}", None, code))


def retry(state: HostAccount, payout_id: UUID) -> Facts:
    """Let what a failed payout was to pay be paid by another one."""
    payout = state.payouts.get(payout_id)
    if payout is None:
        raise Rejected("payout_not_found", "There is no such payout.")
    if payout.outcome != "failed":
        raise Rejected("payout_not_failed", "Only a payout that failed is tried again.", outcome=payout.outcome)
    return lift(state, f"{_FAILED}{payout_id}")


def readdress(state: HostAccount) -> Facts:
    """The host is paid somewhere else from now on: what failed is tried again."""
    return tuple(
        PayoutHoldLifted(hold_id)
        for hold_id, hold in state.holds.items()
        if hold_id.startswith(_FAILED) and not hold.lifted
    )


def hold(state: HostAccount, hold_id: str, booking_id: UUID | None, reason: str) -> Facts:
    """Keep the account, or one booking's earning, from being paid out. A hold is placed once."""
    return () if hold_id in state.holds else (PayoutHoldPlaced(hold_id, booking_id, reason),)


def lift(state: HostAccount, hold_id: str) -> Facts:
    known = state.holds.get(hold_id)
    if known is None:
        raise Rejected("hold_not_found", "This account has no such hold.", holds=open_holds(state))
    return () if known.lifted else (PayoutHoldLifted(hold_id),)


def open_holds(state: HostAccount) -> list[str]:
    return [hold_id for hold_id, hold in state.holds.items() if not hold.lifted]


def dispute(state: HostAccount, dispute_id: str, booking_id: UUID, *, is_open: bool) -> Facts:
    """Hold what a booking earns while its payment is disputed. An end heard of first keeps the beginning from it."""
    hold_id = f"dispute:{dispute_id}"
    placed = hold(state, hold_id, booking_id, "the payment is disputed")
    if is_open:
        return placed
    for fact in placed:
        state = evolve(state, fact)
    return (*placed, *lift(state, hold_id))


def charge(state: HostAccount, debt_id: UUID, amount: Money) -> Facts:
    """Something else that the host owes, for which an operator has a reason."""
    return () if debt_id in state.debts else (HostDebtRecorded(debt_id, None, amount, "charged"),)


def _sum(portions: Sequence[Portion], currency: str) -> Money:
    return total((portion.amount for portion in portions), currency)
