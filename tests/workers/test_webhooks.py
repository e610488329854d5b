"""A worker that is killed between sending and recording: the next one sends it again, and then the rest in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from application.webhook_ports import WebhookEndpoint
from tests.support.workers import Stage, Workers
from tests.webhooks.receiver import Received, Receiver, is_genuine
from tests.workers.test_faults import wait_until

pytestmark = pytest.mark.slow

SECRET = "whsec_of_the_test"


def test_what_a_killed_worker_had_sent_comes_again_and_the_rest_in_order(stage: Stage) -> None:
    world, receiver = stage.world, Receiver()
    endpoint = WebhookEndpoint(
        uuid4(), world.host, receiver.url, (), enabled=True, version=1, created_at=datetime.now(UTC)
    )
    world.lodger.webhooks.add(endpoint, SECRET)
    first = (datetime.now(UTC) + timedelta(days=30)).date()
    listing = world.listing()
    bookings = [
        world.hold(listing, nights=(str(first + timedelta(days=n)), str(first + timedelta(days=n + 1))))
        for n in range(5)
    ]
    victims: list[Workers] = []

    def kill_at_the_third(_: Received) -> int:
        if len(receiver.received) == 3:
            victims[0].kill()
        return 200

    receiver.answer = kill_at_the_third
    victims.append(stage.workers())
    wait_until(lambda: len(receiver.received) == 3, 30)
    victims[0].kill()
    assert stage.query("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == [(2,)]
    # Its claim need not be waited for here.
    stage.query("UPDATE webhook_endpoints SET rests_until = clock_timestamp() RETURNING 1")
    stage.query("UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() RETURNING 1")
    workers = stage.workers()
    try:
        wait_until(lambda: stage.query("SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'") == [(0,)])
    finally:
        workers.kill()
        receiver.close()
    told = [received.change["booking"]["id"] for received in receiver.received]
    assert told == [str(bookings[n]) for n in (0, 1, 2, 2, 3, 4)]
    assert [received.attempt for received in receiver.received] == [1, 1, 1, 2, 1, 1]
    assert all(is_genuine(received, SECRET) for received in receiver.received)
