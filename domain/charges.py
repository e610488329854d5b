"""Charges: taking the money of a payment, and what a provider reports of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.money import Money
from domain.payments import (
    Contradiction,
    Evidence,
    NextAction,
    Payment,
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentContradicted,
    PaymentFact,
    PaymentFailed,
    PaymentStarted,
    PaymentVoided,
    PaymentVoidStarted,
    must_be_started,
)
from domain.policies import PAYMENT_ATTEMPTS_MAX
from domain.rejections import Rejected

Outcome = Literal["pending", "action_required", "authorized", "captured", "failed", "voided"]
"""`pending`: the provider knows of the charge and has decided nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says of a charge now.

    `amount` is what it has authorised or captured, where it says so. `client_secret` is what the payer's client
    confirms the charge with: it is no part of any fact.
    """

    outcome: Outcome
    evidence: Evidence
    next_action: NextAction | None = None
    failure_code: str | None = None
    amount: Money | None = None
    client_secret: str | None = None


def start(attempts: list[Payment | None], intent: PaymentStarted) -> tuple[PaymentFact, ...]:
    """Begin the next attempt. `attempts` are the booking's payments so far, in order."""
    if len(attempts) >= PAYMENT_ATTEMPTS_MAX:
        raise Rejected(
            "too_many_attempts", "This booking was tried to be paid too often.", maximum=PAYMENT_ATTEMPTS_MAX
        )
    under_way = [attempt for attempt in attempts if attempt is not None and attempt.stage not in ("failed", "voided")]
    if any(a.stage != "captured" or a.started.alteration_id == intent.alteration_id for a in under_way):
        raise Rejected("payment_in_progress", "A payment for this booking is under way.")
    return (intent,)


def report(state: Payment | None, said: Report) -> tuple[PaymentFact, ...]:
    """Record what the provider says, forwards only: a late or repeated report changes nothing.

    Money outranks every other end: a push that failed or was withdrawn and is paid all the same was paid, and the
    booking is confirmed by it or the money goes back. What cannot be is recorded as a contradiction and not applied:
    another amount than was asked for, or the end of a charge that was taken.
    """
    payment = must_be_started(state)
    contradiction = _contradiction(payment, said)
    if contradiction is not None:
        return contradict(payment, contradiction, said.outcome, said.amount, said.evidence)
    match said.outcome:
        case "action_required" if payment.stage == "started":
            assert said.next_action is not None
            return (PaymentActionRequired(said.next_action, said.evidence),)
        case "authorized" if payment.stage in ("started", "action_required"):
            return (PaymentAuthorized(said.evidence),)
        case "captured" if payment.stage != "captured":
            return (PaymentCaptured(said.evidence),)
        case "failed" if payment.stage not in ("captured", "failed", "voided"):
            return (PaymentFailed(said.failure_code or "declined", said.evidence),)
        case "voided" if payment.stage not in ("captured", "failed", "voided"):
            return (PaymentVoided(said.evidence),)
        case _:
            return ()


def _contradiction(payment: Payment, said: Report) -> Contradiction | None:
    asked = payment.started.amount
    if said.amount is not None and said.amount.currency != asked.currency:
        return "currency_differs"
    if said.amount is not None and said.amount != asked and said.outcome in ("authorized", "captured"):
        return "amount_differs"
    if payment.stage == "captured" and said.outcome in ("failed", "voided"):
        return "lost_after_capture"
    return None


def contradict(
    payment: Payment, kind: Contradiction, said: str, amount: Money | None, evidence: Evidence
) -> tuple[PaymentFact, ...]:
    """Record a report that cannot be, once per kind: whoever has looked at it is not asked again."""
    if kind in payment.contradictions:
        return ()
    return (PaymentContradicted(kind, said, amount, evidence),)


def proceed(state: Payment | None, *, booking_waits: bool) -> tuple[PaymentFact, ...]:
    """An authorisation within the hold is captured; what nobody waits for any more is given up."""
    payment = must_be_started(state)
    if not booking_waits:
        return void(payment, "hold_lapsed")
    return (PaymentCaptureStarted(),) if payment.stage == "authorized" else ()


def void(state: Payment | None, reason: str) -> tuple[PaymentFact, ...]:
    """Give up a charge that is not captured (nor about to be); nothing otherwise."""
    if state is None or state.stage not in ("started", "action_required", "authorized"):
        return ()
    return (PaymentVoidStarted(reason),)
