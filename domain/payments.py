"""Payments: one attempt to pay a booking, what was sent back of it, and what was disputed.

Statuses move forward only; every outcome carries its evidence. What is decided about a payment is in
`domain.charges`, `domain.refunds` and `domain.disputes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, assert_never
from uuid import UUID, uuid5

from domain.events import Fact
from domain.money import Money, total
from domain.policies import PAYMENT_ATTEMPTS_MAX
from domain.rejections import Rejected

PaymentMethod = Literal["card", "mobile_money"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an outcome is known from: the provider, its reference, and the SHA-256 of its stored answer (hex)."""

    provider: str
    reference: str
    sha256: str


ActionKind = Literal["open_page", "approve_on_phone", "confirm_with_provider"]


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the payer has to do: open `url`, answer the push on the phone (`url` then shows the sandbox's phone), or
    confirm with the provider itself, by its client library and the client secret (which is never in an event)."""

    kind: ActionKind
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentStarted(Fact):
    """The intent to charge. The provider is called with a key made from this event, after it is stored.

    What is paid is the booking itself, or what an alteration of it (`alteration_id`) costs more.
    """

    TOPIC: ClassVar[str] = "PaymentStarted"
    SCHEMA_VERSION: ClassVar[int] = 2
    booking_id: UUID
    property_id: UUID
    guest_id: UUID
    amount: Money
    payment_method: PaymentMethod
    provider: str
    attempt: int
    alteration_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PaymentActionRequired(Fact):
    TOPIC: ClassVar[str] = "PaymentActionRequired"
    next_action: NextAction
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PaymentAuthorized(Fact):
    TOPIC: ClassVar[str] = "PaymentAuthorized"
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PaymentCaptureStarted(Fact):
    TOPIC: ClassVar[str] = "PaymentCaptureStarted"


@dataclass(frozen=True, slots=True)
class PaymentCaptured(Fact):
    TOPIC: ClassVar[str] = "PaymentCaptured"
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PaymentFailed(Fact):
    """`code` is the provider's reason in our words (declined, expired, …)."""

    TOPIC: ClassVar[str] = "PaymentFailed"
    code: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PaymentVoidStarted(Fact):
    """The money will not be taken: the hold lapsed or the booking was cancelled."""

    TOPIC: ClassVar[str] = "PaymentVoidStarted"
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentVoided(Fact):
    TOPIC: ClassVar[str] = "PaymentVoided"
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RefundStarted(Fact):
    TOPIC: ClassVar[str] = "RefundStarted"
    refund_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundSucceeded(Fact):
    TOPIC: ClassVar[str] = "RefundSucceeded"
    refund_id: UUID
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RefundFailed(Fact):
    """The provider could not send the money back: an operator has to see to it. `code` is its reason in our words."""

    TOPIC: ClassVar[str] = "RefundFailed"
    refund_id: UUID
    code: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DisputeOpened(Fact):
    """The payer's bank took `amount` back until it has decided, and `fee` for its trouble (of the same currency)."""

    TOPIC: ClassVar[str] = "DisputeOpened"
    dispute_id: str
    amount: Money
    fee: Money
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DisputeWon(Fact):
    """The amount is ours again, and `fee_returned` of the fee."""

    TOPIC: ClassVar[str] = "DisputeWon"
    dispute_id: str
    fee_returned: Money
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DisputeLost(Fact):
    """The payer keeps the amount."""

    TOPIC: ClassVar[str] = "DisputeLost"
    dispute_id: str
    evidence: Evidence


Contradiction = Literal[
    "amount_differs",
    "currency_differs",
    "lost_after_capture",
    "refund_differs",
    "refund_undone",
    "dispute_differs",
]
"""What a provider says against what it had said or was asked. `lost_after_capture`: it took the money, and now says
that it failed, was withdrawn or never was; `refund_undone`: it had sent the money back, and now says that it failed."""

Resolution = Literal["dismissed", "refunded"]


@dataclass(frozen=True, slots=True)
class PaymentContradicted(Fact):
    """A provider's report that was not applied: an operator has to look at it. Once per kind and payment.

    `said` is its outcome, `amount` the amount that it named, if it named one.
    """

    TOPIC: ClassVar[str] = "PaymentContradicted"
    contradiction: Contradiction
    said: str
    amount: Money | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PaymentContradictionResolved(Fact):
    """An operator looked at it: nothing is to be done, or what is left of the money was sent back."""

    TOPIC: ClassVar[str] = "PaymentContradictionResolved"
    contradiction: Contradiction
    resolution: Resolution
    reason: str


PaymentFact = (
    PaymentStarted
    | PaymentActionRequired
    | PaymentAuthorized
    | PaymentCaptureStarted
    | PaymentCaptured
    | PaymentFailed
    | PaymentVoidStarted
    | PaymentVoided
    | RefundStarted
    | RefundSucceeded
    | RefundFailed
    | DisputeOpened
    | DisputeWon
    | DisputeLost
    | PaymentContradicted
    | PaymentContradictionResolved
)

Stage = Literal[
    "started",
    "action_required",
    "authorized",
    "capture_started",
    "captured",
    "failed",
    "void_started",
    "voided",
]


@dataclass(frozen=True, slots=True)
class RefundState:
    amount: Money
    reason: str
    outcome: Literal["started", "succeeded", "failed"] = "started"
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeState:
    amount: Money
    fee: Money
    reason: str
    outcome: Literal["opened", "won", "lost"] = "opened"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as its events tell it. `reference` is the provider's, known after the first answer.

    `authorized` stays true once the provider said so, that a charge being given up may not seem never authorised.
    `contradictions` are those found, and whether an operator has resolved them.
    """

    started: PaymentStarted
    stage: Stage = "started"
    reference: str | None = None
    next_action: NextAction | None = None
    failure_code: str | None = None
    refunds: Mapping[UUID, RefundState] = field(default_factory=dict)
    disputes: Mapping[str, DisputeState] = field(default_factory=dict)
    contradictions: Mapping[Contradiction, bool] = field(default_factory=dict)
    authorized: bool = False

    @property
    def refunding(self) -> Money:
        """Everything on its way back or back already."""
        coming = (refund.amount for refund in self.refunds.values() if refund.outcome != "failed")
        return total(coming, self.started.amount.currency)

    @property
    def refunded(self) -> Money:
        """What is back already."""
        returned = (refund.amount for refund in self.refunds.values() if refund.outcome == "succeeded")
        return total(returned, self.started.amount.currency)


def attempt_id(booking_id: UUID, attempt: int) -> UUID:
    """The id of a booking's n-th payment (from 1): derived, so that two requests for it meet in one stream."""
    return uuid5(booking_id, f"payment:{attempt}")


def attempt_ids(booking_id: UUID) -> list[UUID]:
    """The ids of all payments that a booking may ever have, in order."""
    return [attempt_id(booking_id, attempt) for attempt in range(1, PAYMENT_ATTEMPTS_MAX + 1)]


def evolve(state: Payment | None, fact: PaymentFact) -> Payment | None:
    if isinstance(fact, PaymentStarted):
        return Payment(fact)
    assert state is not None, "a payment's first event is PaymentStarted"
    match fact:
        case PaymentActionRequired(next_action, evidence):
            return replace(state, stage="action_required", next_action=next_action, reference=evidence.reference)
        case PaymentAuthorized(evidence):
            known = replace(state, next_action=None, reference=evidence.reference)
            return replace(known, stage="authorized", authorized=True)
        case PaymentCaptureStarted():
            return replace(state, stage="capture_started")
        case PaymentCaptured(evidence):
            return replace(state, stage="captured", next_action=None, failure_code=None, reference=evidence.reference)
        case PaymentFailed(code, evidence):
            return replace(state, stage="failed", next_action=None, failure_code=code, reference=evidence.reference)
        case PaymentVoidStarted():
            return replace(state, stage="void_started", next_action=None)
        case PaymentVoided():
            return replace(state, stage="voided")
        case RefundStarted() | RefundSucceeded() | RefundFailed():
            return replace(state, refunds={**state.refunds, fact.refund_id: _refund(state, fact)})
        case DisputeOpened() | DisputeWon() | DisputeLost():
            return replace(state, disputes={**state.disputes, fact.dispute_id: _dispute(state, fact)})
        case PaymentContradicted(contradiction) | PaymentContradictionResolved(contradiction):
            resolved = isinstance(fact, PaymentContradictionResolved)
            return replace(state, contradictions={**state.contradictions, contradiction: resolved})
        case _:
            assert_never(fact)


def _refund(state: Payment, fact: RefundStarted | RefundSucceeded | RefundFailed) -> RefundState:
    match fact:
        case RefundStarted(_, amount, reason):
            return RefundState(amount, reason)
        case RefundSucceeded(refund_id):
            return replace(state.refunds[refund_id], outcome="succeeded")
        case RefundFailed(refund_id, code):
            return replace(state.refunds[refund_id], outcome="failed", failure_code=code)
        case _:
            assert_never(fact)


def _dispute(state: Payment, fact: DisputeOpened | DisputeWon | DisputeLost) -> DisputeState:
    match fact:
        case DisputeOpened(_, amount, fee, reason):
            return DisputeState(amount, fee, reason)
        case DisputeWon(dispute_id):
            return replace(state.disputes[dispute_id], outcome="won")
        case DisputeLost(dispute_id):
            return replace(state.disputes[dispute_id], outcome="lost")
        case _:
            assert_never(fact)


def must_be_started(state: Payment | None) -> Payment:
    if state is None:
        raise Rejected("payment_not_found", "There is no such payment.")
    return state


def is_settled(payment: Payment) -> bool:
    """Nothing is under way with its provider: neither the charge nor a refund."""
    ended = payment.stage in ("captured", "failed", "voided")
    return ended and all(refund.outcome != "started" for refund in payment.refunds.values())


Status = Literal["pending", "authorized", "paid", "failed", "refunded", "partially_refunded", "disputed"]


def status(payment: Payment) -> Status:
    """The status as clients see it."""
    match payment.stage:
        case "started" | "action_required":
            return "pending"
        case "void_started":
            return "authorized" if payment.authorized else "pending"
        case "authorized" | "capture_started":
            return "authorized"
        case "failed" | "voided":
            return "failed"
        case "captured":
            if any(dispute.outcome != "won" for dispute in payment.disputes.values()):
                return "disputed"
            back = payment.refunded.minor
            if back == 0:
                return "paid"
            return "refunded" if back == payment.started.amount.minor else "partially_refunded"
        case _:
            assert_never(payment.stage)
