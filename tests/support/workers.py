"""Real worker processes, something for them to do, and the mail they send."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar
from uuid import UUID, uuid5

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from application import bookings
from domain.bookings import Confirmed
from infrastructure.embedded.processes import Process, Service
from infrastructure.settings import ROOT, Settings, to_environment
from infrastructure.workers.queues import QUEUES, Queue
from infrastructure.workers.waker import Waker
from projections import positions
from projections.catalogue import running
from tests.support.servers import free_port
from tests.support.world import World, settings_for

T = TypeVar("T")


class Post:
    """A mail server that remembers how often it was given each mail, by Message-ID."""

    def __init__(self) -> None:
        self.given: Counter[str] = Counter()
        self._port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content or b""
        message = message_from_bytes(content if isinstance(content, bytes) else content.encode())
        self.given[str(message["Message-ID"])] += 1
        return "250 OK"

    @contextmanager
    def open(self) -> Iterator[str]:
        """The URL of the running server."""
        self._controller.start()
        yield f"smtp://127.0.0.1:{self._port}"
        self._controller.stop()


class Workers:
    """Running processes, such as one of each kind of worker."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    def kill(self) -> None:
        """End them as `kill -9` does."""
        for process in self._processes:
            process.kill()

    def stop(self) -> None:
        """Ask them to end, and see that they have."""
        for process in self._processes:
            process.stop()
            assert process.ended()


class Stage:
    """A database with a world over it, and processes that are started and killed. Times are the machine's own.

    `settings` are other than the usual ones, for the processes and the world alike.
    """

    def __init__(self, database_url: str, redis_url: str, smtp_url: str, folder: Path, **settings: Any) -> None:
        self.settings: Settings = settings_for(
            database_url, redis_url=redis_url, smtp_url=smtp_url, audit_projection=True, pool_size=12, **settings
        )
        self.world = World(database_url, datetime.now(UTC), **settings)
        self.world.lodger = replace(self.world.lodger, wake=Waker(redis_url).wake)
        self.database = self.world.wired.database
        self.reader = self.world.log
        self._folder = folder
        self._started = 0

    def workers(self) -> Workers:
        """Start both worker processes. It takes some two seconds until they work."""
        self._started += 1
        return Workers([self._worker(queue) for queue in QUEUES])

    def api(self) -> Workers:
        """Start the API at its port, and wait until it answers."""
        process = self._process("api", "serve", ready=partial(_answers, self.settings.http_port))
        process.wait_ready()
        return Workers([process])

    def worker_dies(self, point: str, seconds: float = 120.0) -> None:
        """Start a worker of the reactions that is killed at a failpoint, and wait for its end."""
        self._started += 1
        process = self._worker("reactions", FAILPOINT=f"{point}:kill")
        deadline = time.monotonic() + seconds
        while not process.ended():
            assert time.monotonic() < deadline, f"it never came to {point}"
            time.sleep(0.05)
        process.kill()

    def worker_hangs(self, point: str) -> Workers:
        """Start a worker of the reactions that comes to a failpoint and no further."""
        self._started += 1
        return Workers([self._worker("reactions", FAILPOINT=f"{point}:hang")])

    def _worker(self, queue: Queue, **variables: str) -> Process:
        return self._process(f"{queue}-{self._started}", "worker", queue, ready=lambda: True, **variables)

    def _process(self, name: str, *arguments: str, ready: Callable[[], bool], **variables: str) -> Process:
        return Process(
            Service(
                name=name,
                command=[sys.executable, "-m", "infrastructure.cli", *arguments],
                ready=ready,
                environment={**os.environ, **to_environment(self.settings), "PYTHONPATH": str(ROOT), **variables},
            ),
            self._folder,
        )

    def positions(self) -> list[int]:
        """How far each consumer has come; 0 for one that never ran."""
        names = [projection.name for projection in running(audit=True)] + ["reactions"]
        with self.database.connection() as connection, connection.cursor() as cursor:
            return [positions.reached(cursor, name) for name in names]

    def is_past(self, position: int) -> bool:
        """Whether every consumer is."""
        return min(self.positions()) > position

    def lag(self) -> int:
        """How far the consumer that is furthest behind is behind."""
        return self.reader.safe_position() - min(self.positions())

    def wait_until_caught_up(self, seconds: float = 60.0) -> None:
        """Wait until every consumer is at the end of the log and it grows no more."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < deadline, f"at {self.positions()} of {self.reader.safe_position()}"
            quiet = quiet + 1 if self.lag() == 0 else 0
            time.sleep(0.05)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def message_ids(self) -> set[str]:
        """Those of all mails that were to be sent."""
        rows = self.query("SELECT event_id, template, recipient FROM mailings")
        return {f"<{uuid5(UUID(str(event)), f'{template}:{to}')}@localhost>" for event, template, to in rows}

    @contextmanager
    def load(self, threads: int = 2) -> Iterator[Load]:
        """Guests that book, pay and cancel for as long as the block lasts."""
        load = Load(self)
        running_threads = [Thread(target=load.run, args=[number]) for number in range(threads)]
        for thread in running_threads:
            thread.start()
        try:
            yield load
        finally:
            load.stopping.set()
            for thread in running_threads:
                thread.join()
        assert not load.errors, load.errors


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Load:
    """What was asked for and acknowledged."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stopping = Event()
        self.paid: list[UUID] = []
        self.errors: list[str] = []
        self.slowest = 0.0

    def run(self, number: int) -> None:
        try:
            self._run(number)
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.errors.append(repr(error))

    def _run(self, number: int) -> None:
        world, turn = self.stage.world, 0
        guest = world.person()
        today = datetime.now(UTC).date()
        while not self.stopping.is_set():
            if turn % 100 == 0:
                listing = world.listing()
            first = today + timedelta(days=30 + turn % 100 * 2)
            nights = first.isoformat(), (first + timedelta(days=2)).isoformat()
            booking = self._timed(partial(world.hold, listing, guest, nights))
            if turn % 4 == number % 4:
                self._timed(partial(bookings.cancel, world.lodger, world.call(guest), booking, guest, None))
            else:
                world.approve(self._timed(partial(world.pay, booking)))
                self.paid.append(booking)
            turn += 1
            time.sleep(0.05)

    def _timed(self, command: Callable[[], T]) -> T:
        begun = time.monotonic()
        done = command()
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return done

    def unconfirmed(self) -> list[UUID]:
        """Bookings that were paid and are not confirmed."""
        return [b for b in self.paid if not isinstance(self.stage.world.booking(b), Confirmed)]
