"""The benchmark of bookings runs from beginning to end, and what it measures books."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from benchmarks.load import Load, send
from benchmarks.seats import Seats
from infrastructure.settings import ROOT


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("rest_framework") is None, reason="the peer comes with ./run bench")
def test_a_quick_run_measures_the_peer_ours_and_the_limit() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "booking", "--quick"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ran.returncode == 0, ran.stderr
    for contender in (
        *("Django + DRF, granian", "Django + DRF, gunicorn", "pgbench"),
        *("Lodger, granian", "Lodger, with its workers running"),
    ):
        assert f"│ {contender}" in ran.stdout
    assert "ours / best peer" in ran.stdout
    assert "ours / limit" in ran.stdout


def test_every_request_takes_other_nights_and_has_a_key_of_its_own() -> None:
    seats = Seats(["cabin", "loft"])
    first = seats.requests(3, "/v1/bookings", ["Bearer x"])
    seats.take(3)
    following = seats.requests(3, "/v1/bookings", ["Bearer x"])
    bodies = [request.partition(b"\r\n\r\n")[2] for request in first + following]
    keys = [request.partition(b"Idempotency-Key: ")[2][:36] for request in first + following]
    assert len(set(bodies)) == 6
    assert len(set(keys)) == 6


def test_the_load_is_sent_once_each_and_refusals_are_shown() -> None:
    with server() as (port, asked):
        requests = [f"GET /{n} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for n in range(50)]
        done = send(Load("127.0.0.1", port, connections=4, seconds=10, requests=requests))
    assert sorted(asked) == sorted(f"/{n}" for n in range(50))
    assert done.statuses == {201: 49, 409: 1}
    assert done.sample is not None
    assert done.sample.endswith(b"no")
    assert done.sent == 50


@contextmanager
def server() -> Iterator[tuple[int, list[str]]]:
    """Answers 201, but 409 to the seventh path."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = (409, b"no") if self.path == "/7" else (201, b"yes")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        try:
            yield running.server_port, asked
        finally:
            running.shutdown()
