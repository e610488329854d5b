"""Host accounts: what a host has earned, owes, and is paid out. What is decided about it is in `domain.payouts`.

An earning says what a booking earns its host in all (`domain.shares`), and may change until it is in a payout. What a
refund takes away after that becomes a debt, which the next payout is less by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal, assert_never
from uuid import UUID, uuid5

from domain.events import Fact
from domain.money import Money
from domain.payments import Evidence

DebtReason = Literal["refund_after_payout", "charged"]
"""`charged` is an operator's: something else that the host owes the platform."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a payout: what it pays of a booking's earning, or takes of a debt (`of` is the one's or other's id)."""

    of: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class HostEarningRecorded(Fact):
    """What a booking earns its host in all, beside what payouts and debts say; to be paid from `release_at` on."""

    TOPIC: ClassVar[str] = "HostEarningRecorded"
    booking_id: UUID
    property_id: UUID
    amount: Money
    release_at: datetime


@dataclass(frozen=True, slots=True)
class HostDebtRecorded(Fact):
    """What the host owes. `debt_id` comes from the event that it follows from."""

    TOPIC: ClassVar[str] = "HostDebtRecorded"
    debt_id: UUID
    booking_id: UUID | None
    amount: Money
    reason: DebtReason


@dataclass(frozen=True, slots=True)
class PayoutScheduled(Fact):
    """The intent to pay: `amount` is what `earnings` add up to, less `debts`. The provider is called after it."""

    TOPIC: ClassVar[str] = "PayoutScheduled"
    payout_id: UUID
    amount: Money
    earnings: tuple[Portion, ...]
    debts: tuple[Portion, ...]
    provider: str


@dataclass(frozen=True, slots=True)
class PayoutPaid(Fact):
    TOPIC: ClassVar[str] = "PayoutPaid"
    payout_id: UUID
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PayoutFailed(Fact):
    """The provider could not pay: its earnings and debts are open again, and payouts are held until somebody acts."""

    TOPIC: ClassVar[str] = "PayoutFailed"
    payout_id: UUID
    code: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PayoutHoldPlaced(Fact):
    """Nothing is paid out, or nothing of one booking, until the hold is lifted. `hold_id` is unique in the account."""

    TOPIC: ClassVar[str] = "PayoutHoldPlaced"
    hold_id: str
    booking_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class PayoutHoldLifted(Fact):
    TOPIC: ClassVar[str] = "PayoutHoldLifted"
    hold_id: str


HostAccountFact = (
    HostEarningRecorded
    | HostDebtRecorded
    | PayoutScheduled
    | PayoutPaid
    | PayoutFailed
    | PayoutHoldPlaced
    | PayoutHoldLifted
)


@dataclass(frozen=True, slots=True)
class Earning:
    """A booking's. `open` is in no payout; `share` is what the booking earns in all, as far as it was recorded:
    what is open and what payouts hold, less the debts that refunds after payout made."""

    property_id: UUID
    share: Money
    open: Money
    release_at: datetime


@dataclass(frozen=True, slots=True)
class Debt:
    """`open` until a payout takes it."""

    amount: Money
    reason: DebtReason
    open: bool = True


@dataclass(frozen=True, slots=True)
class Payout:
    scheduled: PayoutScheduled
    outcome: Literal["scheduled", "paid", "failed"] = "scheduled"
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Of the whole account, or of one booking's earning. One that was lifted is never placed again."""

    booking_id: UUID | None
    reason: str
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class HostAccount:
    """Earnings by booking; debts, payouts and holds by their ids."""

    earnings: Mapping[UUID, Earning] = field(default_factory=dict)
    debts: Mapping[UUID, Debt] = field(default_factory=dict)
    payouts: Mapping[UUID, Payout] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)


EMPTY = HostAccount()


def evolve(state: HostAccount, fact: HostAccountFact) -> HostAccount:
    match fact:
        case HostEarningRecorded(booking_id):
            earning = _recorded(state.earnings.get(booking_id), fact)
            return replace(state, earnings={**state.earnings, booking_id: earning})
        case HostDebtRecorded(debt_id, booking_id, amount, reason):
            account = replace(state, debts={**state.debts, debt_id: Debt(amount, reason)})
            return _less(account, booking_id, amount) if booking_id and reason == "refund_after_payout" else account
        case PayoutScheduled(payout_id):
            return _settled(replace(state, payouts={**state.payouts, payout_id: Payout(fact)}), fact, is_open=False)
        case PayoutPaid(payout_id):
            return _ended(state, payout_id, replace(state.payouts[payout_id], outcome="paid"))
        case PayoutFailed(payout_id, code):
            failed = replace(state.payouts[payout_id], outcome="failed", failure_code=code)
            return _settled(_ended(state, payout_id, failed), failed.scheduled, is_open=True)
        case PayoutHoldPlaced(hold_id, booking_id, reason):
            return replace(state, holds={**state.holds, hold_id: Hold(booking_id, reason)})
        case PayoutHoldLifted(hold_id):
            return replace(state, holds={**state.holds, hold_id: replace(state.holds[hold_id], lifted=True)})
        case _:
            assert_never(fact)


def _recorded(before: Earning | None, fact: HostEarningRecorded) -> Earning:
    share = before.share + fact.amount - before.open if before else fact.amount
    return Earning(fact.property_id, share, fact.amount, fact.release_at)


def _less(state: HostAccount, booking_id: UUID, amount: Money) -> HostAccount:
    earning = state.earnings[booking_id]
    return replace(state, earnings={**state.earnings, booking_id: replace(earning, share=earning.share - amount)})


def _settled(state: HostAccount, payout: PayoutScheduled, *, is_open: bool) -> HostAccount:
    """What a payout holds is open no more, or (it failed) again."""
    earnings, debts = dict(state.earnings), dict(state.debts)
    for portion in payout.earnings:
        earning = earnings[portion.of]
        change = portion.amount if is_open else -portion.amount
        earnings[portion.of] = replace(earning, open=earning.open + change)
    for portion in payout.debts:
        debts[portion.of] = replace(debts[portion.of], open=is_open)
    return replace(state, earnings=earnings, debts=debts)


def _ended(state: HostAccount, payout_id: UUID, payout: Payout) -> HostAccount:
    return replace(state, payouts={**state.payouts, payout_id: payout})


def account_id(host_id: UUID) -> UUID:
    """The stream of a host's account: one per host, so its id is derived. Its partition is the host's."""
    return uuid5(host_id, "host_account")
