"""Webhooks: having one's changes sent instead of asking for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out, etag, expected_version
from api.edge import edge
from api.lists import page_asked
from api.operations import Resource
from api.resources.changes import asked_after, position_of
from api.schemas.fields import NothingSchema
from api.schemas.webhook_endpoints import (
    ChangeEndpointSchema,
    ListDeliveriesSchema,
    NewWebhookEndpointSchema,
    RegisterEndpointSchema,
    ReplaySchema,
    WebhookDeliveriesSchema,
    WebhookEndpointSchema,
    WebhookEndpointsSchema,
    WebhookSecretSchema,
    registered,
    sent,
)
from application import webhooks
from application.ports import Answer
from application.webhook_ports import WebhookEndpoint
from application.webhooks import EndpointChange, Secret
from projections.projection import page_of

resource = Resource(
    "webhook endpoints",
    __name__,
    url_prefix="/v1/webhook-endpoints",
    scope="webhook_endpoints",
    description="Having your changes sent, signed, to an address of yours.",
)


@resource.command(
    "POST",
    "",
    NewWebhookEndpointSchema,
    body=RegisterEndpointSchema,
    example={"url": "https://hooks.example.org/lodger", "types": ["booking.confirmed", "booking.cancelled"]},
    status=201,
    key=None,
    verified=True,
    returns=["Location", "ETag"],
    refuses=[404, 409],
)
def register_endpoint(body: dict[str, Any]) -> Response:
    """Have what happens from now on sent to an address. The answer shows a secret, and so is not kept."""
    lodger = edge().lodger
    endpoint_id = lodger.new_id()

    def show(made: Secret, _: datetime) -> Answer:
        shown = {**registered(made.endpoint), "secret": made.text}
        where = f"/v1/webhook-endpoints/{endpoint_id}"
        return answer(NewWebhookEndpointSchema, shown, 201, Location=where, ETag=etag(1))

    return carry_out(
        lambda call: webhooks.register(lodger, call, signed_in(), endpoint_id, body["url"], _types(body)),
        show,
    )


@resource.query("", WebhookEndpointsSchema)
def list_endpoints() -> dict[str, Any]:
    """Your endpoints, in the order you registered them."""
    return {"webhook_endpoints": [registered(each) for each in edge().lodger.webhooks.of_user(signed_in())]}


@resource.query("/<uuid:endpoint_id>", WebhookEndpointSchema, returns=["ETag"], refuses=[404])
def show_endpoint(endpoint_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """One of your endpoints, and how it does."""
    endpoint = webhooks.find(edge().lodger, signed_in(), endpoint_id)
    return registered(endpoint), {"ETag": etag(endpoint.version)}


@resource.command(
    "PATCH",
    "/<uuid:endpoint_id>",
    WebhookEndpointSchema,
    body=ChangeEndpointSchema,
    example={"enabled": False},
    if_match=True,
    returns=["ETag"],
    refuses=[404],
)
def change_endpoint(body: dict[str, Any], endpoint_id: UUID) -> Response:
    """Change where it is sent or what, or stop it for a while. Nothing that happens meanwhile is skipped."""
    lodger = edge().lodger
    version = expected_version()
    wanted = EndpointChange(body.get("url"), _types(body) if "types" in body else None, body.get("enabled"))

    def show(endpoint: WebhookEndpoint, _: datetime) -> Answer:
        return answer(WebhookEndpointSchema, registered(endpoint), ETag=etag(endpoint.version))

    return carry_out(
        lambda call: webhooks.change(lodger, call, signed_in(), endpoint_id, version, wanted),
        show,
    )


@resource.command("DELETE", "/<uuid:endpoint_id>", None, status=204, refuses=[404])
def remove_endpoint(endpoint_id: UUID) -> Response:
    """Have nothing more sent there."""
    lodger = edge().lodger
    return carry_out(
        lambda call: webhooks.remove(lodger, call, signed_in(), endpoint_id),
        lambda _, __: answer(None, None, 204),
    )


@resource.command(
    "POST",
    "/<uuid:endpoint_id>/secret",
    WebhookSecretSchema,
    body=NothingSchema,
    optional=True,
    key=None,
    refuses=[404],
)
def renew_secret(_: dict[str, Any], endpoint_id: UUID) -> Response:
    """Get a new secret. For 24 hours deliveries are signed with the former one too."""
    lodger = edge().lodger

    def show(made: Secret, _: datetime) -> Answer:
        return answer(WebhookSecretSchema, {"secret": made.text, "former_until": made.former_until})

    return carry_out(
        lambda call: webhooks.renew_secret(lodger, call, signed_in(), endpoint_id),
        show,
    )


@resource.query(
    "/<uuid:endpoint_id>/deliveries", WebhookDeliveriesSchema, arguments=ListDeliveriesSchema, refuses=[404]
)
def list_deliveries(arguments: dict[str, Any], endpoint_id: UUID) -> dict[str, Any]:
    """What was sent in the last 30 days and what waits to be; newest first."""
    status = arguments.get("status")
    page = page_asked(arguments, "deliveries", signed_in(), endpoint_id, status)
    before = position_of(page) or None
    found = webhooks.deliveries(edge().lodger, signed_in(), endpoint_id, status, before, page.limit + 1)
    shown = page_of(found, page.limit, lambda delivery: (delivery.position,))
    return {"deliveries": [sent(each) for each in shown.items], "next_cursor": page.next_cursor(shown.after)}


@resource.command(
    "POST",
    "/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay",
    None,
    body=NothingSchema,
    optional=True,
    status=202,
    refuses=[404],
)
def replay_delivery(_: dict[str, Any], endpoint_id: UUID, delivery_id: UUID) -> Response:
    """Have one change sent again, whatever became of it."""
    lodger = edge().lodger
    return carry_out(
        lambda call: webhooks.send_again(lodger, call, signed_in(), endpoint_id, delivery_id),
        lambda _, __: answer(None, None, 202),
    )


@resource.command(
    "POST",
    "/<uuid:endpoint_id>/replay",
    None,
    body=ReplaySchema,
    example={"since": "2027-01-01T00:00:00Z"},
    status=202,
    refuses=[404],
)
def replay(body: dict[str, Any], endpoint_id: UUID) -> Response:
    """Have everything sent again from somewhere on, also what happened before the endpoint was registered."""
    lodger = edge().lodger
    user_id = signed_in()
    since = body["since"] if "since" in body else position_of(asked_after(body, user_id))
    return carry_out(
        lambda call: webhooks.send_all_again(lodger, call, user_id, endpoint_id, since),
        lambda _, __: answer(None, None, 202),
    )


def _types(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(body["types"]))
