"""The API as an orchestrator runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from uuid import UUID

from infrastructure.embedded.processes import kill_group
from infrastructure.settings import ROOT, to_environment
from tests.api.server import wait_for
from tests.api.stack import settings, signed_in, tokens
from tests.support.servers import free_port


class ApiProcess:
    """One `lodger serve`, on the same port each time it is started. All are one API: they share the public URL.

    `changes` are settings by variable.
    """

    def __init__(self, database_url: str, **changes: str) -> None:
        self.port = free_port()
        usual = {"LODGER_PUBLIC_URL": "http://lodger.example", "LODGER_API_WORKERS": "1"}
        self.settings = settings(database_url, **{**usual, **changes, "LODGER_HTTP_PORT": str(self.port)})
        self._environment = {**os.environ, **to_environment(self.settings)}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "infrastructure.cli", "serve"]
        self._popen = subprocess.Popen(command, env=self._environment, cwd=ROOT, start_new_session=True)
        wait_for(self.port, self._popen)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def exit_code(self) -> int:
        """Waits for the end."""
        return self._popen.wait(20)

    def token(self, user_id: UUID) -> str:
        """As somebody would get it by signing in, which takes long on purpose."""
        return tokens(self.settings).issue(signed_in(user_id))

    def stop(self) -> None:
        """Ask it to end, and see that it has."""
        self.signal(signal.SIGTERM)
        assert self.exit_code() == 0

    def kill(self) -> None:
        """With the processes that it has started: they would go on without it, and without a database in vain."""
        kill_group(self.pid)
        self._popen.wait()
