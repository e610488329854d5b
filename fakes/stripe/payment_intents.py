"""PaymentIntents and their charges: created, confirmed, captured, cancelled."""

from __future__ import annotations

import time

from fakes.stripe import disputes
from fakes.stripe.calls import Call, Refusal
from fakes.stripe.cards import CARDS, Card
from fakes.stripe.ledger import record
from fakes.stripe.store import Object

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation")
_CANCELABLE = (*_CONFIRMABLE, "requires_action", "requires_capture", "processing")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def create(call: Call) -> Object:
    currency = call.text("currency").lower()
    intent = call.store.add(
        "pi",
        "payment_intent",
        amount=call.charged(currency),
        amount_capturable=0,
        amount_received=0,
        automatic_payment_methods={"enabled": call.form.get("automatic_payment_methods[enabled]") == "true"},
        canceled_at=None,
        cancellation_reason=None,
        capture_method=call.form.get("capture_method", "automatic"),
        currency=currency,
        last_payment_error=None,
        latest_charge=None,
        metadata=call.group("metadata"),
        next_action=None,
        payment_method=None,
        return_url=call.form.get("return_url"),
        status="requires_payment_method",
    )
    call.store.change(intent, client_secret=f"{intent['id']}_secret_{intent['id'][-8:]}")
    call.emit("payment_intent.created", intent)
    return _confirmed(call, intent) if call.form.get("confirm") == "true" else intent


def retrieve(call: Call, identifier: str) -> Object:
    return call.find("payment_intent", identifier)


def listed(call: Call) -> Object:
    return call.page("/v1/payment_intents", "payment_intent")


def confirm(call: Call, identifier: str) -> Object:
    intent = call.find("payment_intent", identifier)
    if call.form.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise Refusal(400, "payment_intent_invalid_parameter", "The client secret is another one's.", kept=False)
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(intent, "confirm")
    return _confirmed(call, intent)


def _confirmed(call: Call, intent: Object) -> Object:
    name = call.text("payment_method")
    card = CARDS.get(name)
    if card is None:
        raise Refusal(400, "resource_missing", f"No such PaymentMethod: '{name}'", kept=False, param="payment_method")
    call.store.change(intent, payment_method=name, last_payment_error=None)
    if card.declined:
        raise _declined(call, intent, *card.declined)
    if card.challenged:
        back = call.form.get("return_url") or intent["return_url"]
        redirect = {"url": f"{call.base_url}/3ds/{intent['id']}", "return_url": back}
        action = {"type": "redirect_to_url", "redirect_to_url": redirect}
        call.store.change(intent, status="requires_action", next_action=action, return_url=back)
        call.emit("payment_intent.requires_action", intent)
        return intent
    if card.processing:
        call.store.change(intent, status="processing")
        call.emit("payment_intent.processing", intent)
        return intent
    return _authorised(call, intent)


def challenged(call: Call, identifier: str, passed: bool) -> Object:
    """The payer has answered the bank's question, or failed to."""
    intent = call.find("payment_intent", identifier)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "authenticate")
    call.store.change(intent, next_action=None)
    if passed:
        return _authorised(call, intent)
    error = _declined(call, intent, "payment_intent_authentication_failure", None)
    return {**intent, "error": error.body["error"]["code"]}


def _declined(call: Call, intent: Object, code: str, decline_code: str | None) -> Refusal:
    error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": "The card was declined."}
    call.store.change(intent, status="requires_payment_method", payment_method=None, last_payment_error=error)
    call.emit("payment_intent.payment_failed", intent)
    return Refusal(402, code, error["message"] or "", decline_code=decline_code, payment_intent=intent)


def _authorised(call: Call, intent: Object) -> Object:
    charge = call.store.add(
        "ch",
        "charge",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        balance_transaction=None,
        captured=False,
        currency=intent["currency"],
        disputed=False,
        metadata=intent["metadata"],
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        refunded=False,
        status="succeeded",
    )
    call.store.change(intent, status="requires_capture", amount_capturable=intent["amount"], latest_charge=charge["id"])
    if intent["capture_method"] != "manual":
        return _captured(call, intent, intent["amount"])
    call.emit("payment_intent.amount_capturable_updated", intent)
    return intent


def capture(call: Call, identifier: str) -> Object:
    intent = call.find("payment_intent", identifier)
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    amount = call.amount("amount_to_capture") if "amount_to_capture" in call.form else intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        raise Refusal(400, "amount_too_large", "More than was authorised.", kept=False, param="amount_to_capture")
    return _captured(call, intent, amount)


def _captured(call: Call, intent: Object, amount: int) -> Object:
    charge = call.find("charge", intent["latest_charge"])
    fee = amount * 29 // 1000
    moved = record(call, "charge", charge["id"], amount, fee, intent["currency"])
    call.store.change(charge, captured=True, amount_captured=amount, balance_transaction=moved["id"])
    call.store.change(intent, status="succeeded", amount_capturable=0, amount_received=amount)
    call.emit("charge.captured", charge)
    call.emit("payment_intent.succeeded", intent)
    card = CARDS.get(intent["payment_method"], Card())
    if card.disputed or card.inquired:
        disputes.opened(call, intent, amount, inquiry=card.inquired)
    return intent


def cancel(call: Call, identifier: str) -> Object:
    intent = call.find("payment_intent", identifier)
    reason = call.form.get("cancellation_reason")
    if reason is not None and reason not in _REASONS:
        raise Refusal(400, None, "Invalid cancellation_reason", kept=False, param="cancellation_reason")
    if intent["status"] not in _CANCELABLE:
        raise _unexpected(intent, "cancel")
    return canceled(call, intent, reason)


def canceled(call: Call, intent: Object, reason: str | None) -> Object:
    """`automatic`: the authorisation has lapsed."""
    call.store.change(
        intent,
        status="canceled",
        canceled_at=int(time.time()),
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    call.emit("payment_intent.canceled", intent)
    return intent


def _unexpected(intent: Object, what: str) -> Refusal:
    message = f"This PaymentIntent's status is {intent['status']}: it cannot {what}."
    return Refusal(400, "payment_intent_unexpected_state", message, payment_intent=intent)
