"""The worker, as Dramatiq runs it: `dramatiq infrastructure.workers.app`.

A message carries nothing and only wakes. What there is to do is in PostgreSQL, and each task looks there itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cache

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from infrastructure import logs
from infrastructure.settings import load
from infrastructure.workers import tasks
from infrastructure.workers.polling import Polling
from infrastructure.workers.waker import QUEUE, redis_client

settings = load(os.environ)
logs.configure(settings)

# A projection makes many short trips to PostgreSQL. After each one it has to get the interpreter back, from a thread
# that writes mails, say, and by default that one may keep it for 5 ms each time.
sys.setswitchinterval(0.0005)


@cache
def work() -> Mapping[str, tasks.Task]:
    """Wired on first use: connections and threads are not to be made before a worker forks."""
    return tasks.tasks(settings)


broker = RedisBroker(  # type: ignore[no-untyped-call]
    client=redis_client(settings.redis_url),
    middleware=[Polling(work)],
    # A killed worker's messages are somebody else's after 15 s; by default that takes minutes. Nobody waits for it.
    heartbeat_timeout=15_000,
    maintenance_chance=1_000_000,
)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE, actor_name=QUEUE)
def wake() -> None:
    """Somebody appended events."""
    work()["project"]()
    work()["react"]()
