"""What a test or a developer tells the fake, and asks it, beside Stripe's API. Bodies and answers are JSON."""

from __future__ import annotations

from typing import Any

from fakes.stripe import connect, disputes, ledger, payment_intents, refunds, webhooks
from fakes.stripe.calls import Call, Refusal
from fakes.stripe.failpoints import KINDS, Failpoint, Failpoints
from fakes.stripe.store import Object

Told = dict[str, Any]


def show_ledger(call: Call, _told: Told) -> Object:
    return ledger.shown(call)


def show_payouts(call: Call, _told: Told) -> Object:
    """What is left on each connected account, per payout and transfer made."""
    return {
        account["id"]: {
            "transfers": call.store.all("transfer", destination=account["id"]),
            "payouts": call.store.all("payout", account["id"]),
        }
        for account in call.store.all("account")
    }


def show_events(call: Call, _told: Told) -> Object:
    """Every event so far, the oldest first."""
    ours = call.store.all("event")
    return {"data": ours[::-1]}


def resend(call: Call, _told: Told, identifier: str) -> Object:
    """Deliver an event once more."""
    webhooks.schedule(call.store, call.find("event", identifier)["id"])
    return {}


def set_webhooks(call: Call, told: Told) -> Object:
    """`url`, `delay`, `spread`, `duplicates`, `silent`: see `fakes.stripe.webhooks.settings`."""
    return webhooks.configure(call.store, **told)


def top_up(call: Call, told: Told) -> Object:
    """`amount` and `currency`: money of the platform's own."""
    return ledger.top_up(call, told["amount"], told["currency"])


def open_dispute(call: Call, told: Told) -> Object:
    """`payment_intent`; `amount` (all that was captured); `inquiry`."""
    intent = call.find("payment_intent", told["payment_intent"])
    if intent["status"] != "succeeded":
        raise Refusal(400, None, "Only what was captured is disputed.")
    amount = told["amount"] if "amount" in told else intent["amount_received"]
    return disputes.opened(call, intent, amount, inquiry=bool(told.get("inquiry")))


def close_dispute(call: Call, told: Told, identifier: str) -> Object:
    """`status`: won or lost."""
    return disputes.closed(call, call.find("dispute", identifier), told["status"])


def settle_refund(call: Call, told: Told, identifier: str) -> Object:
    """`status`: succeeded or failed."""
    return refunds.settled(call, call.find("refund", identifier), told["status"])


def settle_payout(call: Call, told: Told, identifier: str) -> Object:
    """`account`, and `status`: in_transit, paid or failed."""
    of_account = Call(call.store, told["account"], {}, call.base_url)
    return connect.settle_payout(of_account, of_account.find("payout", identifier), told["status"])


def complete_account(call: Call, _told: Told, identifier: str) -> Object:
    return connect.onboarded(call, identifier)


def lapse(call: Call, _told: Told, identifier: str) -> Object:
    """An authorisation is too old to be captured."""
    return payment_intents.canceled(call, call.find("payment_intent", identifier), "automatic")


def challenge(call: Call, told: Told, identifier: str) -> Object:
    """The payer has answered 3DS: `passed` or not."""
    return payment_intents.challenged(call, identifier, bool(told["passed"]))


def failpoint(failpoints: Failpoints, told: Told) -> Object:
    """`call`, `kind`, `times`, `seconds`, `acts`: see `fakes.stripe.failpoints`."""
    if told.get("kind") not in KINDS:
        raise Refusal(400, None, f"kind is one of {', '.join(KINDS)}")
    failpoints.add(Failpoint(**told))
    return {}
