"""`lodger sql`, and the port for database tools: both read the schema `analytics` and nothing else."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from infrastructure.cli.sql import psql
from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.stack import Stack
from infrastructure.embedded.supervisor import Supervisor
from infrastructure.refusals import Refused
from infrastructure.schema import migrate
from tests.support.servers import free_port

FORBIDDEN = (
    "SELECT * FROM public.events",
    "SELECT * FROM public.people",
    "SELECT * FROM public.analytics_users",
    "SELECT secret FROM public.pseudonym_key",
    "SELECT * FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "SET ROLE lodger_owner",
    "SET ROLE lodger",
    "SET SESSION AUTHORIZATION postgres",
    "SET transaction_read_only = off; CREATE TABLE mine (n integer)",
    "SET transaction_read_only = off; CREATE TEMP TABLE mine (n integer)",
    "SET transaction_read_only = off; DELETE FROM analytics.exchange_rates",
    "SET transaction_read_only = off; CREATE VIEW analytics.mine AS SELECT 1",
)


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, environment = psql(url, arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)


def test_psql_is_the_analyst_and_reads_only(shared_database_url: str) -> None:
    done = run(shared_database_url, "--csv", "-c", "SELECT current_user, count(*) FROM version")
    assert done.stdout == "current_user,count\nlodger_analyst,1\n", done.stderr
    for statement in ("SELECT * FROM public.people", "CREATE TABLE analytics.mine (n integer)"):
        done = run(shared_database_url, "-c", statement)
        assert done.returncode == 1
        assert "permission denied" in done.stderr or "read-only transaction" in done.stderr


def test_a_script_stops_where_something_goes_wrong(shared_database_url: str) -> None:
    done = run(shared_database_url, "-c", "SELECT 1 FROM nothing", "-c", "SELECT 'went on'")
    assert done.returncode != 0
    assert "went on" not in done.stdout


def test_a_password_is_in_no_list_of_processes() -> None:
    command, environment = psql("postgresql+psycopg2://anna:a%20secret@db.example:5433/lodger?sslmode=require", ["-l"])
    assert "a secret" not in " ".join(command)
    assert environment["PGPASSWORD"] == "a secret"
    dsn = command[command.index("--dbname") + 1]
    for part in ("host=db.example", "port=5433", "user=anna", "dbname=lodger", "sslmode=require"):
        assert part in dsn


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[Postgres, str]]:
    """A server with the port open, and the address that `./run up --sql-port` prints."""
    with temporary_folder() as folder:
        postgres = Postgres(folder / "postgres", durable=False, sql_port=free_port())
        postgres.prepare()
        supervisor = Supervisor(folder, lambda _: None)
        supervisor.start([[postgres.service()]])
        try:
            migrate(postgres.url())
            yield postgres, postgres.let_analyst_in()
        finally:
            supervisor.stop()


@pytest.mark.slow
def test_a_database_tool_reads_the_views_over_tcp(door: tuple[Postgres, str]) -> None:
    _, address = door
    assert urlsplit(address).hostname == "127.0.0.1"
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM version")  # by its bare name
        assert cursor.fetchall() == [("1.0.1",)]
        cursor.execute("SELECT count(*) FROM analytics.fact_nights")
        cursor.execute("SELECT current_user, current_setting('statement_timeout')")
        assert cursor.fetchone() == ("analyst", "30s")


@pytest.mark.slow
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_it_is_refused_everything_else(door: tuple[Postgres, str], statement: str) -> None:
    with (
        closing(psycopg2.connect(door[1])) as connection,
        connection.cursor() as cursor,
        pytest.raises(InsufficientPrivilege),
    ):
        cursor.execute(statement)


@pytest.mark.slow
def test_nobody_else_gets_in_over_tcp(door: tuple[Postgres, str]) -> None:
    postgres, address = door
    port = urlsplit(address).port
    for login in ("postgres", "lodger", "lodger_owner", "analyst", "analyst:guessed", "nobody"):
        with pytest.raises(psycopg2.OperationalError, match=r"rejects|password authentication failed|no password"):
            psycopg2.connect(f"postgresql://{login}@127.0.0.1:{port}/lodger")
    with pytest.raises(psycopg2.OperationalError, match="rejects"):
        psycopg2.connect(address.replace("/lodger", "/postgres"))
    # The socket is as ever: whoever can reach its folder owns the server.
    with closing(psycopg2.connect(postgres.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword IS NULL FROM pg_roles WHERE rolname = 'lodger'")


@pytest.mark.slow
def test_the_password_is_another_one_each_time(door: tuple[Postgres, str]) -> None:
    postgres, _ = door
    former, latter = postgres.let_analyst_in(), postgres.let_analyst_in()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(former)
    psycopg2.connect(latter).close()
    assert former != latter


def test_a_port_that_is_taken_or_of_another_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Refused, match="taken"):
            Stack(data=tmp_path, sql_port=taken.getsockname()[1]).__enter__()
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/lodger")
    with pytest.raises(Refused, match="a port of its own"):
        Stack(data=tmp_path, sql_port=free_port()).__enter__()
