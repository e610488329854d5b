"""The MTN Mobile Money fake in a test's hands: the payer's phone, the network that fails, what is called back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import urllib3

from domain.money import EXPONENTS

CALLBACK_HOST = "127.0.0.1"


class MtnMomoFake:
    """A client of one running fake. `settings` are those by which Lodger finds it, for `settings_for` and `World`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(timeout=20, retries=False)
        api_user = str(uuid4())
        self._ask("POST", "/v1_0/apiuser", {"providerCallbackHost": CALLBACK_HOST}, {"X-Reference-Id": api_user})
        api_key = self._ask("POST", f"/v1_0/apiuser/{api_user}/apikey")["apiKey"]
        self.settings: dict[str, Any] = {
            "mobile_money_provider": "mtn_momo",
            "mtn_momo_api_base": url,
            "mtn_momo_api_user": api_user,
            "mtn_momo_api_key": api_key,
            "mtn_momo_collection_key": "collection",
            "mtn_momo_disbursement_key": "disbursement",
        }

    def tell(
        self,
        phone: str,
        status: str,
        reason: str | None = None,
        *,
        after_ms: int = 0,
        kind: str = "requesttopay",
    ) -> None:
        """How a phone answers what comes from now on; PENDING waits for `answer`."""
        body = {"status": status, "reason": reason, "after_ms": after_ms, "kind": kind}
        self._ask("PUT", f"/fake/phones/{phone.removeprefix('+')}", body)

    def answer(self, reference: str, status: str = "SUCCESSFUL", reason: str | None = None) -> None:
        """The payer approves, or whatever else becomes of what waits."""
        self._ask("POST", f"/fake/transactions/{reference}", {"status": status, "reason": reason})

    def contradict(self, reference: str, status: str, reason: str | None = None) -> None:
        """Say something else from now on than is true."""
        self._ask("POST", f"/fake/transactions/{reference}/contradiction", {"status": status, "reason": reason})

    def fail(
        self,
        operation: str,
        *,
        acts: bool = True,
        status: int | None = None,
        code: str | None = None,
        delay_ms: int = 0,
        times: int = 1,
    ) -> None:
        """The next calls of an operation are answered with `status`, late, or not at all."""
        failure = {"acts": acts, "status": status, "code": code, "delay_ms": delay_ms, "times": times}
        self._ask("POST", "/fake/failpoints", {"operation": operation, **failure})

    def heal(self) -> None:
        """No failpoint any more."""
        self._ask("DELETE", "/fake/failpoints")

    def call_back(self, *, method: str = "PUT", times: int = 1, after_ms: int = 0) -> None:
        """How callbacks are sent from now on."""
        self._ask("PUT", "/fake/callbacks", {"method": method, "times": times, "after_ms": after_ms})

    def revoke_tokens(self, expires_in: int = 3600) -> None:
        """No token is good any more; those to come are for so many seconds."""
        self._ask("PUT", "/fake/tokens", {"expires_in": expires_in})

    def ledger(self) -> dict[str, Any]:
        """Its `transactions` as they truly are, its `totals` by currency, its number of `tokens`."""
        ledger: dict[str, Any] = self._ask("GET", "/fake/ledger")
        return ledger

    def asked(self, payment_id: object) -> list[dict[str, Any]]:
        """What was asked for under one of our ids, in order."""
        return [row for row in self.ledger()["transactions"] if row["external_id"] == str(payment_id)]

    def kept(self, currency: str = "EUR") -> int:
        """Minor units that were collected and not given back."""
        totals = self.ledger()["totals"].get(currency, {"collected": "0", "refunded": "0"})
        return int((Decimal(totals["collected"]) - Decimal(totals["refunded"])).scaleb(EXPONENTS[currency]))

    def status(self, reference: str) -> str:
        """What is said of a payment, to the letter, as anybody else would ask for it."""
        user = f"{self.settings['mtn_momo_api_user']}:{self.settings['mtn_momo_api_key']}"
        headers = {"Ocp-Apim-Subscription-Key": "collection", "X-Target-Environment": "sandbox"}
        basic = urllib3.make_headers(basic_auth=user)
        token = self._ask("POST", "/collection/token/", headers={**headers, **basic})["access_token"]
        path, bearer = f"/collection/v1_0/requesttopay/{reference}", {"Authorization": f"Bearer {token}"}
        return self._http.request("GET", self.url + path, headers={**headers, **bearer}).data.decode()

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        response = self._http.request(method, self.url + path, json=body, headers=headers and dict(headers))
        assert response.status < 300, (method, path, response.status, response.data)
        return response.json() if response.data else None
