"""What cancelling gives back, as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import Choice, Id, Instant, MoneyField, Strict
from application.cancellations import Preview
from domain.bookings import Role
from domain.pricing import CancellationPolicy, LineKind


class RefundLineSchema(Strict):
    """What comes back of one kind of line; nights come back less their discounts."""

    kind = Choice(LineKind, required=True)
    amount = MoneyField(required=True)


class CancellationAtSchema(Strict):
    at = Instant(metadata={"description": "When you would cancel; by default now."})


class DeadlineSchema(Strict):
    """Cancel before `until`, or `refund_after` is what comes back."""

    until = Instant(required=True)
    refund_after = MoneyField(required=True)


class CancellationPreviewSchema(Strict):
    """What you cancelling at `at` would give back, to the minor unit, by the policy that was agreed."""

    booking = Id(required=True)
    at = Instant(required=True)
    by = Choice(Role, required=True)
    cancellation_policy = Choice(CancellationPolicy, required=True)
    refund_lines = fields.List(fields.Nested(RefundLineSchema), required=True)
    refund = MoneyField(required=True)
    deadlines = fields.List(
        fields.Nested(DeadlineSchema),
        required=True,
        metadata={"description": "When it becomes less: every time until check-in, during the stay the next time."},
    )


def previewed(preview: Preview) -> dict[str, Any]:
    """What CancellationPreviewSchema shows."""
    return {
        "booking": preview.booking_id,
        "at": preview.at,
        "by": preview.by,
        "cancellation_policy": preview.terms.policy,
        "refund_lines": preview.refund.lines,
        "refund": preview.refund.total,
        "deadlines": preview.deadlines,
    }
