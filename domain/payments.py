"""Payments: one attempt to pay a booking. Statuses move forward only; every outcome carries its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the payer has to do: open `url`, or answer the push on the phone (`url` then shows the sandbox's phone)."""

    kind: Literal["open_page", "approve_on_phone"]
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
Outcome = Literal["action_required", "authorized", "captured", "failed", "voided"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says of a charge now."""

    outcome: Outcome
    evidence: Evidence
    next_action: NextAction | None = None
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class RefundState:
    amount: Money
    succeeded: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as its events tell it. `reference` is the provider's, known after the first answer.

    `authorized` stays true once the provider said so, that a charge being given up may not seem never authorised.
    """

    started: PaymentStarted
    stage: Stage = "started"
    reference: str | None = None
    next_action: NextAction | None = None
    failure_code: str | None = None
    refunds: Mapping[UUID, RefundState] = field(default_factory=dict)
    authorized: bool = False

    @property
    def refunding(self) -> Money:
        """Everything on its way back or back already."""
        return total((refund.amount for refund in self.refunds.values()), self.started.amount.currency)

    @property
    def refunded(self) -> Money:
        """What is back already."""
        returned = (refund.amount for refund in self.refunds.values() if refund.succeeded)
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
        case RefundStarted(refund_id, amount):
            return replace(state, refunds={**state.refunds, refund_id: RefundState(amount)})
        case RefundSucceeded(refund_id):
            done = replace(state.refunds[refund_id], succeeded=True)
            return replace(state, refunds={**state.refunds, refund_id: done})
        case _:
            assert_never(fact)


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
    booking is confirmed by it or the money goes back.
    """
    payment = must_be_started(state)
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


def proceed(state: Payment | None, *, booking_waits: bool) -> tuple[PaymentFact, ...]:
    """An authorisation within the hold is captured; one that came too late is voided."""
    payment = must_be_started(state)
    if payment.stage != "authorized":
        return ()
    return (PaymentCaptureStarted(),) if booking_waits else (PaymentVoidStarted("hold_lapsed"),)


def void(state: Payment | None, reason: str) -> tuple[PaymentFact, ...]:
    """Give up a charge that is not captured (nor about to be); nothing otherwise."""
    if state is None or state.stage not in ("started", "action_required", "authorized"):
        return ()
    return (PaymentVoidStarted(reason),)


def refund(state: Payment | None, refund_id: UUID, amount: Money, reason: str) -> tuple[PaymentFact, ...]:
    """Send money back, once per `refund_id` and never more than was captured."""
    payment = must_be_started(state)
    if refund_id in payment.refunds or amount.minor == 0:
        return ()
    if amount.minor < 0:
        raise Rejected("refund_negative", "A refund is a positive amount.")
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
            others = total((r.amount for i, r in attempt.refunds.items() if i != refund_id), amount.currency)
            part = min(amount, attempt.started.amount - others, key=lambda money: money.minor)
        facts.append(refund(attempt, refund_id, part, reason) if part.minor else ())
        amount = amount - part
    assert amount.minor == 0, "a refund never exceeds what was captured"
    return facts


def refund_succeeded(state: Payment | None, refund_id: UUID, evidence: Evidence) -> tuple[PaymentFact, ...]:
    payment = must_be_started(state)
    if payment.refunds[refund_id].succeeded:
        return ()
    return (RefundSucceeded(refund_id, evidence),)


def must_be_started(state: Payment | None) -> Payment:
    if state is None:
        raise Rejected("payment_not_found", "There is no such payment.")
    return state


Status = Literal["pending", "authorized", "paid", "failed", "refunded", "partially_refunded"]


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
            back = payment.refunded.minor
            if back == 0:
                return "paid"
            return "refunded" if back == payment.started.amount.minor else "partially_refunded"
        case _:
            assert_never(payment.stage)
