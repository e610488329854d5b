"""The processes of Lodger: the one list. What `up` starts, compose has to start too."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.processes import Service
from infrastructure.embedded.supervisor import Stage
from infrastructure.embedded.valkey import Valkey
from infrastructure.settings import ROOT, Settings
from infrastructure.workers.queues import QUEUES

MAIL_SINK = "mail-sink"
"""Left out where a mail server is set."""


def servers(postgres: Postgres | None, valkey: Valkey | None) -> Stage:
    """The servers that nobody else provides."""
    return [server.service() for server in (postgres, valkey) if server]


def stages(settings: Settings, environment: Mapping[str, str], *, own_mail: bool) -> list[Stage]:
    """Lodger's own processes, in the order they start in. They stop the other way round, the API first."""

    def lodger(*command: str, ready: Callable[[], bool] | None) -> Service:
        return Service(
            name=command[-1],
            command=[sys.executable, "-m", "infrastructure.cli", *command],
            ready=ready,
            environment={**os.environ, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )

    inbox = lodger(MAIL_SINK, ready=_answers(settings.inbox_port, "/messages.json", settings.internal_host))
    return [
        [lodger("migrate", ready=None)],
        [
            lodger("metrics", ready=_answers(settings.metrics_port, "/metrics", settings.internal_host)),
            *([inbox] if own_mail else []),
            *(lodger("worker", queue, ready=_runs) for queue in QUEUES),
            lodger("serve", ready=_answers(settings.http_port, "/readyz", settings.http_host)),
        ],
    ]


def _runs() -> bool:
    """A worker has no port to ask; one that fails ends, which the supervisor sees."""
    return True


def _answers(port: int, path: str, host: str) -> Callable[[], bool]:
    """Whether an HTTP server answers with a success."""
    reached_at = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    url = f"http://{reached_at}:{port}{path}"

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    return ready
