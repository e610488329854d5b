"""The same webhook of Stripe's many times at once over HTTP, followed by many at once who then die; and the checker."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from prometheus_client import REGISTRY

from benchmarks.load import Load, send
from fakes.stripe.webhooks import signature
from infrastructure.embedded.processes import Process, Service
from infrastructure.settings import ROOT, to_environment
from infrastructure.workers.provider_webhooks import Follower
from tests.faults.api_process import ApiProcess
from tests.support.providers import stripe_fake
from tests.support.scripted_gateway import Delivery
from tests.support.stripe_fake import SECRET_KEY, StripeFake
from tests.support.world import World

PATH = "/v1/webhooks/stripe"


@dataclass(frozen=True, slots=True)
class Scene:
    """A world whose cards Stripe's fake takes, and its API in processes of its own."""

    world: World
    fake: StripeFake
    api: ApiProcess


@contextmanager
def stripe_scene(database_url: str, **further: str) -> Iterator[Scene]:
    """`further` are settings of the API, by variable."""
    with stripe_fake() as fake:
        settings: dict[str, Any] = {
            "card_provider": "stripe",
            "stripe_secret_key": SECRET_KEY,
            "stripe_api_base": fake.url,
            "stripe_webhook_secrets": fake.webhook_secret,
        }
        world = World(database_url, **settings)
        variables = {f"LODGER_{name.upper()}": value for name, value in settings.items()}
        api = ApiProcess(database_url, LODGER_API_WORKERS="2", **variables, **further)
        try:
            yield Scene(world, fake, api)
        finally:
            api.kill()
            world.close()


@contextmanager
def working(scene: Scene, folder: Path) -> Iterator[None]:
    """While the worker of reactions runs, with the API's settings."""
    worker = Process(
        Service(
            name="reactions",
            command=[sys.executable, "-m", "infrastructure.cli", "worker", "reactions"],
            ready=lambda: True,
            environment={**os.environ, **to_environment(scene.api.settings), "PYTHONPATH": str(ROOT)},
        ),
        folder,
    )
    try:
        yield
    finally:
        worker.kill()


def authorised(scene: Scene) -> tuple[UUID, dict[str, Any]]:
    """A payment whose payer has confirmed with Stripe, and the event by which Stripe will tell it."""
    payment_id = scene.world.pay(scene.world.hold(scene.world.listing()))
    reference = scene.world.payment(payment_id).reference
    assert reference is not None
    scene.fake.confirm(reference)
    (event,) = (e for e in scene.fake.events() if e["type"] == "payment_intent.amount_capturable_updated")
    return payment_id, event


def signed(fake: StripeFake, event: Mapping[str, Any]) -> Delivery:
    """An event as Stripe sends it now."""
    body = json.dumps(event)
    at = int(datetime.now(UTC).timestamp())
    return Delivery({"stripe-signature": signature(body, fake.webhook_secret, at)}, body.encode())


def storm(api: ApiProcess, delivery: Delivery, times: int = 50) -> Mapping[int, int]:
    """All connect first, then all send; how many got each status."""
    headers = {"Host": "localhost", "Content-Length": str(len(delivery.body)), **delivery.headers}
    head = "\r\n".join([f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    request = head.encode() + delivery.body
    return send(Load("127.0.0.1", api.port, times, 60, [request] * times), expected=200).statuses


def follow_and_die(world: World, followers: int = 3) -> None:
    """Several workers follow what is due at once, and again as if none had lived to note what came of it."""
    for _ in range(2):
        with world.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE provider_webhooks SET state = 'waiting', next_attempt_at = clock_timestamp()")
        with ThreadPoolExecutor(followers) as threads:
            list(threads.map(_follow, [world] * followers))


def _follow(world: World) -> None:
    follower = Follower(world.lodger)
    follower.run()
    follower.wait()


def looks() -> float:
    """How often Stripe has been asked how a charge stands."""
    labels = {"provider": "stripe", "call": "look_up", "outcome": "answered"}
    return REGISTRY.get_sample_value("lodger_gateway_calls_total", labels) or 0.0


def more_than_once(world: World, delivery: Delivery, asked: float) -> Sequence[str]:
    """What of one webhook happened more than once, or not at all. `asked` is how often Stripe was, because of it."""
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM provider_webhooks WHERE body = %s", [delivery.body])
        ((stored,),) = cursor.fetchall()
    recorded = sum(event.actor.kind == "webhook" for event in world.events())
    counts = {"stored": stored, "asked about": int(asked), "recorded": recorded}
    return [f"{what} {count} times" for what, count in counts.items() if count != 1]
