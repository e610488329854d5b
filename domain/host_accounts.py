"""Host accounts: what a host has earned, owes, and is paid out. Everything about paying a host is decided here.

An earning says what a booking earns its host in all (`domain.shares`), and may change until it is in a payout. What a
refund takes away after that becomes a debt, which the next payout is less by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
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


def account_id(host_id: UUID) -> UUID:
    """The stream of a host's account: one per host, so its id is derived."""
    return uuid5(host_id, "host_account")
