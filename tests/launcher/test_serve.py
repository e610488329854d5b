"""`lodger serve`: connections that clients keep open."""

from __future__ import annotations

import os
import subprocess
import sys
from http.client import HTTPConnection

import pytest

from infrastructure.settings import ROOT, to_environment
from tests.api.server import wait_for
from tests.api.stack import settings
from tests.support.servers import free_port

pytestmark = pytest.mark.slow  # starts the real server


def test_idle_connections_beyond_the_threads_keep_nobody_out(shared_database_url: str) -> None:
    port = free_port()
    chosen = {"LODGER_HTTP_PORT": str(port), "LODGER_API_WORKERS": "1", "LODGER_API_THREADS": "1"}
    environment = {**os.environ, **to_environment(settings(shared_database_url)), **chosen, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, "-m", "infrastructure.cli", "serve"], env=environment, cwd=ROOT)
    try:
        wait_for(port, server)
        kept = [HTTPConnection("127.0.0.1", port, timeout=5) for _ in range(20)]
        for connection in kept:  # each answers, and stays open
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
    finally:
        server.terminate()
        server.wait(20)
