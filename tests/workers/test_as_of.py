"""Read models as of a place in the log: what they said then, said again, while the live ones go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner, Result

from infrastructure.cli.projections import command
from infrastructure.erasure.read_models import READ_MODELS
from infrastructure.erasure.rules import Projected
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from infrastructure.workers.projector import Projector
from projections.catalogue import PROJECTIONS
from projections.ledger import entries, standings
from tests.database_roles.logins import Logins, refused
from tests.support.servers import Databases
from tests.support.world import World, settings_for

Lodger = Callable[..., Result]
Rows = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Year:
    """A marketplace in November, and what its read models said in March, where the log was at `position`."""

    world: World
    url: str
    march: Rows
    position: int
    recorded_at: str


OTHERS = {
    "listings": ("latitude_e6", "longitude_e6", "cell", "region"),
    "mailings": ("created_at", "next_attempt_at"),
}
"""Columns that follow from where somebody is, which is sealed; and an outbox says when a row was written."""


def rows(world: World, name: str, schema: str = "public") -> Rows:
    """The rows of a read model, but for what people wrote, which an erasure blanks."""
    found = {}
    for table in PROJECTIONS[name].tables:
        rule = READ_MODELS.get(table)
        personal = (*OTHERS.get(table, ()), *(rule.blanked if isinstance(rule, Projected) else ()))
        blanked = "".join(f" - '{column}'" for column in personal)
        found[table] = [
            text for (text,) in world.execute(f"SELECT (to_jsonb(t){blanked})::text FROM {schema}.{table} t ORDER BY 1")
        ]
    return found


def everything(world: World) -> Rows:
    Projector(world.wired.projecting, world.log, list(PROJECTIONS.values())).run()
    return {table: found for name in PROJECTIONS for table, found in rows(world, name).items()}


@pytest.fixture(scope="module")
def year(shared_database_url: str) -> Iterator[Year]:
    world = World(shared_database_url)
    cottage = world.listing()
    kept, given_back = world.confirmed(cottage), world.confirmed(cottage, ("2026-08-01", "2026-08-03"))
    march, position = everything(world), world.log.safe_position()
    ((recorded_at,),) = world.execute(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    )
    world.cancel(given_back)
    world.alter(kept, ("2026-07-01", "2026-07-06"))
    world.price(cottage, "120.00")
    world.confirmed(world.listing(), ("2026-09-01", "2026-09-03"))
    everything(world)
    yield Year(world, shared_database_url, march, position, recorded_at)
    world.close()


@pytest.fixture
def lodger(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lodger:
    """The command line, with the settings of the world's database; what it made is dropped."""
    for name, value in to_environment(settings_for(year.url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(command, ["as-of", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit | Refused):
            raise result.exception
        return result

    return run


@pytest.fixture(autouse=True)
def gone(year: Year) -> Iterator[None]:
    yield
    for (schema,) in year.world.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'as\\_of\\_%'"):
        year.world.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.parametrize("name", PROJECTIONS)
def test_every_read_model_is_what_it_was_then_and_the_live_one_stays_what_it_is(
    year: Year, lodger: Lodger, name: str
) -> None:
    now = rows(year.world, name)
    made = lodger(f"position:{year.position}", "--name", name, "--schema", "as_of_march")
    assert made.exit_code == 0, made.output
    assert rows(year.world, name, "as_of_march") == {table: year.march[table] for table in PROJECTIONS[name].tables}
    assert rows(year.world, name) == now


def test_the_ledger_of_march_is_told_again_in_november_to_the_cent(year: Year, lodger: Lodger) -> None:
    made = lodger(year.recorded_at, "--name", "ledger")
    assert made.exit_code == 0, made.output
    schema = f"as_of_{year.position}"
    assert f"as of position {year.position}" in made.output
    assert f"{schema}.ledger_entries" in made.output
    assert rows(year.world, "ledger", schema)["ledger_entries"] == year.march["ledger_entries"]
    with closing(psycopg2.connect(year.url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {schema}, public")
        # Two stays of three and two nights at 100.00, with fees of 12%: 336.00 and 224.00 came in; of 500.00 the hosts
        # get 97%, 485.00; the platform has the rest, 75.00.
        then = {each.account: each.closing.minor for each in standings(cursor)}
        assert then == {
            "processor_clearing": 56000,
            "host_payable": -48500,
            "platform_revenue": -7500,
            "guest_funds": 0,
        }
        assert sum(line.amount.minor for line in entries(cursor).items) == 0


def test_auditors_may_read_it_and_analysts_where_it_is_for_them(
    year: Year, lodger: Lodger, postgres: Databases
) -> None:
    lodger(f"position:{year.position}", "--name", "ledger", "--schema", "as_of_one")
    lodger(f"position:{year.position}", "--name", "ledger", "--schema", "as_of_two", "--analysts")
    logins = Logins(postgres, year.url)
    may = {"lodger_auditor": ["one", "two"], "lodger_analyst": ["two"], "lodger_writer": []}
    for role, schemas in may.items():
        with logins.acting_as(role) as cursor:
            for schema in ("one", "two"):
                assert refused(cursor, f"SELECT FROM as_of_{schema}.ledger_entries") == (schema not in schemas)
                assert refused(cursor, f"DELETE FROM as_of_{schema}.ledger_entries")
    logins.end()


def test_several_of_one_moment_are_side_by_side_and_gone_together(year: Year, lodger: Lodger) -> None:
    for name in ("ledger", "payments"):
        assert lodger(f"position:{year.position}", "--name", name, "--schema", "as_of_march").exit_code == 0
    again = lodger(f"position:{year.position}", "--name", "ledger", "--schema", "as_of_march")
    assert "as_of_march has ledger_entries" in str(again.exception)
    other = lodger(f"position:{year.position - 1}", "--name", "bookings", "--schema", "as_of_march")
    assert "another moment" in str(other.exception)
    assert lodger("--drop", "--schema", "as_of_march").exit_code == 0
    assert year.world.execute("SELECT FROM pg_namespace WHERE nspname = 'as_of_march'") == []
    assert "no schema" in str(lodger("--drop", "--schema", "as_of_march").exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2001-01-01", "--name", "ledger"], "nothing had happened"),
        (["position:0", "--name", "ledger"], "nothing had happened"),
        (["2199-01-01", "--name", "ledger"], "has not come so far"),
        (["position:999999999", "--name", "ledger"], "has not come so far"),
        (["position:1", "--name", "legder"], "There is no read model legder. There are: listings"),
        (["position:1", "--name", "ledger", "--schema", "public"], "as_of_"),
        (["--drop", "--schema", "public"], "as_of_"),
        (["march", "--name", "ledger"], "not a moment like 2026-03-01"),
        (["version:1", "--name", "ledger"], "not a moment like 2026-03-01"),
        (["--name", "ledger"], "Say when"),
        (["position:1"], "which read model"),
        (["--drop"], "Say which one"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is(
    year: Year, lodger: Lodger, arguments: list[str], said: str
) -> None:
    result = lodger(*arguments)
    assert result.exit_code != 0
    assert said in f"{result.exception} {result.output}"
    assert year.world.execute("SELECT FROM pg_namespace WHERE nspname LIKE 'as\\_of\\_%'") == []


def test_only_who_may_make_schemas_makes_one(
    year: Year, lodger: Lodger, postgres: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins = Logins(postgres, year.url)
    monkeypatch.setenv("DATABASE_URL", logins.of("lodger_projector"))
    result = lodger(f"position:{year.position}", "--name", "ledger")
    assert "take the one that migrates" in str(result.exception)
    logins.end()
