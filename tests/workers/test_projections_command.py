"""`lodger projections`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infrastructure.cli.projections import command
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from infrastructure.workers.projector import Projector
from projections.catalogue import PROJECTIONS, running
from projections.listings import LISTINGS
from tests.support.world import World, settings_for

Lodger = Callable[..., Result]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    world.listing()
    Projector(world.wired.projecting, world.log, running(audit=False)).run()
    yield world
    world.close()


@pytest.fixture
def lodger(world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lodger:
    """The command line, with the settings of the world's database."""
    for name, value in to_environment(settings_for(database_url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(command, arguments)


def execute(world: World, statement: str) -> None:
    world.execute(statement)


def rows(result: Result) -> dict[str, list[str]]:
    lines = [line.split(maxsplit=6) for line in result.output.splitlines()[1:] if line.strip()]
    return {name: rest for name, *rest in lines}


def test_the_status_shows_how_far_each_has_come(world: World, lodger: Lodger) -> None:
    head = world.log.safe_position()
    world.person()
    result = lodger("status")
    assert result.exit_code == 0
    assert {name: row[1:3] for name, row in rows(result).items()} == {
        projection.name: [str(head), "1"] for projection in running(audit=False)
    }


def test_the_status_names_what_is_wrong_and_fails(world: World, lodger: Lodger) -> None:
    reason = "UnknownEvent: cannot read BookingTeleported version 1 at position 7: no fact has that name."
    execute(world, f"UPDATE positions SET stopped_reason = '{reason}' WHERE name = 'bookings'")
    execute(world, "UPDATE positions SET version = 0 WHERE name = 'listings'")
    result = lodger("status")
    assert result.exit_code == 1
    assert rows(result)["bookings"][-1].strip() == f"stopped: {reason}"
    assert "lodger projections rebuild listings" in rows(result)["listings"][-1]
    assert rows(result)["mailings"][-1].strip() == "up to date"


def test_what_another_version_made_is_rebuilt_and_nothing_else(world: World, lodger: Lodger) -> None:
    execute(world, "UPDATE positions SET version = 0 WHERE name = 'listings'")
    execute(world, "UPDATE listings SET title = 'stale'")
    result = lodger("rebuild", "--changed")
    assert result.exit_code == 0, result.output
    assert "listings" in result.output
    assert "bookings" not in result.output
    assert lodger("status").exit_code == 0


def test_an_unknown_name_is_refused_with_those_there_are(lodger: Lodger) -> None:
    result = lodger("rebuild", "listing")
    assert isinstance(result.exception, Refused)
    there_are = ", ".join(name for name, projection in PROJECTIONS.items() if projection.rebuildable)
    assert str(result.exception) == f"There is no read model listing. There are: {there_are}."
    assert "listings, bookings, " in there_are


def test_a_rebuild_prints_by_which_rows_the_live_ones_differed_and_can_be_taken_back(
    world: World, lodger: Lodger
) -> None:
    assert "the live rows were the same" in lodger("rebuild", "listings").output
    execute(world, "UPDATE listings SET title = 'forged'")

    looked = lodger("rebuild", "listings", "--only-compare")
    assert looked.exit_code == 1
    lines = looked.output.splitlines()
    assert any(line.startswith("  listings, live only: (") and "forged" in line for line in lines)
    assert any(line.startswith("  listings, rebuilt only: (") and "A room" in line for line in lines)
    assert titles(world) == ["forged"]

    rebuilt = lodger("rebuild", "listings")
    assert (rebuilt.exit_code, titles(world)) == (0, ["A room"])
    assert "  listings, live only: (" in rebuilt.output
    back = lodger("rollback", "listings")
    assert back.output.startswith(f"listings is the one from before again, of version {LISTINGS.version}, at position ")
    assert titles(world) == ["forged"]
    lodger("rebuild", "listings")
    assert lodger("discard", "listings").output == "Nothing of listings is kept any more.\n"
    assert isinstance(lodger("rollback", "listings").exception, Refused)


def titles(world: World) -> list[str]:
    return [title for (title,) in world.execute("SELECT title FROM listings")]
