"""The provider Stripe."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import stripe
from stripe import StripeClient

from application.payment_ports import Charge, Hint, OpenedAccount, PayoutOrder, PayoutReport, RefundOrder, Totals
from domain.charges import Report
from domain.disputes import DisputeReport
from domain.money import Money, total
from domain.payments import Evidence
from domain.refunds import RefundReport
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.gateways.amounts import Inexpressible, from_units, to_units
from infrastructure.gateways.evidence import evidence_of
from infrastructure.gateways.stripe import disputes, payouts, reports, webhooks
from infrastructure.gateways.stripe.client import ask, body, client, once, sent_along
from infrastructure.settings import Settings

_UNKNOWN: Final = "resource_missing"


class StripeGateway:
    """Implements `application.payment_ports.Gateway`. References are ids of PaymentIntents."""

    name: Final = "stripe"

    def __init__(self, database: Database, client: StripeClient, webhook_secrets: Sequence[str], public_url: str):
        self._database = database
        self._client = client
        self._webhook_secrets = webhook_secrets
        self._public_url = public_url

    @classmethod
    def of(cls, settings: Settings, database: Database) -> StripeGateway:
        secrets = [secret.strip() for secret in settings.stripe_webhook_secrets.split(",") if secret.strip()]
        asked = client(settings.stripe_secret_key, settings.stripe_api_base)
        return cls(database, asked, secrets, settings.public_url)

    def start(self, charge: Charge) -> Report:
        """Make the PaymentIntent that the payer's client confirms. Made twice, the first could not be confirmed by
        anybody: its secret was never given out."""
        try:
            amount = to_units("stripe", charge.amount)
            intent = once(
                str(charge.key),
                lambda options: self._client.v1.payment_intents.create(
                    {
                        "amount": amount,
                        "currency": charge.amount.currency.lower(),
                        "capture_method": "manual",
                        "automatic_payment_methods": {"enabled": True},
                        "metadata": {"payment_id": str(charge.payment_id)},
                    },
                    options,
                ),
                self._client.v1.payment_intents.retrieve,
            )
        except Inexpressible as error:
            return Report("failed", self._own_words(str(charge.key), error), failure_code="amount_refused")
        except stripe.InvalidRequestError as error:
            if not reports.refuses_amount(error):
                raise
            return Report("failed", self._kept(str(charge.key), error.http_body), failure_code="amount_refused")
        return self._report(intent)

    def look_up(self, reference: str) -> Report:
        try:
            return self._report(self._intent(reference))
        except stripe.InvalidRequestError as error:
            if error.code != _UNKNOWN:
                raise
            return Report("failed", self._kept(reference, error.http_body), failure_code="unknown_to_provider")

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:
        """Stripe captures a PaymentIntent once, whatever the key."""
        units = to_units("stripe", amount)
        try:
            intent = once(
                str(key),
                lambda options: self._client.v1.payment_intents.capture(
                    reference, {"amount_to_capture": units}, options
                ),
                self._client.v1.payment_intents.retrieve,
            )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            return self._standing_instead(error, reference, not_as=("authorized",))
        return self._report(intent)

    def void(self, reference: str, key: UUID) -> Report:
        try:
            intent = once(
                str(key),
                lambda options: self._client.v1.payment_intents.cancel(
                    reference, {"cancellation_reason": "requested_by_customer"}, options
                ),
                self._client.v1.payment_intents.retrieve,
            )
        except stripe.InvalidRequestError as error:
            return self._standing_instead(error, reference, not_as=("action_required", "authorized"))
        return self._report(intent)

    def refund(self, order: RefundOrder) -> RefundReport:
        """Send money back once per key: it is written on the refund, and looked for before there is a new one."""
        key = str(order.key)
        try:
            amount = to_units("stripe", order.amount)
            refund = once(
                key,
                lambda options: self._client.v1.refunds.create(
                    {
                        "payment_intent": order.reference,
                        "amount": amount,
                        "metadata": {"payment_id": str(order.payment_id), "refund_key": key},
                    },
                    options,
                ),
                self._client.v1.refunds.retrieve,
                lambda: self._refund_with(order.reference, key),
            )
        except Inexpressible as error:
            return RefundReport("failed", self._own_words(order.reference, error), "amount_refused")
        except stripe.InvalidRequestError as error:
            code = reports.refund_refusal(error)
            if code is None:
                raise
            return RefundReport("failed", self._kept(order.reference, error.http_body), code)
        return reports.refund_report_of(refund, self._kept(refund.id, body(refund)))

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        try:
            return payouts.pay_out(self._client, self._kept, order)
        except Inexpressible as error:
            return PayoutReport("failed", self._own_words(str(order.payout_id), error), "amount_refused")

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:
        return payouts.open_account(self._client, self._kept, host_id, email, self._public_url)

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        """Raises Rejected `dispute_not_found`, also for a bank's inquiry, which takes no money."""
        try:
            dispute = ask(partial(self._client.v1.disputes.retrieve, dispute_id))
        except stripe.InvalidRequestError as error:
            if error.code != _UNKNOWN:
                raise
            raise Rejected("dispute_not_found", "Stripe knows no such dispute.", dispute=dispute_id) from error
        if dispute.status.startswith(disputes.INQUIRY) or not isinstance(dispute.payment_intent, str):
            raise Rejected("dispute_not_found", "It is no dispute of a payment of ours.", dispute=dispute_id)
        return dispute.payment_intent, disputes.report_of(dispute, self._kept(dispute.id, body(dispute)))

    def payment_of(self, reference: str) -> UUID | None:
        try:
            payment_id = sent_along(self._intent(reference), "payment_id")
        except stripe.InvalidRequestError as error:
            if error.code != _UNKNOWN:
                raise
            return None
        try:
            return UUID(payment_id) if payment_id else None
        except ValueError:
            return None

    def totals(self, reference: str, currency: str) -> Totals:
        try:
            intent = self._intent(reference)
        except stripe.InvalidRequestError as error:
            if error.code != _UNKNOWN:
                raise
            return Totals(Money.zero(currency), Money.zero(currency))
        refunds = ask(lambda: list(self._refunds(reference).auto_paging_iter()))
        sent = [from_units("stripe", each.amount, each.currency) for each in refunds if each.status == "succeeded"]
        captured = from_units("stripe", intent.amount_received, intent.currency)
        return Totals(captured, total(sent, captured.currency))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:
        return webhooks.read(headers, body, now, self._webhook_secrets)

    def _intent(self, reference: str) -> stripe.PaymentIntent:
        return ask(partial(self._client.v1.payment_intents.retrieve, reference))

    def _refunds(self, reference: str) -> stripe.ListObject[stripe.Refund]:
        return self._client.v1.refunds.list({"payment_intent": reference, "limit": 100})

    def _refund_with(self, reference: str, key: str) -> str | None:
        def find() -> str | None:
            refunds = self._refunds(reference).auto_paging_iter()
            return next((each.id for each in refunds if sent_along(each, "refund_key") == key), None)

        return ask(find)

    def _report(self, intent: stripe.PaymentIntent) -> Report:
        """A charge that was declined has failed for us, and is withdrawn: the payer's next card is for the next
        attempt, and must not pay this one as well."""
        code = reports.declined(intent)
        if code is not None:
            intent = self._withdrawn(intent.id)
            if intent.status == "canceled":
                return Report("failed", self._kept(intent.id, body(intent)), failure_code=code)
        return reports.report_of(intent, self._kept(intent.id, body(intent)))

    def _withdrawn(self, reference: str) -> stripe.PaymentIntent:
        try:
            return once(
                f"{reference}-declined",
                lambda options: self._client.v1.payment_intents.cancel(
                    reference, {"cancellation_reason": "abandoned"}, options
                ),
                self._client.v1.payment_intents.retrieve,
            )
        except stripe.InvalidRequestError:  # something has become of it meanwhile
            return self._intent(reference)

    def _standing_instead(self, refusal: stripe.StripeError, reference: str, not_as: Sequence[str]) -> Report:
        """How a charge stands that Stripe refused to move, which says why. Raises the refusal where it does not."""
        report = self.look_up(reference)
        if report.outcome in not_as:
            raise refusal
        return report

    def _own_words(self, reference: str, error: Inexpressible) -> Evidence:
        """Evidence of what Stripe was not even asked."""
        return self._kept(reference, json.dumps({"not_asked": str(error)}))

    def _kept(self, reference: str, answered: str | None) -> Evidence:
        with self._database.transaction() as connection:
            return evidence_of(connection, self.name, reference, answered or "")
