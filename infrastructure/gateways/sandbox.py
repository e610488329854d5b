"""The sandbox provider: it charges nobody, keeps a ledger of its own, and lets a person approve or decline on a page.

A card is authorised first and captured later; approving a mobile-money push captures at once, as in real life. What
goes wrong in real life can be practised: a second step, a late answer, refunds that fail, a contradiction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from application.payment_ports import Charge, Hint, OpenedAccount, PayoutOrder, PayoutReport, RefundOrder, Totals
from domain.charges import Report
from domain.disputes import DisputeReport
from domain.money import Money
from domain.payments import NextAction
from domain.refunds import RefundReport
from domain.rejections import Rejected
from infrastructure.clock import SANDBOX_NOW
from infrastructure.database import Connection, Database
from infrastructure.gateways.evidence import evidence_of

_REFERENCES: Final = UUID("6f0a7c1e-94b5-4b6c-9a51-7d3f8d0f2c11")
_COLUMNS: Final = "reference, payment_id, minor, currency, method, status, approved_at, refunds_fail, denied"

Status = Literal["waiting", "challenged", "authorized", "captured", "declined", "voided"]
"""`challenged`: the payer said yes, and the bank wants to know whether it was the payer (3-D Secure)."""


@dataclass(frozen=True, slots=True)
class SandboxCharge:
    """A charge as the provider's page shows it.

    `approved_at` is when its payer will have approved it; `denied` says that the provider denies having taken it.
    """

    reference: str
    payment_id: UUID
    amount: Money
    method: Literal["card", "mobile_money"]
    status: Status
    approved_at: datetime | None
    refunds_fail: bool
    denied: bool


class SandboxGateway:
    """Implements `application.payment_ports.Gateway`. `public_url` is where the page lives."""

    name: Final = "sandbox"

    def __init__(self, database: Database, public_url: str) -> None:
        self._database = database
        self._public_url = public_url

    def start(self, charge: Charge) -> Report:
        """Open a charge that waits for its payer; the same key again finds the same charge."""
        reference = f"sbx_{uuid5(_REFERENCES, str(charge.key)).hex}"
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO sandbox_charges (reference, key, payment_id, minor, currency, method)
                   VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                [
                    reference,
                    str(charge.key),
                    charge.payment_id,
                    charge.amount.minor,
                    charge.amount.currency,
                    charge.payment_method,
                ],
            )
            return self._report(connection, reference)

    def look_up(self, reference: str) -> Report:
        with self._database.transaction() as connection:
            try:
                return self._report(connection, reference)
            except LookupError:
                body = json.dumps({"reference": reference, "status": "unknown"})
                evidence = evidence_of(connection, self.name, reference, body)
                return Report("failed", evidence, failure_code="unknown_to_provider")

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:  # noqa: ARG002 - captured stays captured
        return self._move(reference, {"authorized": "captured"})

    def void(self, reference: str, key: UUID) -> Report:  # noqa: ARG002 - what is voided stays voided
        return self._move(reference, {"waiting": "voided", "challenged": "voided", "authorized": "voided"})

    def refund(self, order: RefundOrder) -> RefundReport:
        """Give money back once per key, never more than was captured. What failed has failed for good."""
        key, amount = str(order.key), order.amount
        with self._database.transaction() as connection, connection.cursor() as cursor:
            charge = _find(connection, order.reference, lock=True)
            code = _refusal(connection, charge, key, amount)
            if code is None:
                cursor.execute(
                    "INSERT INTO sandbox_refunds VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [key, order.reference, amount.minor],
                )
            else:
                cursor.execute(
                    "INSERT INTO sandbox_failed_refunds VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [key, order.reference, code],
                )
            body = json.dumps({"refund": key, "reference": order.reference, "amount": str(amount), "failed": code})
            evidence = evidence_of(connection, self.name, order.reference, body)
        if code is not None:
            return RefundReport("failed", evidence, failure_code=code)
        return RefundReport("succeeded", evidence, amount=amount)

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        """Pay a host once per key: nobody is paid in truth."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO sandbox_payouts (key, payout_id, minor, currency, destination)
                   VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
                [order.key, order.payout_id, order.amount.minor, order.amount.currency, order.destination],
            )
            body = json.dumps({"payout": str(order.payout_id), "amount": str(order.amount)})
            evidence = evidence_of(connection, self.name, f"sbx_po_{order.key.hex}", body)
        return PayoutReport("paid", evidence)

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:  # noqa: ARG002 - no mail is sent
        return OpenedAccount(f"sbx_acct_{host_id.hex}")

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        raise Rejected("dispute_not_found", "The sandbox has no disputes.", dispute=dispute_id)

    def payment_of(self, reference: str) -> UUID | None:
        charge = self.find(reference)
        return charge.payment_id if charge else None

    def totals(self, reference: str, currency: str) -> Totals:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT coalesce(sum(minor) FILTER (WHERE status = 'captured'), 0)::bigint,
                          (SELECT coalesce(sum(minor), 0)::bigint FROM sandbox_refunds WHERE reference = %(reference)s)
                   FROM sandbox_charges WHERE reference = %(reference)s""",
                {"reference": reference},
            )
            ((captured, refunded),) = cursor.fetchall()
        return Totals(Money(captured, currency), Money(refunded, currency))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:  # noqa: ARG002
        """It sends none: its page asks Lodger to look."""
        raise Rejected("webhook_signature_invalid", "The sandbox sends no webhooks.")

    def find(self, reference: str) -> SandboxCharge | None:
        """The charge behind a page's address."""
        with self._database.transaction() as connection:
            try:
                return _find(connection, reference)
            except LookupError:
                return None

    def approve(self, reference: str) -> None:
        """The payer says yes: a card is authorised, mobile money is taken."""
        charge = self.find(reference)
        if charge is not None:
            said: Status = "authorized" if charge.method == "card" else "captured"
            self._move(reference, {"waiting": said, "challenged": said})

    def challenge(self, reference: str) -> None:
        """The payer of a card says yes, and has to prove who that was before anything is authorised."""
        charge = self.find(reference)
        if charge is not None and charge.method == "card":
            self._move(reference, {"waiting": "challenged"})

    def decline(self, reference: str) -> None:
        """The payer, or the payer's bank, says no."""
        self._move(reference, {"waiting": "declined", "challenged": "declined"})

    def approve_later(self, reference: str, minutes: int) -> None:
        """The payer will say yes, in so many minutes of the sandbox's clock; nobody tells Lodger then."""
        self._set(reference, f"approved_at = {SANDBOX_NOW} + make_interval(mins => %s)", minutes)

    def fail_refunds(self, reference: str, *, fail: bool) -> None:
        """From now on refunds of this charge fail, or succeed again."""
        self._set(reference, "refunds_fail = %s", fail)

    def deny(self, reference: str) -> None:
        """From now on the provider says that it never took what it took; its ledger knows better."""
        self._set(reference, "denied = %s", True)

    def _set(self, reference: str, change: str, value: object) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"UPDATE sandbox_charges SET {change} WHERE reference = %s", [value, reference])  # noqa: S608

    def _move(self, reference: str, moves: dict[Status, Status]) -> Report:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            charge = _find(connection, reference, lock=True)
            cursor.execute(
                "UPDATE sandbox_charges SET status = %s WHERE reference = %s",
                [moves.get(charge.status, charge.status), reference],
            )
            return self._report(connection, reference)

    def _report(self, connection: Connection, reference: str) -> Report:
        charge = _find(connection, reference)
        status = "failed" if charge.denied and charge.status == "captured" else charge.status
        body = json.dumps({"reference": reference, "amount": str(charge.amount), "status": status})
        evidence = evidence_of(connection, self.name, reference, body)
        match charge.status:
            case "waiting" | "challenged":
                kind: Literal["open_page", "approve_on_phone"]
                kind = "open_page" if charge.method == "card" else "approve_on_phone"
                action = NextAction(kind, f"{self._public_url}/sandbox/payments/{reference}")
                return Report("action_required", evidence, next_action=action)
            case "captured" if charge.denied:
                return Report("failed", evidence, failure_code="reversed")
            case "declined":
                return Report("failed", evidence, failure_code="declined")
            case outcome:
                return Report(outcome, evidence, amount=None if outcome == "voided" else charge.amount)


def _refusal(connection: Connection, charge: SandboxCharge, key: str, amount: Money) -> str | None:
    """Why a refund does not succeed, if it does not: the same key is told the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM sandbox_failed_refunds WHERE key = %s", [key])
        for (code,) in cursor.fetchall():
            assert isinstance(code, str)
            return code
        cursor.execute("SELECT key, minor FROM sandbox_refunds WHERE reference = %s", [charge.reference])
        refunds = dict(cursor.fetchall())
    if key in refunds:
        return None
    if charge.status != "captured" or sum(refunds.values()) + amount.minor > charge.amount.minor:
        return "refund_exceeds_capture"
    return "account_closed" if charge.refunds_fail else None


def _find(connection: Connection, reference: str, *, lock: bool = False) -> SandboxCharge:
    with connection.cursor() as cursor:
        # What its payer was to say by now is said: there is nobody else to do it when the time comes.
        cursor.execute(
            f"""UPDATE sandbox_charges SET status = CASE method WHEN 'card' THEN 'authorized' ELSE 'captured' END
                WHERE reference = %s AND status IN ('waiting', 'challenged') AND approved_at <= {SANDBOX_NOW}""",  # noqa: S608
            [reference],
        )
        cursor.execute(
            f"SELECT {_COLUMNS} FROM sandbox_charges WHERE reference = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
            [reference],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(reference)
    found, payment_id, minor, currency, *others = row
    return SandboxCharge(found, payment_id, Money(minor, currency), *others)
