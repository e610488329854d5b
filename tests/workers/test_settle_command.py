"""`lodger payments settle`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from infrastructure.cli.payments import command
from infrastructure.settings import to_environment
from infrastructure.workers.projector import Projector
from projections.payments import PAYMENTS
from tests.support.world import World, settings_for


@pytest.fixture
def world(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of today, as the command's is, whose database the settings name."""
    for name, value in to_environment(settings_for(database_url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)
    world = World(database_url, datetime.now(UTC))
    yield world
    world.close()


def begun(world: World) -> UUID:
    """A payment that waits for its payer."""
    first = world.clock.now().date() + timedelta(days=30)
    return world.pay(world.hold(world.listing(), nights=(str(first), str(first + timedelta(days=3)))))


def settle(world: World) -> Result:
    Projector(world.wired.projecting, world.log, [PAYMENTS]).run()
    return CliRunner().invoke(command, ["settle"])


def test_nothing_is_under_way(world: World) -> None:
    result = settle(world)
    assert (result.exit_code, result.output) == (0, "Nothing is under way.\n")


def test_everything_under_way_is_asked_for_and_told(world: World) -> None:
    first, second = sorted(begun(world) for _ in range(2))
    world.sandbox.decline(world.payment(first).reference or "")
    result = settle(world)
    assert result.exit_code == 0, result.output
    assert result.output == f"{first}  settled\n{second}  waiting\n1 settled, 1 waiting\n"
    assert world.payment(first).stage == "failed"


def test_what_cannot_be_asked_about_is_told_and_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = begun(world)
    monkeypatch.setattr("infrastructure.gateways.sandbox.SandboxGateway.look_up", lambda *_: 1 // 0)
    result = settle(world)
    assert result.exit_code == 1
    assert result.output.splitlines()[-2:] == [f"{payment}  failed", "1 failed"]
