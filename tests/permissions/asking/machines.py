"""How routes of what is sent to machines are asked."""

from __future__ import annotations

from tests.permissions.asking.registry import Ask, asks
from tests.permissions.world import World


@asks("POST /v1/webhook-endpoints")
def address(world: World) -> Ask:
    return Ask(body={"url": f"https://93.184.216.34/{world.stack.wired.lodger.new_id()}", "types": []})


@asks(
    "GET /v1/webhook-endpoints/{endpoint_id}",
    "PATCH /v1/webhook-endpoints/{endpoint_id}",
    "DELETE /v1/webhook-endpoints/{endpoint_id}",
    "POST /v1/webhook-endpoints/{endpoint_id}/secret",
    "GET /v1/webhook-endpoints/{endpoint_id}/deliveries",
    "POST /v1/webhook-endpoints/{endpoint_id}/replay",
)
def endpoint(world: World) -> Ask:
    return Ask({"endpoint_id": world.endpoint()["id"]}, headers={"If-Match": '"1"'})


@asks("POST /v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay")
def delivery(world: World) -> Ask:
    return Ask(world.delivery())
