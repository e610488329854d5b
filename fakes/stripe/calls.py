"""What a call brings along, and how it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fakes.stripe.store import Object, Store
from fakes.stripe.webhooks import schedule

MINIMUM = {"usd": 50, "eur": 50, "gbp": 30}
"""Below these a charge is refused (a few of Stripe's; the others may be one unit)."""

MULTIPLES = {"ugx": 100, "isk": 100, "kwd": 10, "bhd": 10, "jod": 10, "omr": 10, "tnd": 10}
"""Written with more digits than can be charged: the last ones have to be zeros."""


class Refusal(Exception):
    """An error as the API answers it. `fields` go into the error beside type, code and message.

    `kept`: whether a repeat with the same Idempotency-Key gets it again; what was refused before anything was
    looked at is tried anew.
    """

    def __init__(
        self, status: int, code: str | None, message: str, *, kept: bool = True, kind: str = "", **fields: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        kind = kind or {402: "card_error", 500: "api_error"}.get(status, "invalid_request_error")
        said = {"type": kind, "code": code, "message": message, **fields}
        self.body: Object = {"error": {name: value for name, value in said.items() if value is not None}}


@dataclass(frozen=True)
class Call:
    """A call of the API: where everything is kept, whose account it is about, and the flat form, as it was sent."""

    store: Store
    account: str | None
    form: dict[str, str]
    base_url: str

    def text(self, name: str) -> str:
        if not self.form.get(name):
            raise Refusal(400, "parameter_missing", f"Missing required param: {name}.", kept=False, param=name)
        return self.form[name]

    def amount(self, name: str = "amount") -> int:
        """A positive number of minor units."""
        if not re.fullmatch(r"[0-9]{1,12}", self.text(name), re.ASCII) or int(self.form[name]) == 0:
            raise Refusal(400, "parameter_invalid_integer", f"Invalid integer: {name}", kept=False, param=name)
        return int(self.form[name])

    def charged(self, currency: str) -> int:
        """An amount that can be charged in `currency`."""
        amount = self.amount()
        if amount % MULTIPLES.get(currency, 1):
            message = f"Invalid amount: {currency} amounts are multiples of {MULTIPLES[currency]}."
            raise Refusal(400, "invalid_charge_amount_no_decimal_compatible", message, kept=False, param="amount")
        if amount < MINIMUM.get(currency, 1):
            raise Refusal(400, "amount_too_small", "Amount is below the minimum.", kept=False, param="amount")
        return amount

    def group(self, name: str) -> dict[str, str]:
        """What was sent as `name[…]`, one level deep."""
        start = f"{name}["
        return {key[len(start) : -1]: value for key, value in self.form.items() if key.startswith(start)}

    def find(self, kind: str, identifier: str) -> Object:
        found = self.store.find(kind, identifier, self.account)
        if found is None:
            raise Refusal(404, "resource_missing", f"No such {kind}: '{identifier}'", kept=False, param="id")
        return found

    def page(self, url: str, kind: str, **fields: object) -> Object:
        """A list as Stripe pages it: `limit`, `starting_after`, `created[gte]`."""
        found = self.store.all(kind, self.account, **fields)
        since = int(self.form.get("created[gte]", "0"))
        found = [each for each in found if each["created"] >= since]
        after = self.form.get("starting_after")
        if after:
            found = found[[each["id"] for each in found].index(after) + 1 :]
        limit = int(self.form.get("limit", "10"))
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}

    def emit(self, kind: str, about: Object, **fields: Any) -> None:
        """An event, to be delivered when the webhooks' settings say."""
        extra = {"account": self.account} if self.account else {}
        event = self.store.add(
            "evt", "event", type=kind, data={"object": {**about, **fields}}, api_version="2026-10-28.endive", **extra
        )
        schedule(self.store, event["id"])
