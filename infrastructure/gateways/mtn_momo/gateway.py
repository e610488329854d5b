"""The provider MTN Mobile Money.

A payer approves a push on the phone, and approving it takes the money: nothing is authorised first. Everything is
asked for once per reference, which is made from the key; what was asked before, or refused, is told by how it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

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
from domain.charges import Report
from domain.disputes import DisputeReport
from domain.money import Money, total
from domain.payments import Evidence, NextAction
from domain.refunds import RefundReport
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.gateways.amounts import to_decimal
from infrastructure.gateways.evidence import evidence_of
from infrastructure.gateways.mtn_momo.client import Credentials, Kind, MtnMomoClient
from infrastructure.gateways.mtn_momo.standing import Standing, Unreadable, record_of, standing, words
from infrastructure.settings import Settings

_CALLBACKS: Final = "/v1/webhooks/mtn-momo"


def reference_of(key: UUID) -> str:
    """MTN's reference for a call: as many bytes of the key's SHA-256 as a UUID of version 4 has room for."""
    return str(UUID(bytes=sha256(str(key).encode()).digest()[:16], version=4))


class MtnMomoGateway:
    """Implements `application.payment_ports.Gateway`."""

    name: Final = "mtn_momo"

    def __init__(self, database: Database, client: MtnMomoClient) -> None:
        self._database = database
        self._client = client

    @classmethod
    def of(cls, settings: Settings, database: Database) -> MtnMomoGateway:
        credentials = Credentials(
            settings.mtn_momo_api_user,
            settings.mtn_momo_api_key,
            {"collection": settings.mtn_momo_collection_key, "disbursement": settings.mtn_momo_disbursement_key},
        )
        callback_url = f"{settings.public_url}{_CALLBACKS}"
        client = MtnMomoClient(settings.mtn_momo_api_base, settings.mtn_momo_environment, credentials, callback_url)
        return cls(database, client)

    def start(self, charge: Charge) -> Report:
        """Push to the payer's phone, once per key. A payer whose phone is forgotten is not asked (again)."""
        reference = reference_of(charge.key)
        if charge.phone is None:
            return self.look_up(reference)
        asked = {
            **_amount(charge.amount),
            "externalId": str(charge.payment_id),
            "payer": _party(charge.phone),
            "payerMessage": "Your stay",
            "payeeNote": str(charge.payment_id),
        }
        return self._report(reference, self._asked("requesttopay", reference, asked))

    def look_up(self, reference: str) -> Report:
        return self._report(reference, self._standing("requesttopay", reference))

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:  # noqa: ARG002 - approval has captured it
        return self.look_up(reference)

    def void(self, reference: str, key: UUID) -> Report:  # noqa: ARG002 - see below
        """How the push stands: it cannot be withdrawn. It is paid late, or fails by itself within minutes."""
        return self.look_up(reference)

    def refund(self, order: RefundOrder) -> RefundReport:
        """Send money back, once per key. It takes a while: the same key again says whether it has arrived."""
        reference = reference_of(order.key)
        self._remember_refund(reference, order.reference)
        asked = {
            **_amount(order.amount),
            "externalId": str(order.payment_id),
            "payerMessage": "Refund of your stay",
            "payeeNote": str(order.payment_id),
            "referenceIdToRefund": order.reference,
        }
        stands = self._asked("refund", reference, asked)
        evidence = self._evidence(reference, stands)
        match stands.outcome:
            case "successful":
                return RefundReport("succeeded", evidence, amount=stands.amount)
            case outcome:
                return RefundReport(outcome, evidence, stands.failure_code, stands.amount)

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        """Send money to a host's phone (`destination`), once per key."""
        reference = reference_of(order.key)
        asked = {
            **_amount(order.amount),
            "externalId": str(order.payout_id),
            "payee": _party(order.destination),
            "payerMessage": "Payout",
            "payeeNote": str(order.payout_id),
        }
        stands = self._asked("transfer", reference, asked)
        evidence = self._evidence(reference, stands)
        return PayoutReport("paid" if stands.outcome == "successful" else stands.outcome, evidence, stands.failure_code)

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:  # noqa: ARG002 - a phone is account enough
        raise Rejected("payout_account_not_needed", "Mobile Money pays to a phone number: no account is opened for it.")

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        raise Rejected("dispute_not_found", "Mobile Money knows no disputes.", dispute=dispute_id)

    def payment_of(self, reference: str) -> UUID | None:
        return _uuid(self._standing("requesttopay", reference).external_id)

    def totals(self, reference: str, currency: str) -> Totals:
        """What MTN says of a charge and of each refund of it.

        MTN tells nobody which refunds a charge has: those are counted that Lodger asked for, which are remembered
        before they are asked for. One made by other means, as in MTN's own portal, is not seen.
        """
        charge = self._standing("requesttopay", reference)
        refunds = [self._standing("refund", each) for each in self._refunds_of(reference)]
        return Totals(_moved([charge], currency), _moved(refunds, currency))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:  # noqa: ARG002 - unsigned
        """A callback is signed by nobody: it only says about which payment MTN might be asked."""
        try:
            record = record_of(body)
        except Unreadable as error:
            raise Rejected("webhook_malformed", "This is not how MTN calls back.") from error
        event_id, ours = sha256(body).hexdigest(), _uuid(record.external_id)
        if ours is None:
            return Hint(event_id, "nothing")
        if record.payee is not None:
            return Hint(event_id, "payout", reference=str(ours))
        return Hint(event_id, "charge", payment_id=ours)

    def _asked(self, kind: Kind, reference: str, body: Mapping[str, Any]) -> Standing:
        """Ask for something. A repeat says how the first one stands, and so does a refusal unless there was none."""
        answer = self._client.post(kind, reference, body)
        if answer.is_accepted:
            told = {name: value for name, value in body.items() if name not in ("payer", "payee")}
            said = json.dumps({"asked": kind, "reference": reference, "status": answer.status, **told})
            return Standing("pending", said)
        known = self._client.get(kind, reference)
        if not known.is_unknown:
            return standing(known.body)
        if answer.is_duplicate:
            raise GatewayUnavailable("MTN knows the reference and does not")
        return Standing("failed", answer.body, words(answer.code))

    def _standing(self, kind: Kind, reference: str) -> Standing:
        answer = self._client.get(kind, reference)
        return Standing("failed", answer.body, words(answer.code)) if answer.is_unknown else standing(answer.body)

    def _report(self, reference: str, stands: Standing) -> Report:
        evidence = self._evidence(reference, stands)
        match stands.outcome:
            case "pending":
                return Report("action_required", evidence, NextAction("approve_on_phone"))
            case "successful":
                return Report("captured", evidence, amount=stands.amount)
            case "failed":
                return Report("failed", evidence, failure_code=stands.failure_code)

    def _evidence(self, reference: str, stands: Standing) -> Evidence:
        with self._database.transaction() as connection:
            return evidence_of(connection, self.name, reference, stands.body)

    def _remember_refund(self, reference: str, charge: str) -> None:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO mtn_momo_refunds (reference, charge) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [reference, charge],
            )

    def _refunds_of(self, charge: str) -> list[str]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT reference::text FROM mtn_momo_refunds WHERE charge = %s", [charge])
            return [reference for (reference,) in cursor.fetchall()]


def _amount(money: Money) -> dict[str, str]:
    return {"amount": to_decimal("mtn_momo", money), "currency": money.currency}


def _moved(standings: Iterable[Standing], currency: str) -> Money:
    amounts = (stands.amount for stands in standings if stands.outcome == "successful")
    return total((amount for amount in amounts if amount), currency)


def _party(phone: str) -> dict[str, str]:
    """MTN writes international numbers without a plus."""
    return {"partyIdType": "MSISDN", "partyId": phone.removeprefix("+")}


def _uuid(external_id: str | None) -> UUID | None:
    try:
        return UUID(external_id or "")
    except ValueError:
        return None
