"""The whole of Lodger on this machine, as one object to start and stop."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from infrastructure import settings as settings_module
from infrastructure.embedded import services
from infrastructure.embedded.data_folder import DataFolder, temporary_folder
from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.processes import Process
from infrastructure.embedded.supervisor import Supervisor
from infrastructure.embedded.valkey import Valkey
from infrastructure.refusals import Refused
from infrastructure.settings import Settings

_PORTS = {"LODGER_HTTP_PORT": 8000, "LODGER_METRICS_PORT": 9090, "LODGER_MAIL_PORT": 1025, "LODGER_INBOX_PORT": 8025}


class Stack:
    """Servers, API and workers while the `with` block lasts:

        with Stack({"LODGER_CLOCK": "2025-06-01T12:00:00Z"}) as stack:
            httpx.get(f"{stack.url}/healthz")

    `overrides` are settings by variable and win over the environment's. `data` keeps what there is between runs;
    without it the data go to a temporary folder, safe from `kill -9` though not from a power cut. `usual_ports`
    takes each setting's own default where that port is free; otherwise any free one is taken. DATABASE_URL,
    REDIS_URL and LODGER_SMTP_URL replace the server of that kind. With a `sql_port` PostgreSQL listens there for
    database tools, at `sql_address`.

    Entering raises SettingsError, AlreadyRunning, DataRefused, ServiceFailed, and leaves nothing running.
    Has to be entered from the main thread: processes end with the thread that started them.
    """

    settings: Settings
    sql_address: str | None = None
    """What database tools take to read what analysts do, where a port was asked for. It has a password."""

    def __init__(
        self,
        overrides: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        usual_ports: bool = False,
        sql_port: int | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._overrides = dict(overrides or {})
        self._data = data
        self._usual_ports = usual_ports
        self._sql_port = sql_port
        self._report = report
        self._exit = ExitStack()

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{self.settings.http_host}:{self.settings.http_port}"

    @property
    def inbox_url(self) -> str:
        """Where mails can be read; `/messages.json` for programs."""
        return f"http://127.0.0.1:{self.settings.inbox_port}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.metrics_port}/metrics"

    @property
    def processes(self) -> Mapping[str, Process]:
        """What runs, by name: postgres, valkey, metrics, mail-sink, projections, reactions, serve."""
        return self._supervisor.processes

    def __enter__(self) -> Stack:
        with ExitStack() as undo:
            folder = DataFolder(self._data or undo.enter_context(temporary_folder()))
            undo.enter_context(folder.held())
            self._supervisor = Supervisor(folder.path / "run", self._report)
            undo.callback(self._supervisor.stop)
            self._start(folder)
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    def watch(self) -> None:
        """Return never: raises ServiceFailed when a process ends by itself."""
        self._supervisor.watch()

    def _start(self, folder: DataFolder) -> None:
        given = {name: value for name, value in {**os.environ, **self._overrides}.items() if value}
        self._must_be_able_to_open(self._sql_port, given)
        home, durable = folder.path / "postgres", bool(self._data)
        postgres = None if "DATABASE_URL" in given else Postgres(home, durable=durable, sql_port=self._sql_port)
        valkey = None if "REDIS_URL" in given else Valkey(folder.path / "valkey")
        own_mail = "LODGER_SMTP_URL" not in given
        if postgres:
            postgres.prepare()
            given["DATABASE_URL"] = postgres.url()
        if valkey:
            given["REDIS_URL"] = valkey.url()
        if given.get("LODGER_ENV") != "production":
            given = {**folder.secrets(), **given}
        given = {**self._ports(given), **given, "LODGER_DATA": str(folder.path)}
        self.settings = settings_module.load(given)
        environment = {
            **settings_module.to_environment(self.settings),
            "PROMETHEUS_MULTIPROC_DIR": str(_emptied(folder.path / "metrics")),
        }
        self._supervisor.start(
            [
                services.servers(postgres, valkey),
                *services.stages(self.settings, environment, own_mail=own_mail),
            ]
        )
        if postgres and self._sql_port:
            self.sql_address = postgres.let_analyst_in()
        folder.publish(environment)

    @staticmethod
    def _must_be_able_to_open(sql_port: int | None, given: Mapping[str, str]) -> None:
        """Raises Refused for a port that is taken, or of a server that is not ours."""
        if sql_port and "DATABASE_URL" in given:
            raise Refused("DATABASE_URL names a server that has a port of its own: docs/deploying.md has the login")
        if sql_port and _free_port(sql_port) is None:
            raise Refused(f"Port {sql_port} is taken by another program: choose another --sql-port")

    def _ports(self, given: Mapping[str, str]) -> dict[str, str]:
        """A port for each that none was asked for. Raises Refused for one that was asked for and is taken."""
        taken = {int(given[name]) for name in _PORTS if given.get(name, "").isdecimal()}
        for port in sorted(taken):
            # The server shares its port among its processes: it would not notice somebody else's.
            if _free_port(port) is None:
                raise Refused(f"Port {port} is taken by another program: choose another one, or none")
        ports = {}
        for name in (name for name in _PORTS if name not in given):
            usual = [_PORTS[name]] if self._usual_ports else []
            port = next(port for port in map(_free_port, [*usual, *[0] * 100]) if port and port not in taken)
            taken.add(port)
            ports[name] = str(port)
        return ports


def _free_port(wanted: int) -> int | None:
    """The port if it is free on the loopback address, any free one for 0, None when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port


def _emptied(folder: Path) -> Path:
    """Counters of an earlier run's processes are of no use to this one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
