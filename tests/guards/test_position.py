"""Position and rows in one transaction: without that a worker's death loses or doubles events, as the checker says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from domain.events import Event
from infrastructure.event_store.log_reader import LogReader
from infrastructure.workers.projector import Projector
from projections import positions
from projections.audit import AUDIT
from projections.projection import Cursor, Projection
from tests.support.projection_checkers import misapplied
from tests.support.world import World


class Killed(BaseException):
    """What `kill -9` is to a process, to a call: nothing after it runs, what was not committed is gone."""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    world.listing()
    yield world
    world.close()


def dying(projection: Projection, *, at: int) -> Projection:
    """The projection in a worker that is killed after its n-th batch was applied, before anything else happens."""
    batches = iter(range(1, 1_000))

    def apply(cursor: Cursor, events: Sequence[Event]) -> None:
        projection.apply(cursor, events)
        if next(batches) == at:
            raise Killed

    return Projection(projection.name, projection.version, projection.tables, projection.facts, apply)


def test_killed_between_rows_and_position_nothing_is_lost_or_doubled(world: World) -> None:
    with pytest.raises(Killed):
        Projector(world.wired.projecting, world.log, [dying(AUDIT, at=1)]).run()
    Projector(world.wired.projecting, world.log, [AUDIT]).run()
    assert misapplied(world.wired.database) == {}


@pytest.mark.parametrize(("first", "expected"), [("rows", "doubled"), ("position", "lost")])
def test_with_the_position_committed_apart_the_checker_finds_it(world: World, first: str, expected: str) -> None:
    with pytest.raises(Killed):
        _apart(world, first, kill=True)
    _apart(world, first, kill=False)
    assert misapplied(world.wired.database) == {expected: len(world.events())}


def _apart(world: World, first: str, *, kill: bool) -> None:
    """A runner with the mistake: two transactions for what has to be one."""
    reader: LogReader = world.log
    safe = reader.safe_position()

    def move(cursor: Cursor) -> None:
        positions.move(cursor, [AUDIT.name], safe)

    with world.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        positions.register(cursor, AUDIT.name, AUDIT.version)
        events = reader.read(positions.reached(cursor, AUDIT.name), safe, 1_000)

    def apply(cursor: Cursor) -> None:
        if events:
            AUDIT.apply(cursor, events)

    steps: list[Callable[[Cursor], None]] = [apply, move] if first == "rows" else [move, apply]
    for step in steps:
        with world.wired.projecting.transaction() as connection, connection.cursor() as cursor:
            step(cursor)
        if kill:
            raise Killed
