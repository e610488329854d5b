"""The Stripe fake in a test's hands: the payer who confirms, the bank that disputes, the network that fails."""

from __future__ import annotations

import json
from typing import Any, Literal

import urllib3

SECRET_KEY = "sk_test_of_the_tests"

Failure = Literal["hang", "close", "error", "busy", "slow"]


class StripeFake:
    """A client of one running fake. `webhook_secret` is what it signs with; `settings` are the fields by which Lodger
    finds it, for `World`."""

    def __init__(self, url: str, webhook_secret: str) -> None:
        self.url = url
        self.webhook_secret = webhook_secret
        self.settings: dict[str, Any] = {
            "card_provider": "stripe",
            "stripe_secret_key": SECRET_KEY,
            "stripe_api_base": url,
            "stripe_webhook_secrets": webhook_secret,
        }
        self._http = urllib3.PoolManager(timeout=20, retries=False)

    def confirm(self, reference: str, card: str = "pm_card_visa") -> dict[str, Any]:
        """What the payer's client does, with one of Stripe's test payment methods; the intent, or the error."""
        answer = self._http.request(
            "POST",
            f"{self.url}/v1/payment_intents/{reference}/confirm",
            fields={"payment_method": card},
            headers={"Authorization": f"Bearer {SECRET_KEY}"},
        )
        said: dict[str, Any] = answer.json()
        return said

    def answer_challenge(self, reference: str, *, passed: bool) -> None:
        """The payer answers 3DS."""
        self._tell(f"payment_intents/{reference}/challenge", passed=passed)

    def lapse(self, reference: str) -> None:
        """The authorisation grows too old to be captured."""
        self._tell(f"payment_intents/{reference}/lapse")

    def fail(self, call: str, kind: Failure, *, times: int = 1, seconds: int = 60, acts: bool = False) -> None:
        """The next `times` calls of `call` ("payment_intents.capture", "*") go wrong: see `fakes.stripe.failpoints`."""
        self._tell("failpoints", call=call, kind=kind, times=times, seconds=seconds, acts=acts)

    def heal(self) -> None:
        """No failpoint any more."""
        self._http.request("DELETE", f"{self.url}/fake/failpoints")

    def webhooks(self, **settings: object) -> None:
        """`url`, `delay`, `spread` (seconds), `duplicates`, `silent`."""
        self._tell("webhooks", **settings)

    def events(self) -> list[dict[str, Any]]:
        """Every event so far, the oldest first, delivered or not."""
        told: list[dict[str, Any]] = self._ask("events")["data"]
        return told

    def resend(self, event_id: str) -> None:
        self._tell(f"events/{event_id}/resend")

    def ledger(self) -> dict[str, dict[str, Any]]:
        """By PaymentIntent: status, currency, authorized, captured, refunded (Stripe's units), refunds, metadata."""
        return self._ask("ledger")

    def payouts(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """By connected account: transfers and payouts, the newest first."""
        return self._ask("payouts")

    def dispute(self, reference: str, *, amount: int | None = None, inquiry: bool = False) -> str:
        """The payer's bank takes money back (an inquiry only asks); the dispute's id."""
        chosen = {} if amount is None else {"amount": amount}
        return str(self._tell("disputes", payment_intent=reference, inquiry=inquiry, **chosen)["id"])

    def close_dispute(self, dispute_id: str, status: Literal["won", "lost"]) -> None:
        self._tell(f"disputes/{dispute_id}", status=status)

    def settle_refund(self, refund_id: str, status: Literal["succeeded", "failed"]) -> None:
        self._tell(f"refunds/{refund_id}", status=status)

    def settle_payout(self, account: str, payout_id: str, status: Literal["in_transit", "paid", "failed"]) -> None:
        self._tell(f"payouts/{payout_id}", account=account, status=status)

    def top_up(self, amount: int, currency: str) -> None:
        """Money of the platform's own, in Stripe's units: transfers to hosts are made of what there is."""
        self._tell("topups", amount=amount, currency=currency.lower())

    def complete_account(self, account: str) -> None:
        """The host fills in what Stripe asks."""
        self._tell(f"accounts/{account}/complete")

    def _ask(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = self._http.request("GET", f"{self.url}/fake/{path}").json()
        return told

    def _tell(self, path: str, **told: object) -> dict[str, Any]:
        answer = self._http.request(
            "POST",
            f"{self.url}/fake/{path}",
            body=json.dumps(told),
            headers={"Content-Type": "application/json"},
        )
        said: dict[str, Any] = answer.json()
        assert answer.status == 200, said
        return said
