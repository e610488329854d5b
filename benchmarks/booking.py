"""Booking over HTTP from 16 connections: Django and DRF, Lodger, and what PostgreSQL alone would do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Final

import psutil
import psycopg2

from benchmarks import load, pgbench
from benchmarks.harness import Bench, Contender, Figures
from benchmarks.marketplace import free_port, listed, marketplace, registered, standing_still, token
from benchmarks.report import Bar, Report
from benchmarks.seats import Seats
from benchmarks.servers import Server, disk_folder, durable_postgres
from infrastructure.demo.client import wait_until
from infrastructure.embedded.processes import Process, Service
from infrastructure.settings import ROOT

CONNECTIONS: Final = 16
OURS: Final = "Lodger, granian"
OURS_WITH_WORKERS: Final = "Lodger, with its workers running"
LIMIT: Final = "pgbench, the same SQL in two trips"
_MOST_PER_SECOND: Final = 2_500
_WARM_UP_SECONDS: Final = 1.0
PEER_SERVERS: Final = {
    "Django + DRF, gunicorn gthread": (
        *("gunicorn", "--worker-class=gthread", "--workers=2", "--threads=8", "--keep-alive=60"),
        *("--bind=127.0.0.1:{port}", "benchmarks.peer.wsgi:application"),
    ),
    "Django + DRF, granian": (
        *("granian", "--interface=wsgi", "--workers=2", "--blocking-threads=8", "--no-ws", "--no-log"),
        *("--port={port}", "benchmarks.peer.wsgi:application"),
    ),
}
"""Two servers of WSGI with the processes and threads that ours has, pinned as ours; what counts is the faster one."""


def run(bench: Bench) -> Report:
    """All in turn on one PostgreSQL. Each request takes other nights, so all succeed; a failure ends the run."""
    properties = 24 if bench.quick else 480
    with durable_postgres() as server, ExitStack() as stack:
        folder = stack.enter_context(disk_folder())
        ours, latest = stack.enter_context(_ours(server, folder, properties))
        peers = stack.enter_context(_peers(server, folder, properties))
        limit = _limit(server, latest, folder, properties)
        contenders = [
            *(Contender(name, "peer", measure) for name, measure in peers.items()),
            *(Contender(name, "ours", measure) for name, measure in ours.items()),
            Contender(LIMIT, "limit", limit),
        ]
        return _report(bench.measure(contenders))


# --- ours -----------------------------------------------------------------------------------------------


@contextmanager
def _ours(server: Server, folder: Path, properties: int) -> Iterator[tuple[dict[str, Callable[[float], Figures]], str]]:
    """The command by itself, and the whole stack at work, set up as for production; and their database."""
    with marketplace(server, "ours", folder, LODGER_API_PINNED="true") as (stack, api, url):
        host, *guests = [registered(api, name) for name in ("host", *(f"guest{n}" for n in range(4)))]
        api.call("POST", "/v1/users/me/hosting", token=token(api, host))
        seats = Seats([listed(api, token(api, host)) for _ in range(properties)])
        processes = stack.processes["serve"].pid

        def measure(seconds: float, workers: Callable[[], AbstractContextManager[None]]) -> Figures:
            credentials = [f"Bearer {token(api, guest)}" for guest in guests]
            server.checkpoint()
            with workers():
                before = _cpu_seconds(processes)
                done = _loaded(seats, stack.settings.http_port, "/v1/bookings", credentials, seconds)
                cpu = (_cpu_seconds(processes) - before) / done.sent
            wait_until("the read models have come as far as the log", lambda: _caught_up(url), seconds=120)
            return {**_figures(done), "server_cpu_us": cpu * 1e6}

        measure(_WARM_UP_SECONDS, nullcontext)
        yield (
            {
                OURS: lambda seconds: measure(seconds, lambda: standing_still(stack)),
                OURS_WITH_WORKERS: lambda seconds: measure(seconds, nullcontext),
            },
            url,
        )


def _caught_up(url: str) -> bool | None:
    """So that the workers leave the machine to who is measured next."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT min(position) >= (SELECT max(position) FROM events) FROM positions")
        ((done,),) = cursor.fetchall()
        return done or None


# --- the peer and the limit -----------------------------------------------------------------------------


@contextmanager
def _peers(server: Server, folder: Path, properties: int) -> Iterator[dict[str, Callable[[float], Figures]]]:
    environment = {**os.environ, "DATABASE_URL": server.empty("peer"), "PYTHONPATH": str(ROOT)}
    seed = [sys.executable, "-m", "benchmarks.peer.seed", str(properties)]
    seeded = json.loads(subprocess.run(seed, env=environment, stdout=subprocess.PIPE, check=True).stdout)  # noqa: S603
    seats = Seats(seeded["properties"])
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_peer(server, folder, command, environment, seats, f"Token {seeded['token']}"))
            for name, command in PEER_SERVERS.items()
        }


@contextmanager
def _peer(
    server: Server, folder: Path, command: Sequence[str], environment: dict[str, str], seats: Seats, credentials: str
) -> Iterator[Callable[[float], Figures]]:
    port = free_port()
    service = Service(
        name=command[0],
        command=[sys.executable, "-m", *(part.format(port=port) for part in command)],
        ready=lambda: _answers(port),
        environment=environment,
    )
    process = Process(service, folder)

    def measure(seconds: float) -> Figures:
        server.checkpoint()
        before = _cpu_seconds(process.pid)
        done = _loaded(seats, port, "/bookings", [credentials], seconds)
        return {**_figures(done), "server_cpu_us": (_cpu_seconds(process.pid) - before) / done.sent * 1e6}

    try:
        process.wait_ready()
        _pin(process.pid)
        measure(_WARM_UP_SECONDS)
        yield measure
    finally:
        process.stop()


def _pin(pid: int) -> None:
    """Keep each process of a server to a processor of its own, as ours are: that is worth a tenth to the peers too."""
    processors = sorted(os.sched_getaffinity(0))
    for number, process in enumerate(psutil.Process(pid).children()):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {processors[number % len(processors)]})


def _limit(server: Server, latest: str, folder: Path, properties: int) -> Callable[[float], Figures]:
    url = server.migrated("limit")
    script = folder / "limit.sql"
    script.write_text(pgbench.prepare(url, latest, properties))
    pgbench.run(url, script, CONNECTIONS, _WARM_UP_SECONDS)

    def measure(seconds: float) -> Figures:
        server.checkpoint()
        return pgbench.run(url, script, CONNECTIONS, seconds)

    return measure


# --- measuring ------------------------------------------------------------------------------------------


def _loaded(seats: Seats, port: int, path: str, credentials: Sequence[str], seconds: float) -> load.Loaded:
    requests = seats.requests(int(_MOST_PER_SECOND * seconds), path, credentials)
    done = load.run(load.Load("127.0.0.1", port, CONNECTIONS, seconds, requests))
    seats.take(done.sent)
    if done.sample is not None:
        raise RuntimeError(f"not all were booked: {done.statuses}\n{done.sample.decode(errors='replace')}")
    return done


def _figures(done: load.Loaded) -> dict[str, float]:
    return {
        "per_second": done.per_second,
        "p50_ms": done.latency(0.5) * 1000,
        "p99_ms": done.latency(0.99) * 1000,
        "client_share": done.cpu_seconds / done.seconds / (psutil.cpu_count() or 1),
    }


def _cpu_seconds(pid: int) -> float:
    """What a server and its processes have used."""
    server = psutil.Process(pid)
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _report(found: dict[str, Figures]) -> Report:
    ours, limit = found[OURS], found[LIMIT]
    peer = max((found[name] for name in PEER_SERVERS), key=lambda figures: figures["per_second"])
    return Report(
        title=f"bookings over HTTP, {CONNECTIONS} connections",
        columns=["", "bookings/s", "× limit", "× peer", "p50 ms", "p99 ms", "server CPU µs"],
        rows=[
            [
                name,
                f"{figures['per_second']:,.0f}",
                f"{figures['per_second'] / limit['per_second']:.2f}",
                f"{figures['per_second'] / peer['per_second']:.1f}",
                f"{figures['p50_ms']:.1f}",
                f"{figures['p99_ms']:.1f}",
                f"{figures['server_cpu_us']:,.0f}" if "server_cpu_us" in figures else "",
            ]
            for name, figures in found.items()
        ],
        bars=[
            Bar("ours / best peer", ours["per_second"] / peer["per_second"], 5),
            Bar("ours / limit", ours["per_second"] / limit["per_second"], 0.33),
            Bar("p99 of ours / p50 of the limit", ours["p99_ms"] / limit["p50_ms"], 8, at_most=True),
            Bar("best peer / limit, or the run is void", peer["per_second"] / limit["per_second"], 0.05),
        ],
        notes=[
            "The bars are judged on the command: authentication, idempotency, every rule; the goal is 0.6 × the limit.",
            f"{OURS}: API and PostgreSQL; the workers stand still meanwhile and catch up after it, off the clock.",
            "The peer keeps no read models and sends no mail either.",
            f"{OURS_WITH_WORKERS}: the same while read models, reactions and mails share the machine.",
            f"The load generator's share of the machine's CPU: {ours['client_share']:.0%} with ours.",
            "The server's CPU is that of the HTTP server's processes for one booking, PostgreSQL and workers apart.",
        ],
    )
