"""Telling the workers that there is news, without anybody waiting for it."""

from __future__ import annotations

from threading import Event, Lock, Thread
from time import sleep
from typing import Final

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker

from infrastructure.redis_client import redis_client
from infrastructure.workers.queues import QUEUES, Queue

_APART_SECONDS: Final = 0.016
"""Between two looks at Redis: under load each costs the requests more than what it is good for."""

_log = structlog.get_logger()


def key(queue: Queue) -> str:
    """Where Dramatiq keeps the messages that nobody has taken yet."""
    return f"dramatiq:{queue}"


def waiting(client: redis.Redis) -> dict[Queue, int]:
    """How many messages nobody has taken yet, by queue; one look."""
    with client.pipeline(transaction=False) as pipeline:
        for queue in QUEUES:
            pipeline.llen(key(queue))
        return dict(zip(QUEUES, pipeline.execute(), strict=True))


class _Look:
    """Asks which queues are empty, up to sixty times a second: the question is put together once.

    A pipeline, made anew for each look, took three times as long, and all the while the interpreter from requests.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._connection = client.connection_pool.make_connection()
        self._question = self._connection.pack_commands([("LLEN", key(queue)) for queue in QUEUES])  # type: ignore[no-untyped-call]

    def empty(self) -> list[Queue]:
        """Raises RedisError."""
        try:
            self._connection.send_packed_command(self._question)  # type: ignore[no-untyped-call]
            return [queue for queue in QUEUES if not self._connection.read_response()]
        except redis.RedisError:
            # Whatever is still on its way answers another question.
            self._connection.disconnect()  # type: ignore[no-untyped-call]
            raise


class Waker:
    """Sends every worker a message that carries nothing: it only wakes, and what was woken reads the log.

    A thread of its own sends it, so `wake` never waits, whatever Redis does. The first call is passed on at once,
    those of the next milliseconds become one, and a worker is sent none while it still has one to take. What Redis
    does not take is dropped: the workers also look by themselves, each second.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._asked = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Ask for messages. Returns at once."""
        self._asked.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        """Begun by the first call and not sooner: a process that forks its workers would lose the thread."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        client = redis_client(self._redis_url)
        look = _Look(client)
        broker = RedisBroker(client=client, middleware=[])  # type: ignore[no-untyped-call]
        messages = {
            queue: dramatiq.Message[None](queue_name=queue, actor_name=queue, args=(), kwargs={}, options={})
            for queue in QUEUES
        }
        away = False
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                # One that nobody has taken yet will be taken later than now, and that is all a second could do.
                for queue in look.empty():
                    broker.enqueue(messages[queue])
                away = False
            except redis.RedisError as error:
                if not away:
                    _log.warning("redis is away, workers look by themselves", error=str(error))
                away = True
            sleep(_APART_SECONDS)
