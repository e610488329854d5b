"""An event that a read model cannot take: it waits with the later ones of its stream, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest
from click.testing import CliRunner, Result

from domain.events import Event
from infrastructure.cli.projections import command
from infrastructure.database import Unavailable
from infrastructure.readiness import checks
from infrastructure.settings import to_environment
from infrastructure.workers import parking
from infrastructure.workers.parking import Replayed, replay
from infrastructure.workers.projector import Projector
from infrastructure.workers.rebuild import rebuild
from projections import catalogue, parked, positions
from projections.audit import AUDIT
from projections.bookings import BOOKINGS
from projections.positions import Parked, Standing, wait_until
from projections.projection import Cursor, Projection
from tests.support.projection_checkers import misapplied
from tests.support.world import World, settings_for

Lodger = Callable[..., Result]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def lodger(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lodger:
    """The command line, with the settings of the world's database."""
    url = world.wired.settings.database_url
    for name, value in to_environment(settings_for(url, data=str(tmp_path), audit_projection=True)).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(command, arguments)


class Failing:
    """A projection of which the first event of a stream cannot be applied; it counts how often that was tried.

    It writes before it fails: what a savepoint has to take back.
    """

    def __init__(self, projection: Projection, stream_id: UUID, version: int = 1) -> None:
        self.tries = 0
        self.whole, self.stream_id, self.version = projection, stream_id, version
        self.projection = replace(projection, apply=self.apply)

    def apply(self, cursor: Cursor, events: Sequence[Event]) -> None:
        self.whole.apply(cursor, events)
        if any((event.stream_id, event.version) == (self.stream_id, self.version) for event in events):
            self.tries += len(events) == 1
            raise KeyError("what somebody wrote")


def run(world: World, *projections: Projection) -> None:
    Projector(world.wired.projecting, world.log, projections).run()


def standing(world: World, projection: Projection) -> Standing:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        return positions.standings(cursor)[projection.name]


def waiting(world: World, projection: Projection) -> list[int]:
    with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
        return [each.position for each in parked.waiting(cursor, projection.name)]


def of_stream(world: World, stream_id: UUID) -> list[int]:
    return [event.position or 0 for event in world.events() if event.stream_id == stream_id]


# --- what is parked -------------------------------------------------------------------------------------------


def test_its_stream_is_parked_after_five_tries_the_rest_goes_on_and_after_a_replay_all_was_applied_once(
    world: World,
) -> None:
    stuck = world.listing()
    others = [world.listing() for _ in range(3)]
    failing = Failing(AUDIT, stuck, version=2)
    run(world, failing.projection, BOOKINGS)
    assert failing.tries == 5
    assert waiting(world, AUDIT) == of_stream(world, stuck)[1:]
    now = standing(world, AUDIT)
    assert (now.position, now.parked, now.stopped_reason) == (
        world.log.safe_position(),
        len(of_stream(world, stuck)) - 1,
        None,
    )
    assert standing(world, BOOKINGS).parked == 0

    for each in (*others, stuck):  # life goes on, of that stream too
        world.price(each, "55.00")
    run(world, failing.projection, BOOKINGS)
    assert failing.tries == 5, "what is known to wait is not tried again"
    assert waiting(world, AUDIT) == of_stream(world, stuck)[1:]
    assert misapplied(world.wired.database) == {"lost": len(of_stream(world, stuck)) - 1}

    assert replay(world.wired.projecting, world.log, AUDIT) == Replayed(len(of_stream(world, stuck)) - 1, 0, 0)
    assert misapplied(world.wired.database) == {}
    world.price(stuck, "56.00")
    run(world, AUDIT)
    assert misapplied(world.wired.database) == {}
    assert standing(world, AUDIT).parked == 0


def test_what_fails_again_stays_parked_with_what_comes_behind_it_and_other_streams_are_replayed(world: World) -> None:
    one, other = world.listing(), world.listing()
    first = Failing(AUDIT, one)
    run(world, Failing(first.projection, other).projection)
    mended = replay(world.wired.projecting, world.log, first.projection)
    assert mended == Replayed(len(of_stream(world, other)), 0, len(of_stream(world, one)))
    assert waiting(world, AUDIT) == of_stream(world, one)


def test_why_is_told_without_a_word_of_anybody(world: World) -> None:
    stuck = world.listing()
    run(world, Failing(AUDIT, stuck).projection)
    ((reason,),) = world.execute("SELECT reason FROM parked_events WHERE reason IS NOT NULL")
    assert reason.startswith("KeyError in apply (tests/workers/test_parking.py:")
    assert "somebody" not in reason


@pytest.mark.parametrize(
    "error",
    [
        psycopg2.errors.SerializationFailure,
        psycopg2.errors.DeadlockDetected,
        psycopg2.errors.QueryCanceled,
        psycopg2.errors.AdminShutdown,
        psycopg2.errors.DiskFull,
        psycopg2.errors.LockNotAvailable,
        psycopg2.OperationalError,
        psycopg2.InterfaceError,
    ],
)
def test_what_the_database_has_for_a_moment_never_parks(world: World, error: type[Exception]) -> None:
    def away(_cursor: Cursor, _events: Sequence[Event]) -> None:
        raise error

    with pytest.raises(Unavailable):
        run(world, replace(AUDIT, apply=away))
    assert waiting(world, AUDIT) == []
    assert standing(world, AUDIT).position == 0
    run(world, AUDIT)
    assert misapplied(world.wired.database) == {}


def test_a_trouble_of_a_moment_that_comes_while_events_go_singly_never_parks_either(world: World) -> None:
    def apply(_cursor: Cursor, events: Sequence[Event]) -> None:
        raise psycopg2.errors.DeadlockDetected if len(events) == 1 else ZeroDivisionError

    with pytest.raises(Unavailable):
        run(world, replace(AUDIT, apply=apply))
    assert waiting(world, AUDIT) == []


def test_a_page_with_many_failing_streams_is_done_in_time_for_its_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings = [world.listing() for _ in range(3)]

    def apply(cursor: Cursor, events: Sequence[Event]) -> None:
        if any(event.stream_id in listings for event in events):
            raise ZeroDivisionError
        AUDIT.apply(cursor, events)

    monkeypatch.setattr(parking, "_PATIENCE_SECONDS", 0.0)
    run(world, replace(AUDIT, apply=apply))
    assert standing(world, AUDIT).position == world.log.safe_position()
    assert replay(world.wired.projecting, world.log, AUDIT).left == 0
    assert misapplied(world.wired.database) == {}


# --- what is told, and to whom --------------------------------------------------------------------------------


def test_a_read_after_what_is_parked_is_told_so_and_others_are_not(world: World) -> None:
    stuck, other = world.listing(), world.listing()
    run(world, Failing(AUDIT, stuck).projection)
    connect = world.wired.database.connection
    wait_until(connect, "audit", of_stream(world, other)[-1])
    wait_until(connect, "audit", of_stream(world, stuck)[0] - 1)
    with pytest.raises(Parked, match="are parked"):
        wait_until(connect, "audit", of_stream(world, stuck)[-1])
    with pytest.raises(Parked, match="are parked"):
        wait_until(connect, "audit", of_stream(world, other)[-1], whole=True)
    replay(world.wired.projecting, world.log, AUDIT)
    wait_until(connect, "audit", of_stream(world, stuck)[-1])


def test_operators_see_it_wherever_they_look(world: World, lodger: Lodger) -> None:
    assert (lodger("parked").output, lodger("parked").exit_code) == ("Nothing is parked.\n", 0)
    stuck = world.listing()
    count = len(of_stream(world, stuck))
    run(world, *(each for each in catalogue.running(audit=False)), Failing(AUDIT, stuck).projection)
    shown = lodger("status")
    assert (shown.exit_code, f"{count} events are parked" in shown.output) == (1, True)
    listed = lodger("parked")
    assert listed.exit_code == 1
    first, *others = [line.split(maxsplit=6) for line in listed.output.splitlines()[1:]]
    assert first[:3] == ["audit", str(of_stream(world, stuck)[0]), "PropertyCreated"]
    assert first[6].startswith("KeyError in apply")
    assert {line[6].strip() for line in others} == {"waits for those before it"}
    assert len(others) == count - 1
    asked = checks(world.wired.database, "redis://127.0.0.1:1/0")
    assert f"audit has {count} parked events" in asked["read_models"]()
    assert lodger("parked", "replay", "audit").exit_code == 0
    assert lodger("parked").exit_code == 0


# --- doing without one ----------------------------------------------------------------------------------------


def test_one_that_is_skipped_for_a_reason_is_an_event_and_left_out_of_every_rebuild(
    world: World, lodger: Lodger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = world.listing()
    position = of_stream(world, stuck)[0]
    failing = Failing(AUDIT, stuck)
    run(world, failing.projection)
    monkeypatch.setitem(catalogue.PROJECTIONS, "audit", failing.projection)
    assert lodger("parked", "replay", "audit").exit_code == 1
    assert "No event at position 1" in str(lodger("parked", "skip", "audit", "1", "--as=Ada", "--reason=?").exception)

    done = lodger("parked", "skip", "audit", str(position), "--as", "Ada", "--reason", "A clerk's test of 1970.")
    assert done.output == f"audit: {len(of_stream(world, stuck)) - 1} applied, 1 skipped, 0 still parked\n"
    last = world.events()[-1]
    assert last.fact.TOPIC == "ProjectionEventSkipped"
    assert (last.actor.id, last.actor.reason) == ("Ada", "A clerk's test of 1970.")
    assert misapplied(world.wired.database) == {"lost": 2}, "this one, and the skipping, which has not come by yet"

    run(world, failing.projection)
    rebuilt = rebuild(world.wired.projecting, world.log, failing.projection)
    assert rebuilt.differences == []
    assert misapplied(world.wired.database) == {"lost": 1}


def test_a_rebuild_stops_and_parks_nothing_and_one_that_can_take_it_all_ends_the_waiting(world: World) -> None:
    stuck = world.listing()
    failing = Failing(AUDIT, stuck)
    run(world, failing.projection)
    before = waiting(world, AUDIT)
    with pytest.raises(KeyError):
        rebuild(world.wired.projecting, world.log, failing.projection)
    assert waiting(world, AUDIT) == before
    rebuilt = rebuild(world.wired.projecting, world.log, AUDIT)
    assert [(each.only_in, each.count) for each in rebuilt.differences] == [("rebuilding", len(before))]
    assert waiting(world, AUDIT) == []
    assert misapplied(world.wired.database) == {}
    assert standing(world, AUDIT).kept_version is None
