"""Disputes: a payer's bank takes a card payment back until it has decided whose the money is.

A dispute that is lost is the platform's loss, as its fee is: the host keeps what was earned, unless an operator
charges it to the host's account with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.charges import contradict
from domain.money import Money
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Evidence,
    Payment,
    PaymentFact,
    must_be_started,
)

DisputeOutcome = Literal["opened", "won", "lost"]


@dataclass(frozen=True, slots=True)
class DisputeReport:
    """What a provider says of a dispute now. `fee_returned` is what it gave back of its fee (on a win)."""

    dispute_id: str
    outcome: DisputeOutcome
    amount: Money
    fee: Money
    fee_returned: Money
    reason: str
    evidence: Evidence


def undecided(payment: Payment) -> list[str]:
    """The disputes that are open still, by the provider's ids."""
    return [dispute_id for dispute_id, dispute in payment.disputes.items() if dispute.outcome == "opened"]


def report_dispute(state: Payment | None, said: DisputeReport) -> tuple[PaymentFact, ...]:
    """Record what the provider says of a dispute; an end heard of before its beginning records both."""
    payment = must_be_started(state)
    known = payment.disputes.get(said.dispute_id)
    if payment.stage != "captured" or (known is not None and said.amount != known.amount):
        return contradict(payment, "dispute_differs", said.outcome, said.amount, said.evidence)
    opened = DisputeOpened(said.dispute_id, said.amount, said.fee, said.reason, said.evidence)
    before: tuple[PaymentFact, ...] = () if known else (opened,)
    match said.outcome:
        case "opened":
            return before
        case "won" if known is None or known.outcome == "opened":
            return (*before, DisputeWon(said.dispute_id, said.fee_returned, said.evidence))
        case "lost" if known is None or known.outcome == "opened":
            return (*before, DisputeLost(said.dispute_id, said.evidence))
        case "won" | "lost":
            if known is not None and known.outcome != said.outcome:
                return contradict(payment, "dispute_differs", said.outcome, said.amount, said.evidence)
            return ()
