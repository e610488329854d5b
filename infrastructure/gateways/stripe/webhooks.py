"""Stripe's webhooks: signed over their bytes, and read for what they are about only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from stripe import SignatureVerificationError, WebhookSignature

from application.payment_ports import Hint
from domain.rejections import Rejected
from infrastructure.gateways.stripe.disputes import INQUIRY

TOLERANCE_SECONDS: Final = 300


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Event(msgspec.Struct):
    id: str
    type: str
    data: _Data


def read(headers: Mapping[str, str], body: bytes, now: datetime, secrets: Sequence[str]) -> Hint:
    """Raises Rejected `webhook_signature_invalid`, `webhook_stale` or `webhook_malformed`."""
    header = headers.get("stripe-signature", "")
    if not any(_is_signed(header, body, secret) for secret in secrets):
        raise Rejected("webhook_signature_invalid", "The webhook is not signed by the payment provider.")
    # The SDK would take one from any time to come.
    if abs(int(now.timestamp()) - _signed_at(header)) > TOLERANCE_SECONDS:
        raise Rejected(
            "webhook_stale", "The webhook was signed too long ago, or not yet.", tolerance_seconds=TOLERANCE_SECONDS
        )
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected("webhook_malformed", "The webhook is no event of the payment provider.") from error
    return _hint(event)


def _is_signed(header: str, body: bytes, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret)
    except (SignatureVerificationError, UnicodeDecodeError, TypeError):  # the last: a signature that is not ASCII
        return False
    return True


def _signed_at(header: str) -> int:
    """Of a header that was verified."""
    return int(next(item for item in header.split(",") if item.startswith("t=")).removeprefix("t="))


def _hint(event: _Event) -> Hint:
    about = event.data.object
    match event.type.split("."):
        case ["payment_intent", *_]:
            return Hint(event.id, "charge", _text(about, "id"), _our_id(about, "payment_id"))
        case ["charge", "dispute", *_] if not str(about.get("status", "")).startswith(INQUIRY):
            return Hint(event.id, "dispute", _text(about, "id"))
        case ["refund", *_] | ["charge", "refund", *_] | ["charge", "refunded" | "expired"]:
            return _of_charge(event, about)
        case ["payout", *_]:
            payout_id = _our_id(about, "payout_id")
            return Hint(event.id, "payout", str(payout_id)) if payout_id else Hint(event.id, "nothing")
        case _:
            return Hint(event.id, "nothing")


def _of_charge(event: _Event, about: dict[str, Any]) -> Hint:
    """A refund or charge; one without a PaymentIntent is none of ours."""
    if about.get("payment_intent") is None:
        return Hint(event.id, "nothing")
    return Hint(event.id, "charge", _text(about, "payment_intent"), _our_id(about, "payment_id"))


def _text(about: dict[str, Any], field: str) -> str:
    value = about.get(field)
    if not isinstance(value, str):
        raise Rejected("webhook_malformed", f"The webhook is about something without {field}.")
    return value


def _our_id(about: dict[str, Any], name: str) -> UUID | None:
    """What was sent along; None for what somebody else made, or wrote something else into."""
    metadata = about.get("metadata")
    try:
        return UUID(metadata[name]) if isinstance(metadata, dict) else None
    except (KeyError, ValueError, AttributeError, TypeError):
        return None
