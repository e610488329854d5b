"""A payment provider in the test's hands: in memory, with a ledger of its own, webhooks that it signs, and moods."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import RLock
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from application.lodger import Lodger
from application.payment_ports import (
    Charge,
    GatewayUnavailable,
    Hint,
    OpenedAccount,
    PayoutOrder,
    PayoutReport,
    RefundOrder,
    Totals,
)
from domain.charges import Outcome, Report
from domain.disputes import DisputeOutcome, DisputeReport
from domain.money import Money
from domain.payments import Evidence, NextAction, PaymentMethod
from domain.refunds import RefundOutcome, RefundReport
from domain.rejections import Rejected

TOLERANCE: Final = timedelta(seconds=300)
FEE_MINOR: Final = 1_500
"""Of a dispute, in minor units; it comes back when the dispute is won."""

T = TypeVar("T")
About = Literal["charge", "dispute", "payout", "nothing"]


@dataclass(frozen=True, slots=True)
class ScriptedCharge:
    """A charge as the provider has it. `amount` is what it says that it authorised or took."""

    reference: str
    payment_id: UUID
    method: PaymentMethod
    amount: Money
    outcome: Outcome = "action_required"


@dataclass(frozen=True, slots=True)
class ScriptedDispute:
    reference: str
    amount: Money
    outcome: DisputeOutcome = "opened"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as it is sent."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedGateway:
    """Implements `application.payment_ports.Gateway`.

    While `away`, nothing is done and nothing answered. Each call named in `silent` is done that many times without an
    answer. Refunds stay pending while `refunds_wait`, until `finish_refunds`. `asked` counts calls by name.
    """

    name: str = "scripted"
    secret: bytes = b"secret of the scripted provider"
    away: bool = False
    refunds_wait: bool = False
    silent: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    charges: dict[str, ScriptedCharge] = field(default_factory=dict)
    refunds: dict[UUID, tuple[RefundOrder, RefundOutcome]] = field(default_factory=dict)
    disputes: dict[str, ScriptedDispute] = field(default_factory=dict)
    payouts: dict[UUID, PayoutOrder] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def serve(self, lodger: Lodger) -> Lodger:
        """The same Lodger, with this provider taking every kind of payment."""
        return replace(
            lodger,
            gateways={"card": self, "mobile_money": self},
            providers={**lodger.providers, self.name: self},
        )

    # What Lodger asks

    def start(self, charge: Charge) -> Report:
        with self._lock:
            self._asked("start")
            reference = f"{self.name}_{charge.key.hex}"
            self.charges.setdefault(
                reference, ScriptedCharge(reference, charge.payment_id, charge.payment_method, charge.amount)
            )
            return self._answered("start", self._report(reference))

    def look_up(self, reference: str) -> Report:
        with self._lock:
            self._asked("look_up")
            return self._answered("look_up", self._report(reference))

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:
        with self._lock:
            self._asked("capture")
            self._move(reference, {"authorized": "captured"})
            return self._answered("capture", self._report(reference))

    def void(self, reference: str, key: UUID) -> Report:
        with self._lock:
            self._asked("void")
            self._move(reference, {"action_required": "voided", "pending": "voided", "authorized": "voided"})
            return self._answered("void", self._report(reference))

    def refund(self, order: RefundOrder) -> RefundReport:
        with self._lock:
            self._asked("refund")
            left = self._captured(order.reference) - self._refunded(order.reference)
            outcome: RefundOutcome = "pending" if self.refunds_wait else "succeeded"
            self.refunds.setdefault(order.key, (order, outcome if order.amount.minor <= left else "failed"))
            known, outcome = self.refunds[order.key]
            evidence = self._evidence(known.reference, f"refund {order.key} {outcome}")
            return self._answered("refund", RefundReport(outcome, evidence, amount=known.amount))

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        with self._lock:
            self._asked("pay_out")
            self.payouts.setdefault(order.key, order)
            return self._answered("pay_out", PayoutReport("paid", self._evidence(f"po_{order.key.hex}", "paid")))

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:
        return OpenedAccount(f"acct_{host_id.hex}")

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        with self._lock:
            self._asked("look_up_dispute")
            dispute = self.disputes.get(dispute_id)
            if dispute is None:
                raise Rejected("dispute_not_found", "There is no such dispute.")
            fee = Money(FEE_MINOR, dispute.amount.currency)
            report = DisputeReport(
                dispute_id,
                dispute.outcome,
                dispute.amount,
                fee,
                fee if dispute.outcome == "won" else fee * 0,
                "fraudulent",
                self._evidence(dispute.reference, f"dispute {dispute_id} {dispute.outcome}"),
            )
            return self._answered("look_up_dispute", (dispute.reference, report))

    def payment_of(self, reference: str) -> UUID | None:
        with self._lock:
            self._asked("payment_of")
            charge = self.charges.get(reference)
            return charge.payment_id if charge else None

    def totals(self, reference: str, currency: str) -> Totals:
        return Totals(Money(self._captured(reference), currency), Money(self._refunded(reference), currency))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:
        stamp, _, signature = headers.get("scripted-signature", "").partition(",")
        if not hmac.compare_digest(signature, self._signed(stamp, body)):
            raise Rejected("webhook_signature_invalid", "This is not signed by the provider.")
        if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
            raise Rejected("webhook_stale", "This was signed at another time.")
        try:
            said = json.loads(body)
            payment_id = said.get("payment_id")
            return Hint(said["id"], said["about"], said.get("reference"), UUID(payment_id) if payment_id else None)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise Rejected("webhook_malformed", "This is no webhook of the provider.") from error

    # What the test does

    def approve(self, payment_id: UUID) -> None:
        """The payer says yes: a card is authorised, mobile money is taken."""
        charge = self.charge_of(payment_id)
        taken: Outcome = "captured" if charge.method == "mobile_money" else "authorized"
        self._move(charge.reference, {"action_required": taken, "pending": taken})

    def says(self, payment_id: UUID, outcome: Outcome, amount: Money | None = None) -> None:
        """Whatever happened there: from now on it says this of the charge."""
        charge = self.charge_of(payment_id)
        self.charges[charge.reference] = replace(charge, outcome=outcome, amount=amount or charge.amount)

    def finish_refunds(self, outcome: RefundOutcome = "succeeded") -> None:
        """What was pending has ended like this."""
        self.refunds_wait = False
        for key, (order, before) in self.refunds.items():
            self.refunds[key] = (order, outcome if before == "pending" else before)

    def undo_refunds(self) -> None:
        """What had been sent back has come back."""
        self.refunds = {key: (order, "failed") for key, (order, _) in self.refunds.items()}

    def dispute(self, payment_id: UUID, dispute_id: str = "dp_1", outcome: DisputeOutcome = "opened") -> None:
        """The payer's bank takes everything back, or decides about it."""
        charge = self.charge_of(payment_id)
        self.disputes[dispute_id] = ScriptedDispute(charge.reference, charge.amount, outcome)

    def charge_of(self, payment_id: UUID) -> ScriptedCharge:
        return next(charge for charge in self.charges.values() if charge.payment_id == payment_id)

    def kept(self) -> int:
        """Minor units that its own ledger says were taken and not given back."""
        return sum(self._captured(reference) - self._refunded(reference) for reference in self.charges)

    def webhook(self, event_id: str, about: About = "charge", *, at: datetime | None = None, **said: Any) -> Delivery:
        """A signed webhook, of now or of another time. `said` may have a `reference` and a `payment_id`."""
        body = json.dumps({"id": event_id, "about": about, **said}, default=str).encode()
        return self.signed(body, at)

    def signed(self, body: bytes, at: datetime | None = None) -> Delivery:
        stamp = str(int((at or datetime.now(UTC)).timestamp()))
        return Delivery({"scripted-signature": f"{stamp},{self._signed(stamp, body)}"}, body)

    # How it keeps its books

    def _asked(self, call: str) -> None:
        if self.away:
            raise GatewayUnavailable(f"{self.name} is away")
        self.asked[call] += 1

    def _answered(self, call: str, answer: T) -> T:
        if self.silent[call] > 0:
            self.silent[call] -= 1
            raise GatewayUnavailable(f"{self.name} has done it and does not say so")
        return answer

    def _move(self, reference: str, moves: Mapping[Outcome, Outcome]) -> None:
        with self._lock:
            charge = self.charges[reference]
            self.charges[reference] = replace(charge, outcome=moves.get(charge.outcome, charge.outcome))

    def _report(self, reference: str) -> Report:
        charge = self.charges.get(reference)
        if charge is None:
            evidence = self._evidence(reference, "unknown")
            return Report("failed", evidence, failure_code="unknown_to_provider")
        evidence = self._evidence(reference, f"{charge.outcome} {charge.amount}")
        match charge.outcome:
            case "action_required":
                action = NextAction("confirm_with_provider")
                return Report("action_required", evidence, next_action=action, client_secret=f"{reference}_secret")
            case "failed":
                return Report("failed", evidence, failure_code="declined")
            case "authorized" | "captured":
                return Report(charge.outcome, evidence, amount=charge.amount)
            case outcome:
                return Report(outcome, evidence)

    def _captured(self, reference: str) -> int:
        charge = self.charges.get(reference)
        return charge.amount.minor if charge and charge.outcome == "captured" else 0

    def _refunded(self, reference: str) -> int:
        """What is on its way back counts: it cannot be sent back again."""
        return sum(
            order.amount.minor
            for order, outcome in self.refunds.values()
            if order.reference == reference and outcome != "failed"
        )

    def _evidence(self, reference: str, said: str) -> Evidence:
        return Evidence(self.name, reference, sha256(f"{reference} {said}".encode()).hexdigest())

    def _signed(self, stamp: str, body: bytes) -> str:
        return hmac.new(self.secret, stamp.encode() + b"." + body, sha256).hexdigest()
