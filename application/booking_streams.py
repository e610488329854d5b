"""The streams that a booking's story is in: its own, and others whose ids are made of its id."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never
from uuid import UUID

from domain.host_accounts import (
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

T = TypeVar("T")


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

    def of(self, fact: HostAccountFact) -> HostAccountFact | None:
        """What of a fact is about the booking, if anything is. Ask about each from the account's first on.

        A payout is told with its whole amount, and with no part of it that is for others.
        """
        match fact:
            case HostEarningRecorded(booking_id):
                return fact if booking_id == self.booking_id else None
            case HostDebtRecorded(debt_id, booking_id):
                return self._added(self.debts, debt_id, fact, is_of_it=booking_id == self.booking_id)
            case PayoutScheduled(payout_id):
                earnings = tuple(each for each in fact.earnings if each.of == self.booking_id)
                debts = tuple(each for each in fact.debts if each.of in self.debts)
                part = replace(fact, earnings=earnings, debts=debts)
                return self._added(self.payouts, payout_id, part, is_of_it=bool(earnings or debts))
            case PayoutPaid(payout_id) | PayoutFailed(payout_id):
                return fact if payout_id in self.payouts else None
            case PayoutHoldPlaced(hold_id, booking_id):
                return self._added(self.holds, hold_id, fact, is_of_it=booking_id == self.booking_id)
            case PayoutHoldLifted(hold_id):
                return fact if hold_id in self.holds else None
            case _:
                assert_never(fact)

    def _added(self, known: set[T], key: T, fact: HostAccountFact, *, is_of_it: bool) -> HostAccountFact | None:
        if is_of_it:
            known.add(key)
        return fact if is_of_it else None
