"""`lodger analytics`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infrastructure.cli.analytics import command
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from infrastructure.workers.projector import Projector
from tests.analysts.telling import BEHIND
from tests.support.world import World, settings_for

Lodger = Callable[..., Result]
RATES = "day,base,currency,rate\n2026-06-01,EUR,USD,1.0837\n2026-06-01,EUR,UGX,4032.5\n"


@pytest.fixture(scope="module")
def world(shared_database_url: str) -> Iterator[World]:
    world = World(shared_database_url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, BEHIND).run()
    yield world
    world.close()


@pytest.fixture
def lodger(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lodger:
    for name, value in to_environment(settings_for(world.wired.settings.database_url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(command, arguments)


def test_reconcile_prints_figures_and_the_position_they_are_of(world: World, lodger: Lodger) -> None:
    result = lodger("reconcile")
    assert result.exit_code == 0, result.output
    assert ["bookings.total", "USD", "33600", "33600", "0"] in [line.split() for line in result.output.splitlines()]
    assert f"At position {world.log.safe_position()} of the log: 11 figures compared, no difference." in result.output


def test_reconcile_fails_when_something_differs(world: World, lodger: Lodger) -> None:
    world.execute("UPDATE analytics_bookings SET tax_minor = tax_minor + 1")
    try:
        result = lodger("reconcile")
        assert result.exit_code == 1
        assert "11 figures compared, 2 of them differ." in result.output
    finally:
        world.execute("UPDATE analytics_bookings SET tax_minor = tax_minor - 1")


def test_read_models_that_do_not_stand_together_are_named(
    world: World, lodger: Lodger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.analytics.moments.monotonic", iter([0.0, 31.0]).__next__)
    world.execute("UPDATE positions SET position = position - 1 WHERE name = 'ledger'")
    try:
        result = lodger("reconcile")
        assert isinstance(result.exception, Refused)
        assert "ledger at" in str(result.exception)
        assert "Are the workers running?" in str(result.exception)
    finally:
        world.execute("UPDATE positions SET position = position + 1 WHERE name = 'ledger'")


def test_a_read_model_that_passed_an_event_over_is_not_whole(world: World, lodger: Lodger) -> None:
    world.execute("UPDATE positions SET parked = 1 WHERE name = 'reviews'")
    try:
        result = lodger("reconcile")
        assert isinstance(result.exception, Refused)
        assert "Look what is wrong with reviews" in str(result.exception)
    finally:
        world.execute("UPDATE positions SET parked = 0")


def test_rates_are_loaded_exactly_with_their_source_and_replaced(world: World, lodger: Lodger, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(RATES)
    assert lodger("rates", str(file), "--source", "a bank").output == "2 rates from a bank.\n"
    file.write_text(RATES.replace("1.0837", "1.1"))
    lodger("rates", str(file), "--source", "another bank")
    assert world.execute("SELECT currency, rate, source FROM exchange_rates ORDER BY currency") == [
        ("UGX", Decimal("4032.5"), "another bank"),
        ("USD", Decimal("1.1"), "another bank"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("day,base,rate\n", "no column currency"),
        (RATES + "2026-06-02,EUR,XXX,1\n", "line 4 of .*'XXX' is no currency"),
        (RATES + "2026-06-02,EUR,EUR,1\n", "always 1"),
        (RATES + "2026-06-02,EUR,USD,NaN\n", "'NaN' is no rate"),
        (RATES + "2026-06-02,EUR,USD,-1\n", "'-1' is no rate"),
        (RATES + "2026-06-02,EUR,USD,0.00\n", "'0.00' is no rate"),
        (RATES + "2026-06-02,EUR,USD,1e3\n", "'1e3' is no rate"),
        (RATES + "2026-06-31,EUR,USD,1\n", "'2026-06-31' is no day"),
        (RATES + "2026-06-02,EUR\n", "'' is no currency"),
    ],
)
def test_a_file_with_a_wrong_row_is_refused_as_a_whole(
    world: World, lodger: Lodger, tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(content.replace("2026-06-01", "2020-06-01"))
    result = lodger("rates", str(file), "--source", "x")
    assert isinstance(result.exception, Refused)
    with pytest.raises(Refused, match=said):
        raise result.exception
    assert world.execute("SELECT count(*) FROM exchange_rates WHERE day < '2021-01-01'") == [(0,)]
