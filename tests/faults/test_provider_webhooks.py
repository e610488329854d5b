"""The same webhook fifty times at once, and workers that die after following it: one effect (fault 11)."""

from __future__ import annotations

import time
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from api.resources.provider_webhooks import BODY_LIMIT
from domain.bookings import Confirmed
from domain.payments import PaymentCaptured
from tests.support.ledger_checkers import money_apart
from tests.support.scripted_gateway import Delivery
from tests.support.webhook_storm import (
    PATH,
    authorised,
    follow_and_die,
    looks,
    more_than_once,
    signed,
    storm,
    stripe_scene,
    working,
)

pytestmark = pytest.mark.slow


def test_fifty_at_once_have_one_effect(database_url: str) -> None:
    with stripe_scene(database_url) as scene:
        world = scene.world
        payment_id, event = authorised(scene)
        delivery, before = signed(scene.fake, event), looks()

        statuses = storm(scene.api, delivery)
        follow_and_die(world)

        assert statuses == {200: 50}
        assert more_than_once(world, delivery, looks() - before) == []
        world.react()
        assert isinstance(world.booking(world.payment(payment_id).started.booking_id), Confirmed)
        assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []


def test_forged_and_endless_ones_are_refused_by_the_running_server(database_url: str) -> None:
    with stripe_scene(database_url, LODGER_CHUNKED_BODIES="true") as scene:
        _, event = authorised(scene)
        genuine = signed(scene.fake, event)
        forged = replace(genuine, headers={"stripe-signature": "t=1,v1=00"})
        assert storm(scene.api, forged) == {400: 50}
        endless = replace(forged, body=b"x" * (BODY_LIMIT + 1))
        assert [_sent_without_a_length(scene.api.port, each) for each in (endless, forged, genuine)] == [413, 400, 200]


def test_stripe_sends_late_twice_and_in_no_order_and_every_booking_is_confirmed_once(
    database_url: str, tmp_path: Path
) -> None:
    with stripe_scene(database_url) as scene, working(scene, tmp_path):
        world, fake = scene.world, scene.fake
        fake.webhooks(url=f"http://127.0.0.1:{scene.api.port}{PATH}", spread=2, duplicates=2)
        world.clock.time = world.wired.clock.now()
        bookings = [world.hold(world.listing(), nights=("2031-07-01", "2031-07-04")) for _ in range(10)]
        for booking_id in bookings:
            reference = world.payment(world.pay(booking_id)).reference
            assert reference is not None
            fake.confirm(reference)

        deadline = time.monotonic() + 60
        while not all(isinstance(world.booking(each), Confirmed) for each in bookings):
            assert time.monotonic() < deadline, [type(world.booking(each)).__name__ for each in bookings]
            time.sleep(0.2)

        assert any(event.actor.kind == "webhook" for event in world.events())
        captured = [event.stream_id for event in world.events() if isinstance(event.fact, PaymentCaptured)]
        assert len(captured) == len(set(captured)) == 10
        assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []


def _sent_without_a_length(port: int, delivery: Delivery) -> int:
    """The status of a body in chunks, which nobody can know the end of."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        pieces = (delivery.body[start : start + 4_096] for start in range(0, len(delivery.body), 4_096))
        connection.request("POST", PATH, pieces, dict(delivery.headers), encode_chunked=True)
        return connection.getresponse().status
    finally:
        connection.close()
