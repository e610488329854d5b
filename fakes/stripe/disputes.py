"""Disputes: the bank takes the money and a fee, and gives both or nothing back. An inquiry takes nothing."""

from __future__ import annotations

from fakes.stripe.calls import Call, Refusal
from fakes.stripe.ledger import record
from fakes.stripe.store import Object

FEE = 1500
"""In minor units of the charge's currency: Stripe's is in that of the account."""


def opened(call: Call, intent: Object, amount: int, *, inquiry: bool = False) -> Object:
    charge = call.find("charge", intent["latest_charge"])
    dispute = call.store.add(
        "du",
        "dispute",
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        currency=intent["currency"],
        metadata={},
        payment_intent=intent["id"],
        reason="fraudulent",
        status="warning_needs_response" if inquiry else "needs_response",
    )
    if not inquiry:
        moved = record(call, "adjustment", dispute["id"], -amount, FEE, intent["currency"])
        call.store.change(dispute, balance_transactions=[moved])
        call.store.change(charge, disputed=True)
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def closed(call: Call, dispute: Object, status: str) -> Object:
    """`won`, with the fee given back, or `lost`."""
    if dispute["status"] not in ("needs_response", "under_review"):
        raise Refusal(400, None, f"The dispute is {dispute['status']}.")
    call.store.change(dispute, status=status)
    if status == "won":
        moved = record(call, "adjustment", dispute["id"], dispute["amount"], -FEE, dispute["currency"])
        call.store.change(dispute, balance_transactions=[*dispute["balance_transactions"], moved])
        charge = call.find("charge", dispute["charge"])
        call.store.change(charge, disputed=False)
        call.emit("charge.dispute.funds_reinstated", dispute)
    call.emit("charge.dispute.closed", dispute)
    return dispute


def retrieve(call: Call, identifier: str) -> Object:
    return call.find("dispute", identifier)


def listed(call: Call) -> Object:
    wanted = {name: call.form[name] for name in ("payment_intent", "charge") if name in call.form}
    return call.page("/v1/disputes", "dispute", **wanted)
