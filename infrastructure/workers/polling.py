"""Doing every task once a second, whatever becomes of the messages that wake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Final

from dramatiq import Broker, Middleware, Worker
from dramatiq.middleware import MiddlewareError

from infrastructure.workers.tasks import Task

SECONDS: Final = 1.0


class Polling(Middleware):
    """Threads in every worker process, one for each task so that none waits for another.

    With Redis away Dramatiq runs no actor; by these everything goes on.
    """

    def __init__(self, tasks: Callable[[], Mapping[str, Task]]) -> None:
        self._tasks = tasks
        self._stopping = Event()
        self._threads: list[Thread] = []

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002 - dramatiq's
        """Wire everything before any thread runs; a worker that cannot be wired ends."""
        try:
            self._tasks()
        except Exception as error:
            raise MiddlewareError("the worker cannot start") from error  # any other error is only logged

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002 - dramatiq's
        for name, task in self._tasks().items():
            thread = Thread(target=self._poll, args=[task], name=f"poll: {name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002 - dramatiq's
        self._stopping.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def _poll(self, task: Task) -> None:
        while True:
            task()
            if self._stopping.wait(SECONDS):
                return
