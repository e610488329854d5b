"""Stripe's words in ours: how PaymentIntents and refunds stand, and why they failed."""

from __future__ import annotations

from typing import Final

import stripe

from domain.charges import Report
from domain.money import Money
from domain.payments import Evidence, NextAction
from domain.refunds import RefundReport
from infrastructure.gateways.amounts import from_units

_CHARGE_FAILURES: Final = {
    "authentication_required": "authentication_failed",
    "expired_card": "card_expired",
    "incorrect_cvc": "card_details_wrong",
    "incorrect_number": "card_details_wrong",
    "insufficient_funds": "insufficient_funds",
    "payment_intent_authentication_failure": "authentication_failed",
    "processing_error": "provider_error",
}
"""By the bank's code or the error's. Why a bank declined otherwise (a card was stolen) is not for payers to know."""

_REFUND_REFUSALS: Final = {
    "balance_insufficient": "provider_balance_insufficient",
    "charge_already_refunded": "refund_exceeds_capture",
    "charge_disputed": "charge_disputed",
    "insufficient_funds": "provider_balance_insufficient",
    "invalid_charge_amount_no_decimal_compatible": "amount_refused",
    "payment_intent_unexpected_state": "not_captured",
    "resource_missing": "unknown_to_provider",
}

_REFUND_FAILURES: Final = dict.fromkeys(("expired_or_canceled_card", "lost_or_stolen_card"), "card_gone")

_AMOUNT_REFUSALS: Final = frozenset(
    {"amount_too_large", "amount_too_small", "invalid_charge_amount_no_decimal_compatible"}
)


def declined(intent: stripe.PaymentIntent) -> str | None:
    """Why the last try to confirm it failed, where it waits for another card."""
    error = intent.last_payment_error
    if error is None or intent.status != "requires_payment_method":
        return None
    codes = (getattr(error, "decline_code", None), getattr(error, "code", None))
    return next((_CHARGE_FAILURES[code] for code in codes if code in _CHARGE_FAILURES), "declined")


def report_of(intent: stripe.PaymentIntent, evidence: Evidence) -> Report:
    """How a charge stands that was not declined."""
    match intent.status:
        case "requires_payment_method" | "requires_confirmation" | "requires_action":
            action = NextAction("confirm_with_provider", _page(intent))
            return Report("action_required", evidence, action, client_secret=intent.client_secret)
        case "requires_capture":
            return Report("authorized", evidence, amount=_money(intent, intent.amount_capturable))
        case "succeeded":
            return Report("captured", evidence, amount=_money(intent, intent.amount_received))
        case "canceled":
            return Report("voided", evidence)
        case _:  # "processing", and whatever Stripe may add
            return Report("pending", evidence)


def refund_report_of(refund: stripe.Refund, evidence: Evidence) -> RefundReport:
    amount = from_units("stripe", refund.amount, refund.currency)
    match refund.status:
        case "succeeded":
            return RefundReport("succeeded", evidence, amount=amount)
        case "failed" | "canceled":
            reason = getattr(refund, "failure_reason", None) or ""
            return RefundReport("failed", evidence, _REFUND_FAILURES.get(reason, "refund_failed"), amount)
        case _:  # "pending", "requires_action"
            return RefundReport("pending", evidence, amount=amount)


def refund_refusal(error: stripe.InvalidRequestError) -> str | None:
    """Why Stripe will never make this refund; None where the mistake is ours."""
    if error.param == "amount":
        return "refund_exceeds_capture"
    return _REFUND_REFUSALS.get(error.code or "")


def refuses_amount(error: stripe.InvalidRequestError) -> bool:
    """An amount of this currency that Stripe does not take, though it could be written."""
    return error.code in _AMOUNT_REFUSALS


def _page(intent: stripe.PaymentIntent) -> str | None:
    redirect = intent.next_action.redirect_to_url if intent.next_action else None
    return redirect.url if redirect else None


def _money(intent: stripe.PaymentIntent, units: int) -> Money:
    return from_units("stripe", units, intent.currency)
