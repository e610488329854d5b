"""Carrying webhooks by hand: what a worker does, when the test says."""

from __future__ import annotations

from typing import Any

from infrastructure.webhooks.courier import Courier
from tests.api.stack import Client, Stack, json_of


def courier_of(stack: Stack) -> Courier:
    wired = stack.wired
    return Courier(wired.database, wired.lodger, wired.keyring.sealer("webhook secret"), wired.outgoing)


def carry(stack: Stack, courier: Courier | None = None) -> None:
    """Workers do all that is due, webhooks too."""
    stack.run_workers()
    courier = courier or courier_of(stack)
    courier.run()
    courier.wait()


def let_time_pass(stack: Stack, interval: str) -> None:
    """As if everything in the outbox had happened so much earlier."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """UPDATE webhook_deliveries
               SET queued_at = queued_at - %(by)s::interval, next_attempt_at = next_attempt_at - %(by)s::interval,
                   attempted_at = attempted_at - %(by)s::interval""",
            {"by": interval},
        )
        cursor.execute(
            """UPDATE webhook_endpoints
               SET rests_until = rests_until - %(by)s::interval, failing_since = failing_since - %(by)s::interval,
                   former_until = former_until - %(by)s::interval""",
            {"by": interval},
        )


def hook(client: Client, url: str, *types: str) -> dict[str, Any]:
    """A new endpoint of somebody's, with its secret."""
    answer = client.post("/v1/webhook-endpoints", {"url": url, "types": list(types)})
    assert answer.status_code == 201, answer.text
    return json_of(answer)


def deliveries(client: Client, endpoint: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    """The log of an endpoint, oldest first."""
    answer = client.get(f"/v1/webhook-endpoints/{endpoint['id']}/deliveries{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json_of(answer)["deliveries"]
    return found[::-1]


def shown(client: Client, endpoint: dict[str, Any]) -> dict[str, Any]:
    return json_of(client.get(f"/v1/webhook-endpoints/{endpoint['id']}"))
