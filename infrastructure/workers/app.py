"""The workers, as Dramatiq runs them: `dramatiq infrastructure.workers.app:projections`, or `:reactions`.

A message carries nothing and only wakes. What there is to do is in PostgreSQL, and each task looks there itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache

import dramatiq

from infrastructure import logs
from infrastructure.redis_client import redis_client
from infrastructure.settings import load
from infrastructure.workers import tasks
from infrastructure.workers.listening import Broker
from infrastructure.workers.polling import Polling
from infrastructure.workers.queues import Queue

settings = load(os.environ)
logs.take_over(settings)

# Projections make many short trips to PostgreSQL. After each one they have to get the interpreter back, and by default
# whoever has it may keep it for 5 ms each time.
sys.setswitchinterval(0.0005)


def projections() -> None:
    """Set Dramatiq up for the process that keeps the read models."""
    _listen("projections")


def reactions() -> None:
    """Set Dramatiq up for the process that does everything else."""
    _listen("reactions")


def _listen(queue: Queue) -> None:
    @cache
    def work() -> Mapping[str, tasks.Task]:
        """Wired on first use: connections and threads are not to be made before a worker forks."""
        return tasks.of(queue, settings)

    broker = Broker(  # type: ignore[no-untyped-call]
        client=redis_client(settings.redis_url),
        middleware=[Polling(work)],
        # A killed worker's messages are somebody else's after 15 s; by default that takes minutes. Nobody waits for it.
        heartbeat_timeout=15_000,
        maintenance_chance=1_000_000,
    )
    dramatiq.set_broker(broker)

    @dramatiq.actor(queue_name=queue, actor_name=queue)
    def wake() -> None:
        """There is news."""
        for name in tasks.WOKEN[queue]:
            work()[name]()
