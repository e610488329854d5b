"""Processes whose clocks are an hour off, either way (fault 15): versions are dense, every event is applied once, and
whoever does which step of a stay, it ends with nights or with the money back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final
from uuid import UUID

import pytest

from application import bookings, nights, payments, reconciliation, settlement
from application.calls import Call
from application.lodger import Lodger
from application.reactions import react
from domain.bookings import Confirmed
from domain.events import Actor
from domain.payments import PaymentMethod
from domain.rejections import Rejected
from domain.requests import RequestBooking
from infrastructure.workers.projector import Projector
from projections.catalogue import running
from tests.support.checkers import gaps_in_streams, overlapping_nights
from tests.support.examples import STAY
from tests.support.ledger_checkers import money_apart
from tests.support.projection_checkers import misapplied
from tests.support.world import HandClock, World

pytestmark = pytest.mark.slow

TOTAL = 33_600
"""Three nights at 100.00 and 12% service fee, in cents."""

METHODS: Final[tuple[PaymentMethod, ...]] = ("card", "mobile_money")
OFF: Final = (timedelta(hours=-1), timedelta(), timedelta(hours=1))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


@pytest.mark.parametrize("seed", range(4))
def test_clocks_that_are_an_hour_off_double_no_charge_and_lose_no_nights(
    world: World, database_url: str, seed: int
) -> None:
    random = Random(seed)
    processes = [replace(world.lodger, clock=HandClock(world.clock.time + off)) for off in OFF]
    confirmed = sum(_stay(world, processes, random) for _ in range(15))

    projector = Projector(world.wired.projecting, world.log, running(audit=True))
    projector.run()
    assert misapplied(world.wired.database) == {}
    assert gaps_in_streams(database_url) == []
    assert overlapping_nights(database_url) == []
    assert world.kept_by_provider() == confirmed * TOTAL
    assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []
    assert confirmed > 0


def _stay(world: World, processes: list[Lodger], random: Random) -> bool:
    """A stay, each step of which is done by another process; whether it is confirmed at the end."""

    def someone() -> tuple[Lodger, Call]:
        lodger = random.choice(processes)
        return lodger, Call(Actor("system", "test"), lodger.clock.now(), lodger.new_id(), lodger.new_id())

    listing, guest = world.listing(), world.person()
    booking_id = world.lodger.new_id()
    lodger, call = someone()
    bookings.request(lodger, call, booking_id, RequestBooking(listing, guest, STAY, 2), None)
    lodger, call = someone()
    method = random.choice(METHODS)
    with suppress(Rejected):  # by a clock that is ahead, the hold has lapsed
        payment_id = payments.start(lodger, call, booking_id, guest, method, "+256772123456").stream.id
        world.sandbox.approve(str(world.payment(payment_id).reference))
        for step in random.sample(["look", "expire", "reconcile", "react"], 4):
            _take(world, step, *someone(), booking_id, payment_id)
        reconciliation.reconcile(*someone(), payment_id)
    _react(world, random.choice(processes))
    is_confirmed = isinstance(world.booking(booking_id), Confirmed)
    assert not is_confirmed or len(world.nights(listing, booking_id)) == 3
    return is_confirmed


def _take(world: World, step: str, lodger: Lodger, call: Call, booking_id: UUID, payment_id: UUID) -> None:
    match step:
        case "look":
            settlement.look(lodger, call, payment_id)
        case "expire":
            nights.elapse(lodger, call, booking_id)
        case "reconcile":
            reconciliation.reconcile(lodger, call, payment_id)
        case _:
            _react(world, lodger)


def _react(world: World, lodger: Lodger) -> None:
    while events := world.log.read(world.reacted_upto, world.log.safe_position(2.0), 1000):
        for event in events:
            react(lodger, event)
            world.reacted_upto = event.position or 0
