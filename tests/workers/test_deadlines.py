"""Holds that lapse give their nights back though nobody asks for them."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from application import alterations
from domain.bookings import Completed, Confirmed, Expired, Held, Requested
from domain.properties import HouseRules
from domain.stays import Stay
from infrastructure.workers.deadlines import meet_deadlines
from infrastructure.workers.projector import Projector
from projections.bookings import BOOKINGS
from tests.support.workers import Post, Stage
from tests.support.world import World


def meet(world: World) -> None:
    """Let a worker find what is due by the read model, and record it."""
    show(world)
    meet_deadlines(world.lodger, world.wired.database)


def show(world: World) -> None:
    Projector(world.wired.projecting, world.log, [BOOKINGS]).run()


def test_a_hold_is_expired_at_its_deadline_and_not_before(database_url: str) -> None:
    world = World(database_url)
    listing = world.listing()
    booking = world.hold(listing)
    world.clock.pass_(timedelta(minutes=15) - timedelta(microseconds=1))
    meet(world)
    assert isinstance(world.booking(booking), Held)
    world.clock.pass_(timedelta(microseconds=1))
    meet(world)
    assert isinstance(world.booking(booking), Expired)
    assert world.claims(listing) == []
    world.close()


def test_two_workers_at_once_expire_each_hold_once(database_url: str) -> None:
    world = World(database_url)
    for _ in range(8):
        world.hold(world.listing())
    world.clock.pass_(timedelta(minutes=16))
    show(world)
    workers = [Thread(target=meet_deadlines, args=[world.lodger, world.wired.database]) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    facts = [type(event.fact).__name__ for event in world.events()]
    assert facts.count("BookingExpired") == 8
    world.close()


def test_requests_lapse_alterations_lapse_and_stays_are_completed(database_url: str) -> None:
    world = World(database_url)
    asked = world.hold(world.listing(rules=HouseRules(booking_mode="request")))
    stayed = world.confirmed(world.listing())
    guest = world.booking(stayed).made.guest_id
    longer = Stay(date(2026, 7, 1), date(2026, 7, 5))
    alterations.alter(world.lodger, world.call(guest), stayed, guest, longer, 2)
    listing = world.booking(stayed).made.property_id
    assert len(world.claims(listing)) == 2  # its own three nights, and the one that it wants more
    world.clock.pass_(timedelta(minutes=15))
    meet(world)
    confirmed = world.booking(stayed)
    assert isinstance(confirmed, Confirmed)
    assert confirmed.alteration is None
    assert len(world.claims(listing)) == 1
    assert isinstance(world.booking(asked), Requested)
    world.clock.pass_(timedelta(hours=24))
    meet(world)
    assert isinstance(world.booking(asked), Expired)
    # Check-out is at 11:00 in New York, which is 15:00 UTC in July.
    world.clock.time = datetime(2026, 7, 4, 14, 59, 59, tzinfo=UTC)
    meet(world)
    assert isinstance(world.booking(stayed), Confirmed)
    world.clock.pass_(timedelta(seconds=1))
    meet(world)
    assert isinstance(world.booking(stayed), Completed)
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
