"""What operators see of payments and do about them, always with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import Response

from api.commands import answer, operate
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.operations import ReasonSchema
from api.schemas.operator_payments import (
    ListNeedsSchema,
    NeedsSchema,
    OperatedPaymentSchema,
    ResolveSchema,
    UnknownWebhooksSchema,
    needed,
    operated,
)
from api.schemas.pages import PageOf
from application import payments, reconciliation
from application.calls import Call
from application.ports import Answer
from application.settlement import PaymentDone, PaymentStream
from domain.payments import Contradiction, must_be_started
from projections.payments import PAYMENTS, needs
from projections.projection import page_of

resource = Resource(
    "operator payments", __name__, url_prefix="/v1/operator", description="For operators: payments that need somebody."
)


@resource.query("/payments", NeedsSchema, arguments=ListNeedsSchema, who=("operator", "auditor"), waits=True)
def list_needs(arguments: dict[str, Any]) -> dict[str, Any]:
    """What of payments waits for an operator, the longest first.

    A provider contradicted itself (`contradiction`), could not send money back (`refund_failed`), has a dispute
    (`disputed`), or has not ended something that nothing has happened with for an hour (`under_way`).
    """
    kind = arguments.get("needs")
    page = page_asked(arguments, "needs of payments", kind)
    with reading(PAYMENTS) as cursor:
        found = needs(cursor, kind, page.after, page.limit)
    return {"items": [needed(need) for need in found.items], "next_cursor": page.next_cursor(found.after)}


@resource.query("/unknown-webhooks", UnknownWebhooksSchema, arguments=PageOf, who=("operator", "auditor"))
def list_unknown_webhooks(arguments: dict[str, Any]) -> dict[str, Any]:
    """What payment providers sent about payments that are none of ours, newest first."""
    page = page_asked(arguments, "unknown webhooks")
    before = int(page.after[0]) if page.after else None
    found = page_of(
        edge().lodger.provider_webhooks.unknown(before, page.limit + 1),
        page.limit,
        lambda webhook: (webhook.webhook_id,),
    )
    shown = [
        {
            "id": webhook.webhook_id,
            "provider": webhook.provider,
            "event": webhook.event_id,
            "reference": webhook.reference,
            "payment": webhook.payment_id,
            "received_at": webhook.received_at,
        }
        for webhook in found.items
    ]
    return {"webhooks": shown, "next_cursor": page.next_cursor(found.after)}


@resource.query("/payments/<uuid:payment_id>", OperatedPaymentSchema, who=("operator", "auditor"), refuses=[404])
def show_payment_to_operator(payment_id: UUID) -> dict[str, Any]:
    """A payment, fresh, with its provider's reference, contradictions and disputes."""
    return _shown(payments.of_platform(edge().lodger, payment_id))


@resource.command(
    "POST",
    "/payments/<uuid:payment_id>/contradictions/<string:contradiction>/resolve",
    OperatedPaymentSchema,
    body=ResolveSchema,
    example={"resolution": "dismissed", "reason": "The bank has the money: it was their mistake."},
    who="operator",
    refuses=[404, 409],
)
def resolve_contradiction(body: dict[str, Any], payment_id: UUID, contradiction: str) -> Response:
    """Say what became of a contradiction. It is not found a second time."""
    lodger, reason = edge().lodger, body["reason"]
    # Any other word is a contradiction that this payment does not have.
    kind = cast("Contradiction", contradiction)
    return _operate(reason, lambda call: payments.resolve(lodger, call, payment_id, kind, body["resolution"], reason))


@resource.command(
    "POST",
    "/payments/<uuid:payment_id>/refunds/<uuid:refund_id>/retry",
    OperatedPaymentSchema,
    body=ReasonSchema,
    example={"reason": "The guest has a new account."},
    who="operator",
    refuses=[404, 409],
)
def retry_refund(body: dict[str, Any], payment_id: UUID, refund_id: UUID) -> Response:
    """Have a refund that failed tried again, as a refund of its own; asked for twice, it is sent once."""
    lodger = edge().lodger
    return _operate(body["reason"], lambda call: payments.retry_refund(lodger, call, payment_id, refund_id))


@resource.command(
    "POST",
    "/payments/<uuid:payment_id>/ask",
    OperatedPaymentSchema,
    body=ReasonSchema,
    example={"reason": "The guest says that it was paid."},
    who="operator",
    refuses=[404],
)
def ask_provider(body: dict[str, Any], payment_id: UUID) -> Response:
    """Ask the provider how a payment stands, and carry out what is under way with it."""
    lodger = edge().lodger
    return _operate(body["reason"], lambda call: reconciliation.ask(lodger, call, payment_id))


def _operate(reason: str, command: Callable[[Call], PaymentDone]) -> Response:
    def show(stream: PaymentStream, _: datetime) -> Answer:
        return answer(OperatedPaymentSchema, _shown(stream))

    return operate(command, show, reason)


def _shown(stream: PaymentStream) -> dict[str, Any]:
    return operated(stream.id, must_be_started(stream.state), payments.captured_at(edge().lodger, stream.id))
