"""Payments as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Choice, Id, Instant, MoneyField, Phone, Strict
from domain import payments
from domain.payments import Payment, PaymentMethod

ActionKind = Literal["open_page", "approve_on_phone"]


class StartPaymentSchema(Strict):
    payment_method = Choice(PaymentMethod, required=True)
    phone = Phone(metadata={"description": "The payer's, for mobile_money only."})

    @validates_schema
    def phone_belongs_to_mobile_money(self, data: dict[str, Any], **_: Any) -> None:
        if (data["payment_method"] == "mobile_money") != ("phone" in data):
            raise ValidationError("mobile_money needs it, nothing else does.", "phone")


class NextActionSchema(Strict):
    """What the payer has to do: open `url`, or answer the push on the phone."""

    kind = Choice(ActionKind, required=True)
    url = fields.String(required=True, allow_none=True, metadata={"format": "uri"})


class PaymentSchema(Strict):
    """One attempt to pay a booking."""

    id = Id(required=True)
    booking = Id(required=True)
    attempt = fields.Integer(required=True)
    amount = MoneyField(required=True)
    payment_method = Choice(PaymentMethod, required=True)
    payment_date = Instant(required=True, allow_none=True, metadata={"description": "null until it is paid."})
    status = Choice(payments.Status, required=True)
    next_action = fields.Nested(NextActionSchema, required=True, allow_none=True)
    failure_code = fields.String(required=True, allow_none=True)
    refunded = MoneyField(required=True, metadata={"description": "What has gone back already."})


class PaymentsSchema(Strict):
    payments = fields.List(fields.Nested(PaymentSchema), required=True)


def paid(payment_id: Any, payment: Payment, paid_at: datetime | None) -> dict[str, Any]:
    """What PaymentSchema shows."""
    started = payment.started
    return {
        "id": payment_id,
        "booking": started.booking_id,
        "attempt": started.attempt,
        "amount": started.amount,
        "payment_method": started.payment_method,
        "payment_date": paid_at,
        "status": payments.status(payment),
        "next_action": payment.next_action,
        "failure_code": payment.failure_code,
        "refunded": payment.refunded,
    }
