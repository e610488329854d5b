"""The sandbox provider: it charges nobody, keeps a ledger of its own, and lets a person approve or decline on a page.

A card is authorised first and captured later; approving a mobile-money push captures at once, as in real life.
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
from infrastructure.database import Connection, Database
from infrastructure.gateways.evidence import evidence_of

_REFERENCES: Final = UUID("6f0a7c1e-94b5-4b6c-9a51-7d3f8d0f2c11")
_COLUMNS: Final = "reference, payment_id, minor, currency, method, status"

Status = Literal["waiting", "authorized", "captured", "declined", "voided"]


@dataclass(frozen=True, slots=True)
class SandboxCharge:
    """A charge as the provider's page shows it."""

    reference: str
    payment_id: UUID
    amount: Money
    method: Literal["card", "mobile_money"]
    status: Status


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
            return self._report(connection, reference)

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:  # noqa: ARG002 - captured stays captured
        return self._move(reference, {"authorized": "captured"})

    def void(self, reference: str, key: UUID) -> Report:  # noqa: ARG002 - what is voided stays voided
        return self._move(reference, {"waiting": "voided", "authorized": "voided"})

    def refund(self, order: RefundOrder) -> RefundReport:
        """Give money back once per key, never more than was captured."""
        key, amount = str(order.key), order.amount
        with self._database.transaction() as connection, connection.cursor() as cursor:
            charge = _find(connection, order.reference, lock=True)
            cursor.execute("SELECT key, minor FROM sandbox_refunds WHERE reference = %s", [order.reference])
            refunds = dict(cursor.fetchall())
            refused = charge.status != "captured" or sum(refunds.values()) + amount.minor > charge.amount.minor
            if key not in refunds and not refused:
                cursor.execute("INSERT INTO sandbox_refunds VALUES (%s, %s, %s)", [key, order.reference, amount.minor])
            failed = key not in refunds and refused
            body = json.dumps({"refund": key, "reference": order.reference, "amount": str(amount), "failed": failed})
            evidence = evidence_of(connection, self.name, order.reference, body)
        if failed:
            return RefundReport("failed", evidence, failure_code="refund_exceeds_capture")
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
            self._move(reference, {"waiting": "authorized" if charge.method == "card" else "captured"})

    def decline(self, reference: str) -> None:
        """The payer, or the payer's bank, says no."""
        self._move(reference, {"waiting": "declined"})

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
        body = json.dumps({"reference": reference, "amount": str(charge.amount), "status": charge.status})
        evidence = evidence_of(connection, self.name, reference, body)
        match charge.status:
            case "waiting":
                kind: Literal["open_page", "approve_on_phone"]
                kind = "open_page" if charge.method == "card" else "approve_on_phone"
                action = NextAction(kind, f"{self._public_url}/sandbox/payments/{reference}")
                return Report("action_required", evidence, next_action=action)
            case "declined":
                return Report("failed", evidence, failure_code="declined")
            case outcome:
                return Report(outcome, evidence, amount=None if outcome == "voided" else charge.amount)


def _find(connection: Connection, reference: str, *, lock: bool = False) -> SandboxCharge:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM sandbox_charges WHERE reference = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
            [reference],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(reference)
    found, payment_id, minor, currency, method, status = row
    return SandboxCharge(found, payment_id, Money(minor, currency), method, status)
