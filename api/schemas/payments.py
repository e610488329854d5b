"""Payments as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Choice, Id, Instant, MoneyField, Phone, Strict
from application.settlement import PaymentStream
from domain import payments
from domain.payments import ActionKind, Payment, PaymentMethod, RefundState, must_be_started

RefundStatus = Literal["pending", "succeeded", "failed"]


class StartPaymentSchema(Strict):
    payment_method = Choice(PaymentMethod, required=True)
    phone = Phone(metadata={"description": "The payer's, for mobile_money only."})

    @validates_schema
    def phone_belongs_to_mobile_money(self, data: dict[str, Any], **_: Any) -> None:
        if (data["payment_method"] == "mobile_money") != ("phone" in data):
            raise ValidationError("mobile_money needs it, nothing else does.", "phone")


class NextActionSchema(Strict):
    """What the payer has to do: open `url`, answer the push on the phone, or confirm with the provider's library."""

    kind = Choice(ActionKind, required=True)
    url = fields.String(required=True, allow_none=True, metadata={"format": "uri"})
    # Answers of commands are kept for a week, so no command shows it: only the payment itself does, to its guest.
    client_secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "To `confirm_with_provider`: shown to the guest, by `GET /v1/payments/{id}` only."},
    )


class RefundSchema(Strict):
    """Money of a payment that goes back. One that failed is seen to by an operator, and then is another refund."""

    id = Id(required=True)
    amount = MoneyField(required=True)
    status = Choice(RefundStatus, required=True)
    failure_code = fields.String(required=True, allow_none=True)


class PaymentSchema(Strict):
    """One attempt to pay a booking."""

    id = Id(required=True)
    booking = Id(required=True)
    attempt = fields.Integer(required=True)
    amount = MoneyField(required=True)
    payment_method = Choice(PaymentMethod, required=True)
    payment_date = Instant(required=True, allow_none=True, metadata={"description": "null until it is paid."})
    status = Choice(payments.Status, required=True)
    next_action = fields.Nested(
        NextActionSchema, required=True, allow_none=True, metadata={"description": "null for all but the guest."}
    )
    failure_code = fields.String(required=True, allow_none=True)
    refunded = MoneyField(required=True, metadata={"description": "What has gone back already."})
    refunds = fields.List(fields.Nested(RefundSchema), required=True)


class PaymentsSchema(Strict):
    payments = fields.List(fields.Nested(PaymentSchema), required=True)


def paid(
    payment_id: UUID,
    payment: Payment,
    paid_at: datetime | None,
    client_secret: str | None = None,
    *,
    to_payer: bool = False,
) -> dict[str, Any]:
    """What PaymentSchema shows. Where to pay, and the `client_secret`, are for the payer's eyes only."""
    started, action = payment.started, payment.next_action if to_payer else None
    return {
        "id": payment_id,
        "booking": started.booking_id,
        "attempt": started.attempt,
        "amount": started.amount,
        "payment_method": started.payment_method,
        "payment_date": paid_at,
        "status": payments.status(payment),
        "next_action": action and {"kind": action.kind, "url": action.url, "client_secret": client_secret},
        "failure_code": payment.failure_code,
        "refunded": payment.refunded,
        "refunds": [_refund(refund_id, refund) for refund_id, refund in payment.refunds.items()],
    }


def paid_to(
    viewer: UUID, stream: PaymentStream, paid_at: datetime | None, client_secret: str | None = None
) -> dict[str, Any]:
    """The same to one side of the booking, of a payment whose money was captured at `paid_at`, if it was."""
    payment = must_be_started(stream.state)
    captured_at = paid_at if payment.stage == "captured" else None
    return paid(stream.id, payment, captured_at, client_secret, to_payer=payment.started.guest_id == viewer)


def _refund(refund_id: UUID, refund: RefundState) -> dict[str, Any]:
    return {
        "id": refund_id,
        "amount": refund.amount,
        "status": "pending" if refund.outcome == "started" else refund.outcome,
        "failure_code": refund.failure_code,
    }
