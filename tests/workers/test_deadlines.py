"""Holds that lapse give their nights back though nobody asks for them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from domain.bookings import Expired, Held
from infrastructure.workers.deadlines import expire_lapsed_holds
from tests.support.workers import Post, Stage
from tests.support.world import World


def test_a_hold_is_expired_at_its_deadline_and_not_before(database_url: str) -> None:
    world = World(database_url)
    listing = world.listing()
    booking = world.hold(listing)
    world.clock.pass_(timedelta(minutes=15) - timedelta(microseconds=1))
    expire_lapsed_holds(world.lodger)
    assert isinstance(world.booking(booking), Held)
    world.clock.pass_(timedelta(microseconds=1))
    expire_lapsed_holds(world.lodger)
    assert isinstance(world.booking(booking), Expired)
    assert world.claims(listing) == []
    world.close()


def test_two_workers_at_once_expire_each_hold_once(database_url: str) -> None:
    world = World(database_url)
    for _ in range(8):
        world.hold(world.listing())
    world.clock.pass_(timedelta(minutes=16))
    workers = [Thread(target=expire_lapsed_holds, args=[world.lodger]) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    facts = [type(event.fact).__name__ for event in world.events()]
    assert facts.count("BookingExpired") == 8
    assert world.lodger.log.lapsed_claims(world.clock.now(), 100) == []
    world.close()


@pytest.mark.slow
def test_a_worker_expires_what_lapsed_without_being_woken(
    database_url: str, redis_url: str, post: Post, tmp_path: Path
) -> None:
    with post.open() as smtp_url:
        stage = Stage(database_url, redis_url, smtp_url, tmp_path)
        world = stage.world
        world.clock.time = datetime.now(UTC) - timedelta(minutes=16)
        first = world.clock.time.date() + timedelta(days=30)
        booking = world.hold(world.listing(), nights=(str(first), str(first + timedelta(days=3))))
        workers = stage.workers()
        deadline = time.monotonic() + 20
        while isinstance(world.booking(booking), Held) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert isinstance(world.booking(booking), Expired)
        workers.kill()
        world.close()
