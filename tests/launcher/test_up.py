"""`./run up` as a whole, with the real servers: data, second starts, violent ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from infrastructure.embedded.data_folder import AlreadyRunning, DataFolder, temporary_folder
from infrastructure.embedded.postgres import DataRefused, Postgres
from infrastructure.embedded.stack import Stack
from infrastructure.refusals import Refused
from infrastructure.settings import ROOT
from tests.support.servers import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can get to when the tests run as root."""
    with temporary_folder() as folder:
        yield folder


@contextmanager
def up(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The launcher and the URL of its database, once it is up."""
    launcher = subprocess.Popen(
        [sys.executable, "-m", "tests.launcher.up_without_api", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    try:
        yield launcher, launcher.stdout.readline().strip()
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(90)  # a machine that does much else writes its last checkpoint slowly
        launcher.stdout.close()


def run_sql(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_data_and_secrets_are_kept_between_two_runs(data: Path) -> None:
    with up(data) as (_, url):
        run_sql(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    secrets = DataFolder(data).secrets()

    with up(data) as (_, url):
        assert run_sql(url, "SELECT answer FROM kept") == [(42,)]
    assert DataFolder(data).secrets() == secrets


def test_nothing_is_left_after_a_sigterm(data: Path) -> None:
    with up(data) as (launcher, _):
        started = psutil.Process(launcher.pid).children(recursive=True)
    names = {process.name() for process in started if process.is_running()}

    assert len(started) > 2
    assert names == set()
    assert launcher.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_nothing_is_left_of_a_launcher_that_was_killed_but_its_data(data: Path) -> None:
    with up(data) as (launcher, url):
        run_sql(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        started = psutil.Process(launcher.pid).children(recursive=True)
        launcher.kill()
        launcher.wait()

        assert len(started) > 2
        assert psutil.wait_procs(started, timeout=10)[1] == []

    with up(data) as (_, url):
        assert run_sql(url, "SELECT answer FROM kept") == [(42,)]


def test_a_second_start_from_the_same_data_is_refused_with_what_to_do(data: Path) -> None:
    with up(data) as (launcher, url):
        with pytest.raises(AlreadyRunning, match=rf"process id {launcher.pid} is running.*--data DIR"):
            Stack(data=data).__enter__()

        assert run_sql(url, "SELECT 1") == [(1,)]


def test_the_address_that_is_printed_for_database_tools_reads_what_analysts_do(data: Path) -> None:
    port = free_port()
    run = [sys.executable, "-m", "tests.launcher.up_with_sql_port", str(data), str(port)]
    with subprocess.Popen(run, cwd=ROOT, stderr=subprocess.PIPE, text=True) as launcher:
        try:
            assert launcher.stderr is not None
            _, address = next(line for line in launcher.stderr if line.startswith("  SQL")).split()

            assert (urlsplit(address).hostname, urlsplit(address).port) == ("127.0.0.1", port)
            assert run_sql(address, "SELECT count(*) FROM analytics.fact_bookings") == [(0,)]
            with pytest.raises(InsufficientPrivilege):
                run_sql(address, "SELECT count(*) FROM public.events")
        finally:
            launcher.send_signal(signal.SIGTERM)


def test_other_commands_find_a_stack_that_runs_and_none_afterwards(data: Path) -> None:
    with up(data) as (_, url):
        assert DataFolder(data).published()["DATABASE_URL"] == url

    assert DataFolder(data).published() == {}


def test_data_of_another_major_version_are_refused_and_left_as_they_are(data: Path) -> None:
    with up(data):
        pass
    version = next(data.rglob("PG_VERSION"))
    version.write_text("17\n")

    with pytest.raises(DataRefused, match=r"PostgreSQL 17; this version brings 18.*--data"):
        Postgres(data / "postgres").prepare()

    assert version.read_text() == "17\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_where_the_servers_user_cannot_go_a_link_leads_to_the_data(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = private / "postgres"

    Postgres(home).prepare()
    Postgres(home).prepare()

    kept = home.resolve()
    assert kept.parent == Path("/var/tmp")
    assert (kept / "data" / "PG_VERSION").exists()
    shutil.rmtree(kept)
    with pytest.raises(DataRefused, match=f"which is gone.*rm {home}"):
        Postgres(home).prepare()


def test_a_port_that_is_taken_is_refused(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} is taken"):
            Stack({"LODGER_HTTP_PORT": str(port)}, data=data).__enter__()
