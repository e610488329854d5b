"""Refunds: at once, later, or not at all."""

from __future__ import annotations

from fakes.stripe.calls import Call, Refusal
from fakes.stripe.cards import CARDS, Card
from fakes.stripe.ledger import record
from fakes.stripe.store import Object


def create(call: Call) -> Object:
    intent = call.find("payment_intent", call.text("payment_intent"))
    if intent["status"] != "succeeded":
        raise Refusal(400, "payment_intent_unexpected_state", "Nothing was captured.", payment_intent=intent)
    charge = call.find("charge", intent["latest_charge"])
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise Refusal(400, "charge_disputed", "This charge is disputed.")
    if left == 0:
        raise Refusal(400, "charge_already_refunded", "This charge has been refunded.")
    amount = call.amount() if "amount" in call.form else left
    if amount > left:
        raise Refusal(400, None, f"Refund amount ({amount}) is greater than what is left ({left}).", param="amount")
    refund = call.store.add(
        "re",
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=intent["currency"],
        failure_reason=None,
        metadata=call.group("metadata"),
        payment_intent=intent["id"],
        reason=call.form.get("reason"),
        status="pending",
    )
    call.store.change(charge, amount_refunded=charge["amount_refunded"] + amount, refunded=amount == left)
    call.emit("refund.created", refund)
    card = CARDS.get(intent["payment_method"], Card())
    return settled(call, refund, "succeeded") if card.refunds == "succeeded" else refund


def settled(call: Call, refund: Object, status: str) -> Object:
    """A refund's end: `succeeded` or `failed`, which it may still do when it had succeeded."""
    before = refund["status"]
    call.store.change(refund, status=status, failure_reason="unknown" if status == "failed" else None)
    if status == "succeeded":
        record(call, "refund", refund["id"], -refund["amount"], 0, refund["currency"])
        call.emit("charge.refunded", call.find("charge", refund["charge"]))
    else:
        charge = call.find("charge", refund["charge"])
        call.store.change(charge, amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
        if before == "succeeded":
            record(call, "refund_failure", refund["id"], refund["amount"], 0, refund["currency"])
        call.emit("refund.failed", refund)
    call.emit("charge.refund.updated", refund)
    return refund


def retrieve(call: Call, identifier: str) -> Object:
    return call.find("refund", identifier)


def listed(call: Call) -> Object:
    wanted = {name: call.form[name] for name in ("payment_intent", "charge") if name in call.form}
    return call.page("/v1/refunds", "refund", **wanted)
