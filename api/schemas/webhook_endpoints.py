"""Endpoints of webhooks as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.schemas.changes import CHANGE_TYPES
from api.schemas.fields import Choice, Flag, Id, Instant, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from application.webhook_ports import DeliveryStatus, WebhookDelivery, WebhookEndpoint

URL_MAX = 2_000


def _types(**kwargs: Any) -> fields.List[str]:
    return fields.List(
        Choice(CHANGE_TYPES),
        validate=validate.Length(max=len(CHANGE_TYPES)),
        metadata={"description": "Which types of changes are wanted; none named means all."},
        **kwargs,
    )


class RegisterEndpointSchema(Strict):
    """Where to send your changes."""

    url = Text(URL_MAX, required=True, metadata={"format": "uri"})
    types = _types(load_default=list)


class ChangeEndpointSchema(Strict):
    """What of an endpoint can be changed; what is left out stays."""

    url = Text(URL_MAX, metadata={"format": "uri"})
    types = _types()
    enabled = Flag(metadata={"description": "true: go on, with all that came since. false: send nothing until then."})


class WebhookEndpointSchema(Strict):
    """Where your changes are sent."""

    id = Id(required=True)
    url = fields.String(required=True)
    types = _types(required=True)
    enabled = Flag(required=True)
    created_at = Instant(required=True)
    failing_since = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "The first of its failures in a row; null: it is well."},
    )
    given_up_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it was disabled, after five days of failures only. Enable it to go on."},
    )


class NewWebhookEndpointSchema(WebhookEndpointSchema):
    """A new endpoint, with the secret that its deliveries are signed with. It is not shown again."""

    secret = fields.String(required=True)


class WebhookSecretSchema(Strict):
    """A new secret, not shown again. Until `former_until` deliveries are signed with the former one too."""

    secret = fields.String(required=True)
    former_until = Instant(required=True)


class WebhookEndpointsSchema(Strict):
    webhook_endpoints = fields.List(fields.Nested(WebhookEndpointSchema), required=True)


class ListDeliveriesSchema(PageOf):
    status = Choice(DeliveryStatus)


class WebhookDeliverySchema(Strict):
    """A change on its way to an endpoint. Failed is what was not taken for a day; send it again if you want it."""

    id = Id(required=True, metadata={"description": "As in the header Lodger-Delivery."})
    change = Id(required=True, metadata={"description": "The `id` of the change that is sent."})
    type = fields.String(required=True)
    status = Choice(DeliveryStatus, required=True)
    attempts = fields.Integer(required=True)
    attempted_at = Instant(required=True, allow_none=True)
    next_attempt_at = Instant(
        required=True, allow_none=True, metadata={"description": "Not before; null when none is planned."}
    )
    response_status = fields.Integer(
        required=True, allow_none=True, metadata={"description": "What the last attempt was answered, if at all."}
    )
    error = fields.String(required=True, allow_none=True, metadata={"description": "What was wrong with it."})


class WebhookDeliveriesSchema(Strict):
    deliveries = fields.List(fields.Nested(WebhookDeliverySchema), required=True)
    next_cursor = NextCursor()


class ReplaySchema(Strict):
    """From where to send again: one of the two."""

    after = Text(1_000, metadata={"description": "A `next` of GET /v1/changes: everything that followed it."})
    since = Instant(metadata={"description": "Everything that happened since."})

    @validates_schema
    def one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("Send either after or since.", "since")


def registered(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """What WebhookEndpointSchema shows."""
    return {
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "types": endpoint.types,
        "enabled": endpoint.enabled,
        "created_at": endpoint.created_at,
        "failing_since": endpoint.failing_since,
        "given_up_at": endpoint.given_up_at,
    }


def sent(delivery: WebhookDelivery) -> dict[str, Any]:
    """What WebhookDeliverySchema shows."""
    return {
        "id": delivery.delivery_id,
        "change": delivery.event_id,
        "type": delivery.type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "attempted_at": delivery.attempted_at,
        "next_attempt_at": delivery.next_attempt_at,
        "response_status": delivery.response_status,
        "error": delivery.error,
    }
