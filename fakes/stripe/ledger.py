"""The fake's own ledger: a balance transaction for each movement of money, and what came of every PaymentIntent."""

from __future__ import annotations

from fakes.stripe.calls import Call
from fakes.stripe.store import Object


def record(call: Call, kind: str, source: str, amount: int, fee: int, currency: str) -> Object:
    """Money moves: `amount` is positive for what comes in, `fee` for what Stripe keeps of it."""
    return call.store.add(
        "txn",
        "balance_transaction",
        call.account,
        amount=amount,
        currency=currency,
        exchange_rate=None,
        fee=fee,
        net=amount - fee,
        source=source,
        status="available",
        type=kind,
    )


def balance(call: Call, currency: str) -> int:
    """What the platform has."""
    moved = call.store.all("balance_transaction", currency=currency)
    return sum(each["net"] for each in moved)


def top_up(call: Call, amount: int, currency: str) -> Object:
    """The platform's own money, so that it can be transferred."""
    return record(call, "topup", "topup", amount, 0, currency)


def retrieve(call: Call, identifier: str) -> Object:
    return call.find("balance_transaction", identifier)


def listed(call: Call) -> Object:
    wanted = {name: call.form[name] for name in ("source", "type", "currency") if name in call.form}
    return call.page("/v1/balance_transactions", "balance_transaction", **wanted)


def shown(call: Call) -> Object:
    """What was authorised, captured and refunded of every PaymentIntent, and how often each was refunded."""
    told: Object = {}
    for intent in call.store.all("payment_intent"):
        refunds = call.store.all("refund", payment_intent=intent["id"])
        done = [refund["amount"] for refund in refunds if refund["status"] == "succeeded"]
        told[intent["id"]] = {
            "status": intent["status"],
            "currency": intent["currency"],
            "authorized": intent["amount_capturable"],
            "captured": intent["amount_received"],
            "refunded": sum(done),
            "refunds": len(refunds),
            "metadata": intent["metadata"],
        }
    return told
