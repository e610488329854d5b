"""The streams that a booking's story is in: its own, and others whose ids are made of its id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from domain.host_accounts import (
    HostAccount,
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
)
from domain.payments import attempt_ids
from domain.reviews import review_id


def with_payments(booking_id: UUID) -> list[UUID]:
    """A booking's stream and those of all payments that it may have."""
    return [booking_id, *attempt_ids(booking_id)]


def reviews_of(booking_id: UUID) -> list[UUID]:
    """Those of what guest and host may write."""
    return [review_id(booking_id, "guest"), review_id(booking_id, "host")]


@dataclass(slots=True)
class PartOfAccount:
    """What of a host's account is about one booking: known by the facts that were asked about, in their order."""

    booking_id: UUID
    debts: set[UUID] = field(default_factory=set)
    payouts: set[UUID] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)

    def includes(self, fact: HostAccountFact) -> bool:
        """Whether a fact is about the booking. Ask about each from the account's first on."""
        match fact:
            case HostEarningRecorded(booking_id):
                return booking_id == self.booking_id
            case HostDebtRecorded(debt_id, booking_id):
                if booking_id == self.booking_id:
                    self.debts.add(debt_id)
                return debt_id in self.debts
            case PayoutScheduled(payout_id, earnings=earnings, debts=debts):
                if any(each.of == self.booking_id for each in earnings) or any(each.of in self.debts for each in debts):
                    self.payouts.add(payout_id)
                return payout_id in self.payouts
            case PayoutPaid(payout_id) | PayoutFailed(payout_id):
                return payout_id in self.payouts
            case PayoutHoldPlaced(hold_id, booking_id):
                if booking_id == self.booking_id:
                    self.holds.add(hold_id)
                return hold_id in self.holds
            case PayoutHoldLifted(hold_id):
                return hold_id in self.holds
            case _:
                assert_never(fact)

    def of(self, account: HostAccount) -> HostAccount:
        """The account with nothing else in it."""
        return HostAccount(
            {each: earning for each, earning in account.earnings.items() if each == self.booking_id},
            {each: account.debts[each] for each in sorted(self.debts) if each in account.debts},
            {each: account.payouts[each] for each in sorted(self.payouts) if each in account.payouts},
            {each: account.holds[each] for each in sorted(self.holds) if each in account.holds},
        )
