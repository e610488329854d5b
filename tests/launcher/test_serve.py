"""`lodger serve`: connections that clients keep open, and the processors that it has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from time import monotonic, sleep

import psutil
import pytest

from infrastructure.settings import ROOT, to_environment
from tests.api.server import wait_for
from tests.api.stack import settings
from tests.support.servers import free_port

pytestmark = pytest.mark.slow  # starts the real server


@contextmanager
def serving(database_url: str, **chosen: str) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    variables = {**to_environment(settings(database_url)), "LODGER_HTTP_PORT": str(port), **chosen}
    command = [sys.executable, "-m", "infrastructure.cli", "serve"]
    server = subprocess.Popen(command, env={**os.environ, **variables, "PYTHONPATH": str(ROOT)}, cwd=ROOT)
    try:
        wait_for(port, server)
        yield port, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(20)


def test_idle_connections_beyond_the_threads_keep_nobody_out(shared_database_url: str) -> None:
    with serving(shared_database_url, LODGER_API_WORKERS="1", LODGER_API_THREADS="1") as (port, _):
        kept = [HTTPConnection("127.0.0.1", port, timeout=5) for _ in range(20)]
        for connection in kept:  # each answers, and stays open
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system keeps no process to a processor")
def test_pinned_processes_take_the_processors_in_turn_and_one_anew_takes_its_formers(shared_database_url: str) -> None:
    processors = sorted(os.sched_getaffinity(0))
    both = [{processors[0]}, {processors[1 % len(processors)]}]

    with serving(shared_database_url, LODGER_API_WORKERS="2", LODGER_API_PINNED="true") as (_, server):
        assert os.sched_getaffinity(server.pid) == set(processors)
        first, second = until_there_are(2, server)
        assert [allowed(first), allowed(second)] == both

        first.kill()
        first.wait(10)
        (anew,) = {*until_there_are(2, server)} - {first, second}
        assert [allowed(anew), allowed(second)] == both


def allowed(process: psutil.Process) -> set[int]:
    """The processors that a process may use: all of its threads the same."""
    (each,) = {frozenset(os.sched_getaffinity(thread.id)) for thread in process.threads()}
    return set(each)


def until_there_are(count: int, server: psutil.Process) -> list[psutil.Process]:
    """The processes of a server that serve, in the order in which they were started."""
    deadline = monotonic() + 20
    while True:
        found = [each for each in server.children() if each.is_running() and each.num_threads() > 2]
        if len(found) == count:
            return sorted(found, key=lambda each: each.pid)
        assert monotonic() < deadline
        sleep(0.05)
