"""How something stands with MTN: its answers and callbacks, read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from application.payment_ports import GatewayUnavailable
from domain.money import Money
from infrastructure.gateways.amounts import Inexpressible, from_decimal

_WORDS: Final[Mapping[str, str]] = {
    "APPROVAL_REJECTED": "declined",
    "COULD_NOT_PERFORM_TRANSACTION": "not_performed",
    "EXPIRED": "expired",
    "INTERNAL_PROCESSING_ERROR": "provider_error",
    "INVALID_CURRENCY": "currency_not_taken",
    "NOT_ENOUGH_FUNDS": "insufficient_funds",
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": "payee_limit_reached",
    "PAYEE_NOT_FOUND": "payee_not_found",
    "PAYER_LIMIT_REACHED": "payer_limit_reached",
    "PAYER_NOT_FOUND": "payer_not_found",
    "PAYMENT_NOT_APPROVED": "declined",
    "RESOURCE_NOT_FOUND": "unknown_to_provider",
    "TRANSACTION_CANCELED": "cancelled",
}
"""MTN's reasons in our words."""

_AMOUNT: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Standing:
    """`body` is what MTN said to the letter. The last two are known where MTN has a record of it."""

    outcome: Literal["pending", "successful", "failed"]
    body: str
    failure_code: str | None = None
    amount: Money | None = None
    external_id: str | None = None


class Reason(msgspec.Struct):
    code: str | None = None


class Record(msgspec.Struct, rename="camel"):
    """A request to pay, a refund or a transfer, as MTN shows it. `reason` is a code, or an object that has one."""

    status: str
    external_id: str
    amount: str
    currency: str
    reason: str | Reason | None = None
    payee: Any = None


class Unreadable(ValueError):
    """What came has not the shape of a record."""


def record_of(body: str | bytes) -> Record:
    """Read an answer or a callback. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable from error


def words(code: str | None) -> str:
    """Why MTN failed or refused something, in our words."""
    return _WORDS.get(code or "", "refused_by_provider")


def standing(body: str) -> Standing:
    """Read how something stands. Raises GatewayUnavailable for what is no such answer: it decides nothing."""
    try:
        record = record_of(body)
    except Unreadable as error:
        raise GatewayUnavailable("MTN's answer cannot be read") from error
    amount = _money(record.amount, record.currency)
    match record.status:
        case "PENDING" | "CREATED":
            return Standing("pending", body, None, amount, record.external_id)
        case "SUCCESSFUL":
            return Standing("successful", body, None, amount, record.external_id)
        case "FAILED":
            code = record.reason.code if isinstance(record.reason, Reason) else record.reason
            return Standing("failed", body, words(code), amount, record.external_id)
        case _:
            raise GatewayUnavailable(f"MTN answered with a status of its own: {record.status!r}")


def _money(amount: str, currency: str) -> Money:
    """An amount as MTN writes it back, which may have other digits than were sent ("5000.0" UGX)."""
    if not _AMOUNT.fullmatch(amount):
        raise GatewayUnavailable("MTN's answer has an amount that cannot be read")
    try:
        return from_decimal("mtn_momo", amount, currency)
    except Inexpressible as error:
        raise GatewayUnavailable(f"MTN's answer has an amount that cannot be: {error}") from error
