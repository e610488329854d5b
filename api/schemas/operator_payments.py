"""Payments as operators see them, and what they do about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, assert_never
from uuid import UUID

from marshmallow import fields

from api.schemas.fields import Choice, Id, Instant, MoneyField, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from api.schemas.payments import PaymentSchema, paid
from domain import payments
from domain.payments import Payment, PaymentMethod, Resolution
from projections.payments import Kind, Need

OperatorAction = Literal["ask", "resolve", "retry"]
DisputeStatus = Literal["opened", "won", "lost"]


class ListNeedsSchema(PageOf):
    needs = Choice(Kind, metadata={"description": "Only what needs this; without it, everything."})


class NeedSchema(Strict):
    """Something of a payment that an operator may have to see to. `actions` are the commands that exist for it."""

    needs = Choice(Kind, required=True)
    subject = fields.String(
        required=True,
        metadata={"description": "Which contradiction, which refund or dispute (its id), or what is under way."},
    )
    concerns = MoneyField(required=True, allow_none=True, metadata={"description": "The amount that it is about."})
    said = fields.String(
        required=True, allow_none=True, metadata={"description": "What the provider said against itself."}
    )
    since = Instant(required=True)
    actions = fields.List(Choice(OperatorAction), required=True)
    asked_again = fields.Integer(
        required=True, metadata={"description": "How often the provider was asked again since anything happened."}
    )
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "What went wrong when it was asked the last time."}
    )
    payment = Id(required=True)
    booking = Id(required=True)
    amount = MoneyField(required=True)
    payment_method = Choice(PaymentMethod, required=True)
    provider = fields.String(required=True)
    reference = fields.String(
        required=True, allow_none=True, metadata={"description": "The provider's; null until it has answered."}
    )


class NeedsSchema(Strict):
    items = fields.List(fields.Nested(NeedSchema), required=True)
    next_cursor = NextCursor()


class ContradictionSchema(Strict):
    contradiction = Choice(payments.Contradiction, required=True)
    resolved = fields.Boolean(required=True)


class DisputeSchema(Strict):
    id = fields.String(required=True, metadata={"description": "The provider's."})
    amount = MoneyField(required=True)
    fee = MoneyField(required=True)
    reason = fields.String(required=True)
    status = Choice(DisputeStatus, required=True)


class OperatedPaymentSchema(PaymentSchema):
    """A payment with what only operators see of it."""

    provider = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    stage = Choice(payments.Stage, required=True)
    contradictions = fields.List(fields.Nested(ContradictionSchema), required=True)
    disputes = fields.List(fields.Nested(DisputeSchema), required=True)

    class Meta(Strict.Meta):
        exclude = ("next_action",)


class ResolveSchema(Strict):
    """`refunded` sends back what is left of the captured money, `dismissed` leaves it where it is."""

    resolution = Choice(Resolution, required=True)
    reason = Text(500, required=True, metadata={"description": "Why; it is kept with what was done."})


class UnknownWebhookSchema(Strict):
    """What a provider sent about a charge that is none of ours, or a second one that took money for a payment."""

    id = fields.Integer(required=True)
    provider = fields.String(required=True)
    event = fields.String(required=True, metadata={"description": "The provider's id of what it sent."})
    reference = fields.String(required=True, allow_none=True)
    payment = Id(required=True, allow_none=True, metadata={"description": "What it names; it may be unknown here."})
    received_at = Instant(required=True)


class UnknownWebhooksSchema(Strict):
    webhooks = fields.List(fields.Nested(UnknownWebhookSchema), required=True)
    next_cursor = NextCursor()


def needed(need: Need) -> dict[str, Any]:
    """What NeedSchema shows."""
    return {
        "needs": need.kind,
        "subject": need.subject,
        "concerns": need.open.amount,
        "said": need.open.said,
        "since": need.open.since,
        "actions": _actions(need.kind),
        "asked_again": need.attempts,
        "error": need.error,
        "payment": need.payment_id,
        "booking": need.booking_id,
        "amount": need.amount,
        "payment_method": need.payment_method,
        "provider": need.provider,
        "reference": need.reference,
    }


def _actions(kind: Kind) -> list[OperatorAction]:
    match kind:
        case "contradiction":
            return ["resolve", "ask"]
        case "refund_failed":
            return ["retry", "ask"]
        case "disputed" | "under_way":
            return ["ask"]
        case _:
            assert_never(kind)


def operated(payment_id: UUID, payment: Payment, paid_at: datetime | None) -> dict[str, Any]:
    """What OperatedPaymentSchema shows."""
    return {
        **paid(payment_id, payment, paid_at),
        "provider": payment.started.provider,
        "reference": payment.reference,
        "stage": payment.stage,
        "contradictions": [
            {"contradiction": contradiction, "resolved": resolved}
            for contradiction, resolved in payment.contradictions.items()
        ],
        "disputes": [
            {
                "id": dispute_id,
                "amount": dispute.amount,
                "fee": dispute.fee,
                "reason": dispute.reason,
                "status": dispute.outcome,
            }
            for dispute_id, dispute in payment.disputes.items()
        ],
    }
