"""Keeping read models up to date: what stops one, what does not, and two at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Thread
from typing import ClassVar
from uuid import uuid4

import psycopg2
import pytest

from domain.catalogue import FACTS
from domain.events import Event, Fact
from domain.users import UserRegistered
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import Mapper
from infrastructure.rights import PROJECTOR_ROLE
from infrastructure.workers.projector import Projector
from projections import positions
from projections.audit import AUDIT
from projections.bookings import BOOKINGS
from projections.listings import LISTINGS
from projections.positions import Standing
from projections.projection import Cursor, Projection
from tests.support.projection_checkers import misapplied
from tests.support.world import World


@dataclass(frozen=True, slots=True)
class BookingTeleported(Fact):
    """A fact of a version to come."""

    TOPIC: ClassVar[str] = "BookingTeleported"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


def projector(world: World, *projections: Projection, more: type[Fact] | None = None) -> Projector:
    known = {**FACTS, more.TOPIC: more} if more else FACTS
    return Projector(world.wired.projecting, LogReader(world.wired.database, Mapper(known)), projections)


def standing(world: World, projection: Projection) -> Standing:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        return positions.standings(cursor)[projection.name]


def test_a_position_moves_over_facts_that_the_projection_does_not_care_for(world: World) -> None:
    projector(world, LISTINGS).run()  # the world has one person so far, and no listing
    assert standing(world, LISTINGS).position == world.log.safe_position() == 2


def test_an_unknown_event_stops_a_projection_before_it_and_says_so_until_it_is_known(
    world: World, database_url: str
) -> None:
    world.listing()
    before = world.log.safe_position()
    _append_teleported(database_url)
    world.listing()
    projector(world, AUDIT).run()
    stopped = standing(world, AUDIT)
    assert stopped.position == before
    assert stopped.stopped_reason is not None
    assert f"cannot read BookingTeleported version 1 at position {before + 1}" in stopped.stopped_reason
    projector(world, AUDIT).run()
    assert standing(world, AUDIT) == stopped

    projector(world, replace(AUDIT, facts=(*AUDIT.facts, BookingTeleported)), more=BookingTeleported).run()
    assert standing(world, AUDIT).position == world.log.safe_position()
    assert standing(world, AUDIT).stopped_reason is None
    assert misapplied(world.wired.database) == {}


def test_a_projection_whose_tables_are_others_is_stopped_alone_and_goes_on_once_it_is_mended(world: World) -> None:
    def fail(cursor: Cursor, _events: Sequence[Event]) -> None:
        cursor.execute("SELECT no_such_column FROM bookings")

    projector(world, replace(BOOKINGS, facts=(UserRegistered,), apply=fail), AUDIT).run()
    assert standing(world, BOOKINGS).position == 0
    assert (standing(world, BOOKINGS).stopped_reason or "").startswith("UndefinedColumn: ")
    assert standing(world, AUDIT).position == world.log.safe_position()
    projector(world, BOOKINGS).run()
    assert standing(world, BOOKINGS).stopped_reason is None


@pytest.mark.parametrize("error", ["in SQL", "in Python"])
def test_a_projection_that_fails_takes_back_what_it_wrote_and_keeps_neither_a_transaction_nor_its_position(
    world: World, lonely: Database, error: str
) -> None:
    # given a projection that is at the end of the log, and an event more
    projector(world, AUDIT).run()
    before, applied = standing(world, AUDIT), rows_of_audit(world)
    world.listing()

    # when its code writes, and then fails for a reason that is no event's
    def write_and_fail(cursor: Cursor, events: Sequence[Event]) -> None:
        AUDIT.apply(cursor, events)
        if error == "in Python":
            raise MemoryError
        cursor.execute("SELECT no_such_column FROM audit_events")

    Projector(lonely, world.log, [replace(AUDIT, apply=write_and_fail)]).run()

    # then nothing is there of what it wrote, it says why it stands where it stood, and nobody waits for anything
    stopped = standing(world, AUDIT)
    assert (stopped.position, rows_of_audit(world)) == (before.position, applied)
    assert (stopped.stopped_reason or "").startswith("UndefinedColumn: " if error == "in SQL" else "MemoryError: ")
    assert open_transactions(world) == 0
    # and with the same connection it goes on once it can
    Projector(lonely, world.log, [AUDIT]).run()
    assert standing(world, AUDIT).position == world.log.safe_position() > before.position
    assert misapplied(world.wired.database) == {}


def test_a_projection_that_somebody_else_moves_is_left_to_him_with_no_transaction_open(
    world: World, lonely: Database
) -> None:
    projector(world, AUDIT).run()
    before = standing(world, AUDIT)
    world.listing()
    with world.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        positions.hold(cursor, AUDIT.name)

        Projector(lonely, world.log, [AUDIT]).run()  # comes back at once: who has it will see the news

        assert standing(world, AUDIT) == before
        assert open_transactions(world) == 1, "his own"


@pytest.fixture
def lonely(database_url: str) -> Iterator[Database]:
    """With one connection: what is left open on it is in everybody's way."""
    database = Database(database_url, pool_size=1, role=PROJECTOR_ROLE)
    yield database
    database.close()


def rows_of_audit(world: World) -> int:
    ((count,),) = world.execute("SELECT count(*) FROM audit_events")
    assert isinstance(count, int)
    return count


def open_transactions(world: World) -> int:
    """Of those who are doing nothing at the moment."""
    ((count,),) = world.execute(
        """SELECT count(*) FROM pg_stat_activity
           WHERE datname = current_database() AND state LIKE 'idle in transaction%'"""
    )
    assert isinstance(count, int)
    return count


def test_rows_of_another_version_are_left_alone_until_they_are_rebuilt(world: World) -> None:
    projector(world, LISTINGS).run()
    world.listing()
    projector(world, replace(LISTINGS, version=LISTINGS.version + 1)).run()
    stopped = standing(world, LISTINGS)
    assert stopped.position == 2
    assert stopped.stopped_reason is not None
    assert "run `lodger projections rebuild listings`" in stopped.stopped_reason


def test_two_workers_on_one_projection_apply_each_event_once(world: World) -> None:
    done = False

    def work() -> None:
        mine = projector(world, AUDIT, LISTINGS, BOOKINGS)
        while not done:
            mine.run()
        mine.run()

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(15):
        world.hold(world.listing())
    done = True
    for worker in workers:
        worker.join()
    assert misapplied(world.wired.database) == {}
    assert standing(world, BOOKINGS).position == world.log.safe_position()


def _append_teleported(database_url: str) -> None:
    """As a later version of Lodger would have."""
    stream = str(uuid4())
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
               SELECT %s, %s, 1, 'BookingTeleported', 1, '{}', jsonb_set(meta::jsonb, '{event_id}', to_jsonb(%s::text))
               FROM events LIMIT 1""",
            [stream, stream, stream],
        )
    connection.close()
