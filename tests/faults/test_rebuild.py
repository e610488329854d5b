"""`kill -9` in the middle of a rebuild: people go on reading, and the next rebuild cleans up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.settings import ROOT, to_environment
from infrastructure.workers.projector import Projector
from infrastructure.workers.rebuild import rebuild
from projections.bookings import BOOKINGS
from projections.listings import LISTINGS
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.world import World, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [BOOKINGS, LISTINGS]).run()
    yield world
    world.close()


def command(world: World, folder: Path, failpoint: str) -> subprocess.CompletedProcess[str]:
    settings = settings_for(world.wired.settings.database_url, data=str(folder), failpoint=failpoint)
    return subprocess.run(
        [sys.executable, "-m", "infrastructure.cli", "projections", "rebuild", "bookings"],
        env={**os.environ, **to_environment(settings), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shown(world: World) -> list[tuple[object, ...]]:
    return world.execute(
        "SELECT booking_id, guests, (SELECT position FROM positions WHERE name = 'bookings') FROM bookings"
    )


@pytest.mark.parametrize("point", ["rebuild_folded", "rebuild_switching"])
def test_killed_it_leaves_the_live_rows_as_they_were_and_the_next_one_cleans_up(
    world: World, tmp_path: Path, point: str
) -> None:
    world.execute("UPDATE bookings SET guests = 7")
    before = shown(world)

    killed = command(world, tmp_path, f"{point}:kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert shown(world) == before
    assert world.execute("SELECT to_regclass('rebuilding.bookings') IS NOT NULL") == [(True,)]
    assert world.execute("SELECT to_regclass('replaced.bookings') IS NOT NULL") == [(False,)]
    world.confirmed(world.listing(), ("2026-08-01", "2026-08-03"))
    Projector(world.wired.projecting, world.log, [BOOKINGS]).run()
    assert len(shown(world)) == 2

    live, made = rebuild(world.wired.projecting, world.log, BOOKINGS).differences
    assert (live.only_in, live.count, made.count) == ("public", 1, 1)
    assert [guests for _, guests, _ in shown(world)] == [2, 2]
    assert world.execute("SELECT to_regclass('rebuilding.bookings') IS NOT NULL") == [(False,)]
    assert unlike_rebuilt(world.wired.projecting, world.log, BOOKINGS) == []
