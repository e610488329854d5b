"""The comparison that a rebuild makes cries out when the fold, or what was live, misses anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest

from domain.bookings import BookingConfirmed
from domain.events import Event
from infrastructure.workers.projector import Projector
from infrastructure.workers.rebuild import rebuild
from projections.bookings import BOOKINGS
from projections.ledger import LEDGER
from projections.projection import Cursor, Projection, Rows
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [BOOKINGS, LEDGER]).run()
    yield world
    world.close()


def forgetful(projection: Projection) -> Projection:
    """With a fold that misses what confirms bookings."""

    def without(events: Sequence[Event]) -> list[Event]:
        return [event for event in events if not isinstance(event.fact, BookingConfirmed)]

    def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
        assert projection.fold is not None
        return projection.fold(without(page) for page in pages)

    def apply(cursor: Cursor, events: Sequence[Event]) -> None:
        projection.apply(cursor, without(events))

    return replace(projection, fold=fold if projection.fold else None, apply=apply)


@pytest.mark.parametrize("projection", [BOOKINGS, LEDGER, replace(BOOKINGS, fold=None)])
def test_a_fold_that_misses_an_event_is_told_and_a_whole_one_is_not(world: World, projection: Projection) -> None:
    assert unlike_rebuilt(world.wired.projecting, world.log, projection) == []
    told = unlike_rebuilt(world.wired.projecting, world.log, forgetful(projection))
    assert any("live only" in each for each in told)


def test_an_event_that_the_live_rows_missed_is_told(world: World) -> None:
    world.confirmed(world.listing(), ("2026-08-01", "2026-08-03"))
    Projector(world.wired.projecting, world.log, [forgetful(BOOKINGS)]).run()
    live, made = rebuild(world.wired.projecting, world.log, BOOKINGS).differences
    assert "Held" in live.rows[0]
    assert "Confirmed" in made.rows[0]
