"""Real HTTP: granian, started as `lodger serve` starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from infrastructure.embedded.processes import kill_group
from infrastructure.settings import ROOT, to_environment
from tests.api.stack import settings
from tests.support.servers import free_port


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@contextmanager
def serving(database_url: str) -> Iterator[Server]:
    """An API with eight threads."""
    port = free_port()
    environment = {**os.environ, **to_environment(settings(database_url)), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "8", "--backlog", "2048", "--log-level", "warning"]
    server = subprocess.Popen([*command, "infrastructure.wsgi:app"], env=environment, cwd=ROOT, start_new_session=True)
    try:
        wait_for(port, server)
        yield Server(port, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            kill_group(server.pid)


def wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Until it answers: a moment, but on a machine that does much else for long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError("the server did not get ready")


def call(
    port: int, method: str, path: str, body: object = None, token: str | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own: the status and the JSON answered."""
    return request(port, method, path, body, token, headers)


def request(
    port: int,
    method: str,
    path: str,
    body: object,
    token: str | None,
    headers: Mapping[str, str],
    patience: float = 60,
) -> tuple[int, dict[str, Any]]:
    """The same. Raises TimeoutError and hangs up where nothing comes for `patience` seconds."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"Content-Type": "application/json"} if body is not None else {}
    sent |= {"Authorization": f"Bearer {token}"} if token else {}
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()
