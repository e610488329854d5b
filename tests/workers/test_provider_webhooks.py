"""Providers' webhooks are followed by a worker that was woken, or that looks by itself."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from application.payment_ports import Hint
from domain.bookings import Confirmed
from domain.payments import PaymentAuthorized
from infrastructure.workers import tasks
from infrastructure.workers.queues import QUEUES, Queue
from tests.support.workers import Stage
from tests.support.world import settings_for


@pytest.mark.parametrize("queue", QUEUES)
def test_what_a_message_wakes_is_there_to_be_done(database_url: str, queue: Queue) -> None:
    assert set(tasks.WOKEN[queue]) <= tasks.of(queue, settings_for(database_url)).keys()


@pytest.mark.slow
def test_a_stored_webhook_has_its_booking_confirmed(stage: Stage) -> None:
    world, workers = stage.world, stage.workers()
    listing = world.listing()
    stage.wait_until_caught_up()  # else the reconciler might come first
    first = world.clock.now().date() + timedelta(days=30)
    booking_id = world.hold(listing, nights=(str(first), str(first + timedelta(days=2))))
    payment_id = world.pay(booking_id)
    reference = world.payment(payment_id).reference
    assert reference is not None
    world.sandbox.approve(reference)
    world.lodger.provider_webhooks.store("sandbox", Hint("evt_1", "charge", reference), b"{}")
    world.lodger.wake()

    deadline = time.monotonic() + 20
    while not isinstance(world.booking(booking_id), Confirmed):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    authorized = [event for event in world.events() if isinstance(event.fact, PaymentAuthorized)]
    assert [(event.actor.kind, event.actor.id) for event in authorized] == [("webhook", "sandbox")]
    workers.kill()
