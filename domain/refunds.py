"""Refunds: sending captured money back, once each and never more than was captured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from domain.charges import contradict
from domain.money import Money, total
from domain.payments import (
    Contradiction,
    Evidence,
    Payment,
    PaymentContradictionResolved,
    PaymentFact,
    RefundFailed,
    RefundStarted,
    RefundState,
    RefundSucceeded,
    Resolution,
    must_be_started,
)
from domain.rejections import Rejected

RefundOutcome = Literal["pending", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class RefundReport:
    """What a provider says of a refund now. `amount` is what it sends back, where it says so."""

    outcome: RefundOutcome
    evidence: Evidence
    failure_code: str | None = None
    amount: Money | None = None


def refund(state: Payment | None, refund_id: UUID, amount: Money, reason: str) -> tuple[PaymentFact, ...]:
    """Send money back, once per `refund_id` and never more than was captured."""
    payment = must_be_started(state)
    if refund_id in payment.refunds or amount.minor == 0:
        return ()
    if amount.minor < 0:
        raise Rejected("refund_negative", "A refund is a positive amount.")
    if amount.currency != payment.started.amount.currency:
        raise Rejected("currency_foreign", "A refund is of its payment's currency.")
    if payment.stage != "captured" or (payment.refunding + amount).minor > payment.started.amount.minor:
        raise Rejected("refund_exceeds_capture", "Refunds never exceed what was captured.")
    return (RefundStarted(refund_id, amount, reason),)


def pay_back(
    attempts: Sequence[Payment | None], amount: Money, refund_ids: Sequence[UUID], reason: str
) -> list[tuple[PaymentFact, ...]]:
    """Refund `amount` from a booking's payments, the first that has it first; again decides the same.

    `refund_ids` are one for each attempt: what was refunded under them already is part of `amount`.
    """
    facts: list[tuple[PaymentFact, ...]] = []
    for attempt, refund_id in zip(attempts, refund_ids, strict=True):
        part = amount * 0
        if attempt is not None and attempt.stage == "captured":
            own = {refund_id, *_retries(attempt, refund_id)}
            coming = (r for i, r in attempt.refunds.items() if r.outcome != "failed" and i not in own)
            others = total((r.amount for r in coming), amount.currency)
            part = min(amount, attempt.started.amount - others, key=lambda money: money.minor)
        facts.append(refund(attempt, refund_id, part, reason) if part.minor else ())
        amount = amount - part
    return facts


def report_refund(state: Payment | None, refund_id: UUID, said: RefundReport) -> tuple[PaymentFact, ...]:
    """Record what the provider says of a refund, forwards only. What it sent back is not undone by a later report."""
    payment = must_be_started(state)
    known = payment.refunds[refund_id]
    if said.amount is not None and said.amount != known.amount:
        return contradict(payment, "refund_differs", said.outcome, said.amount, said.evidence)
    match said.outcome:
        case "succeeded" if known.outcome == "failed" and refund_id not in retriable(payment):
            # Tried again meanwhile: the payer has it twice.
            return contradict(payment, "refund_differs", said.outcome, said.amount, said.evidence)
        case "succeeded" if known.outcome != "succeeded":
            return (RefundSucceeded(refund_id, said.evidence),)
        case "failed" if known.outcome == "succeeded":
            return contradict(payment, "refund_undone", said.outcome, said.amount, said.evidence)
        case "failed" if known.outcome == "started":
            return (RefundFailed(refund_id, said.failure_code or "failed", said.evidence),)
        case _:
            return ()


def retry(state: Payment | None, refund_id: UUID) -> tuple[PaymentFact, ...]:
    """Try a refund that failed once more, under a new id: the provider would give the old one's answer again.

    That id comes from the old one, so that asking for it twice sends the money back once.
    """
    payment = must_be_started(state)
    failed = payment.refunds.get(refund_id)
    if failed is None:
        raise Rejected("refund_not_found", "This payment has no such refund.")
    if failed.outcome != "failed":
        raise Rejected("refund_not_failed", "Only a refund that failed is tried again.", outcome=failed.outcome)
    return refund(payment, retry_id(refund_id), failed.amount, failed.reason)


def retry_id(refund_id: UUID) -> UUID:
    """The id under which a refund is tried again once it has failed."""
    return uuid5(refund_id, "retry")


def retriable(payment: Payment) -> dict[UUID, RefundState]:
    """The refunds that failed and wait for somebody: not tried again yet, of money that is not on its way otherwise."""
    left = payment.started.amount - payment.refunding
    return {
        refund_id: failed
        for refund_id, failed in payment.refunds.items()
        if failed.outcome == "failed"
        and retry_id(refund_id) not in payment.refunds
        and failed.amount.minor <= left.minor
    }


def _retries(payment: Payment, refund_id: UUID) -> Iterator[UUID]:
    """The ids under which a refund was tried again, and again."""
    while (refund_id := retry_id(refund_id)) in payment.refunds:
        yield refund_id


def resolve(
    state: Payment | None, contradiction: Contradiction, resolution: Resolution, refund_id: UUID, reason: str
) -> tuple[PaymentFact, ...]:
    """An operator has looked at a contradiction. "refunded" sends back what is left of the captured money."""
    payment = must_be_started(state)
    if payment.contradictions.get(contradiction) is not False:
        raise Rejected("contradiction_not_open", "This payment has no such contradiction that waits for somebody.")
    resolved = PaymentContradictionResolved(contradiction, resolution, reason)
    if resolution == "dismissed":
        return (resolved,)
    if payment.stage != "captured":
        raise Rejected("payment_not_captured", "Nothing of this payment was captured that could be sent back.")
    left = payment.started.amount - payment.refunding
    return (resolved, *refund(payment, refund_id, left, reason))
