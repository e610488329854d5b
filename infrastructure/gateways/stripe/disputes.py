"""How a dispute stands, and what it has cost."""

from __future__ import annotations

import stripe

from domain.disputes import DisputeOutcome, DisputeReport
from domain.money import Money
from domain.payments import Evidence
from infrastructure.gateways.amounts import from_units

INQUIRY = "warning"
"""What the status of an inquiry begins with: the bank asks, and takes nothing. It may become a dispute."""


def report_of(dispute: stripe.Dispute, evidence: Evidence) -> DisputeReport:
    amount = from_units("stripe", dispute.amount, dispute.currency)
    fees = [_fee(moved, amount) for moved in dispute.balance_transactions]
    outcome: DisputeOutcome = "opened"
    if dispute.status in ("won", "lost"):
        outcome = "won" if dispute.status == "won" else "lost"
    return DisputeReport(
        dispute_id=dispute.id,
        outcome=outcome,
        amount=amount,
        fee=Money(sum(fee for fee in fees if fee > 0), amount.currency),
        fee_returned=Money(-sum(fee for fee in fees if fee < 0), amount.currency),
        reason=dispute.reason,
        evidence=evidence,
    )


def _fee(moved: stripe.BalanceTransaction, amount: Money) -> int:
    """The fee of a movement in minor units of what was paid in: `moved` is in the currency that we are settled in.

    Both know the disputed amount, so their ratio is the rate; rounded half up, which is exact for the same currency.
    """
    whole = abs(moved.amount)
    if whole == 0:
        return 0
    return (2 * moved.fee * amount.minor + whole) // (2 * whole)
