"""Following up each event, at least once and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from application.reactions import react
from domain.bookings import Confirmed
from domain.events import Event
from domain.rejections import Rejected
from domain.users import UserBecameHost
from infrastructure.workers import reactor as module
from infrastructure.workers.reactor import NAME, Reactor
from projections import positions
from tests.support.world import World


@pytest.fixture
def world(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    world = World(database_url)
    yield world
    world.close()


def reactor(world: World, react_: Callable[[Event], bool | None]) -> Reactor:
    return Reactor(world.wired.projecting, world.log, react_)


def position(world: World) -> tuple[int, str | None]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        standing = positions.standings(cursor)[NAME]
        return standing.position, standing.stopped_reason


class Failing:
    """Raises on the second event, which is that the host became one, so many times."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.times = error, times
        self.seen: list[int] = []

    def __call__(self, event: Event) -> None:
        assert event.position is not None
        self.seen.append(event.position)
        if isinstance(event.fact, UserBecameHost) and self.times:
            self.times -= 1
            raise self.error


def test_an_approved_payment_ends_in_a_confirmed_booking(world: World) -> None:
    booking = world.hold(world.listing())
    world.approve(world.pay(booking))
    reactor(world, partial(react, world.lodger)).run()
    assert isinstance(world.booking(booking), Confirmed)
    assert position(world) == (world.log.safe_position(), None)


def test_what_may_succeed_later_is_tried_again_and_holds_back_what_comes_after(world: World) -> None:
    world.person()
    failing = Failing(Rejected("busy", "again"), times=2)
    mine = reactor(world, failing)
    mine.run()
    assert position(world) == (1, None)
    mine.run()
    mine.run()
    assert failing.seen == [1, 2, 2, 2, 3]
    assert position(world) == (3, None)


def test_a_refusal_that_would_be_the_same_tomorrow_is_passed_over(world: World) -> None:
    world.person()
    failing = Failing(Rejected("refund_exceeds_capture", "no"), times=1)
    reactor(world, failing).run()
    assert failing.seen == [1, 2, 3]


def test_a_mistake_of_ours_stops_the_reactions_and_says_so_until_it_is_mended(world: World) -> None:
    world.person()
    failing = Failing(ZeroDivisionError("a mistake"), times=1)
    mine = reactor(world, failing)
    mine.run()
    assert position(world) == (1, "ZeroDivisionError: a mistake, at position 2")
    mine.run()
    assert failing.seen == [1, 2, 2, 3]
    assert position(world) == (3, None)


def test_one_at_a_time(world: World) -> None:
    nested: list[Event] = []
    other = reactor(world, nested.append)
    reactor(world, lambda _event: other.run()).run()
    assert nested == []
    assert position(world)[0] == world.log.safe_position()


def test_reacting_twice_is_reacting_once(world: World) -> None:
    booking = world.hold(world.listing())
    world.approve(world.pay(booking))
    mine = reactor(world, partial(react, world.lodger))
    mine.run()
    events = len(world.events())
    with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
        positions.move(cursor, [NAME], 0)
    mine.run()
    assert len(world.events()) == events
