"""A private PostgreSQL that keeps its promises: on a disk, with the durability it has by default."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2

from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.processes import Process
from infrastructure.refusals import Refused
from infrastructure.schema import migrate

_DISK = Path("/var/tmp")  # noqa: S108 - folders in it are made by mkdtemp


@contextmanager
def disk_folder() -> Iterator[Path]:
    """A temporary folder on a real disk. Raises Refused where there is only memory."""
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    disk = _DISK.resolve()
    nearest = next((mounts[folder] for folder in [disk, *disk.parents] if folder in mounts), "unknown")
    if nearest in ("tmpfs", "ramfs"):
        raise Refused(f"{_DISK} is in memory ({nearest}): nothing durable can be measured there")
    with tempfile.TemporaryDirectory(prefix="lodger-bench-", dir=_DISK, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's user has to pass through when we are root
        yield folder


class Server:
    """A running server."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def empty(self, name: str) -> str:
        """The URL of a new database with nothing in it."""
        return self._postgres.create_database(name)

    def migrated(self, name: str) -> str:
        """The URL of a new database with Lodger's schema."""
        url = self.empty(name)
        migrate(url)
        return url

    def checkpoint(self) -> None:
        """Write everything down now, so that nobody pays for what the one before has left."""
        connection = psycopg2.connect(self._postgres.superuser_url())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        connection.close()


@contextmanager
def durable_postgres(**settings: str) -> Iterator[Server]:
    """A server of this run's own, with its settings."""
    with disk_folder() as folder:
        postgres = Postgres(folder / "postgres", settings=settings)
        postgres.prepare()
        process = Process(postgres.service(), folder)
        try:
            process.wait_ready()
            yield Server(postgres)
        finally:
            process.stop()
