"""Private servers for one test process, in memory where there is room, gone when it ends."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.processes import Process, locked
from infrastructure.embedded.valkey import Valkey

_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 1 << 30
_TEMPLATE = "lodger_template"


class Databases:
    """A running PostgreSQL and fresh databases in it, each a copy of one migrated template (25 to 40 ms)."""

    def __init__(self, server: Postgres, process: Process) -> None:
        self.server = server
        self.process = process
        self._numbers = itertools.count(1)
        self._migrated = False

    def create(self) -> str:
        """The URL of a new, migrated database."""
        if not self._migrated:
            _migrate(self.server.create_database(_TEMPLATE))
            self._migrated = True
        return self.server.create_database(f"test_{next(self._numbers)}", template=_TEMPLATE)

    def create_empty(self) -> str:
        """The URL of a new database that no migration has seen."""
        return self.server.create_database(f"test_{next(self._numbers)}")

    def drop(self, url: str) -> None:
        """Remove a database, ending whoever is still connected."""
        name = url.split("@/")[1].split("?")[0]
        connection = psycopg2.connect(self.superuser_url())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.close()

    def superuser_url(self, database: str = "postgres") -> str:
        return self.server.superuser_url(database)


def _migrate(url: str) -> None:
    from infrastructure.database import migrate

    migrate(url)


@contextmanager
def running_postgres() -> Iterator[Databases]:
    with private_folder() as folder:
        server = Postgres(folder / "postgres", durable=False, settings={"max_connections": "300"})
        server.prepare()
        process = Process(server.service(), folder)
        try:
            process.wait_ready()
            yield Databases(server, process)
        finally:
            process.kill()


@contextmanager
def running_valkey() -> Iterator[Valkey]:
    with private_folder() as folder:
        server = Valkey(folder / "valkey")
        process = Process(server.service(), folder)
        try:
            process.wait_ready()
            yield server
        finally:
            process.kill()


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for this process that PostgreSQL's user may pass through; later runs remove it if we cannot."""
    parent = _MEMORY if _has_room(_MEMORY) else Path(tempfile.gettempdir())
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix="lodger-test-", dir=parent))
    folder.chmod(0o711)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ENOUGH_BYTES


def _sweep(parent: Path) -> None:
    """Remove what killed runs left: their lock is free."""
    for folder in parent.glob("lodger-test-*"):
        lock = folder / "lock"
        if lock.exists() and os.access(lock, os.W_OK) and not locked(lock):
            shutil.rmtree(folder, ignore_errors=True)
