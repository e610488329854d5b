"""Rebuilding a read model from the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from domain.events import Event
from infrastructure.refusals import Refused
from infrastructure.workers.projector import Projector
from infrastructure.workers.rebuild import rebuild
from projections import positions
from projections.catalogue import PROJECTIONS
from projections.listings import LISTINGS
from projections.mailings import MAILINGS
from projections.projection import Cursor
from projections.search import Search, search
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.tales import BEGIN
from tests.support.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A confirmed booking, and every projection up to date."""
    world = World(database_url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, list(PROJECTIONS.values())).run()
    yield world
    world.close()


@pytest.mark.parametrize("name", [name for name, projection in PROJECTIONS.items() if projection.rebuildable])
def test_a_rebuilt_read_model_is_the_one_that_was_there(world: World, name: str) -> None:
    assert unlike_rebuilt(world.wired.projecting, world.log, PROJECTIONS[name]) == []


def test_the_checker_tells_a_row_that_the_log_does_not_make(world: World) -> None:
    _execute(world, "UPDATE listings SET title = 'forged'")
    live, rebuilt = unlike_rebuilt(world.wired.projecting, world.log, LISTINGS)
    assert live.startswith("listings: live only: ")
    assert "forged" in live
    assert "A room" in rebuilt


def test_a_rebuild_sends_no_mail(world: World) -> None:
    before = _query(world, "SELECT * FROM mailings ORDER BY position, recipient")
    for projection in PROJECTIONS.values():
        if projection.rebuildable:
            rebuild(world.wired.projecting, world.log, projection)
    assert _query(world, "SELECT * FROM mailings ORDER BY position, recipient") == before
    with pytest.raises(Refused, match="an outbox"):
        rebuild(world.wired.projecting, world.log, MAILINGS)


def test_a_rebuild_takes_over_the_version_of_the_code_and_the_end_of_the_log(world: World) -> None:
    _execute(world, "UPDATE positions SET version = 0, position = 3, stopped_reason = 'out of date'")
    told: list[tuple[int, int]] = []
    head = rebuild(world.wired.projecting, world.log, LISTINGS, lambda done, whole: told.append((done, whole)))
    assert told[-1] == (head, head)
    ((version, position, reason),) = _query(
        world, "SELECT version, position, stopped_reason FROM positions WHERE name = 'listings'"
    )
    assert (version, position, reason) == (LISTINGS.version, world.log.safe_position(), None)


def test_a_rebuild_that_fails_leaves_the_rows_as_they_were(world: World) -> None:
    def fail(_cursor: Cursor, _events: Sequence[Event]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rebuild(world.wired.projecting, world.log, replace(LISTINGS, apply=fail))
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        assert len(search(cursor, Search(city="Albany"), BEGIN).items) == 1


def test_people_read_the_old_rows_and_workers_wait_while_a_rebuild_is_under_way(world: World) -> None:
    seen: list[int] = []

    def look(_done: int, _whole: int) -> None:
        with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
            seen.append(len(search(cursor, Search(city="Albany"), BEGIN).items))
            assert positions.lock(cursor, ["listings"]) == {}

    rebuild(world.wired.projecting, world.log, LISTINGS, lambda d, w: look(d, w) if not seen else None)
    assert seen == [1]


def _query(world: World, statement: str) -> list[tuple[object, ...]]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _execute(world: World, statement: str) -> None:
    world.execute(statement)
