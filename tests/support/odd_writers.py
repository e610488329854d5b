"""Writers that append to the log in every shape a transaction can have, and fail one time in ten."""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Thread
from uuid import UUID, uuid4

from application.ports import VersionConflict
from infrastructure.database import Connection, Database
from infrastructure.event_store.application import Events
from tests.event_store.facts import FACTS, noted

_INSERT = """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
             SELECT %s, %s, version, 'test.Noted', 1, '{}',
                    json_build_object('event_id', gen_random_uuid(), 'occurred_at', '2030-01-01T00:00:00Z',
                                      'actor', json_build_object('kind', 'system', 'id', 'stress'),
                                      'command_id', gen_random_uuid(), 'correlation_id', gen_random_uuid())
             FROM generate_series(%s, %s) AS version"""
_WRITERS = 8


class Writer:
    """Appends to a few streams of its own until it has stored `target` events."""

    def __init__(self, database_url: str, seed: int, target: int) -> None:
        self._database_url = database_url
        self._random = random.Random(seed)
        self._left = target
        self._streams = {uuid4(): 0 for _ in range(5)}
        self._shapes: list[Callable[[Connection, UUID], int]] = [
            self._one,
            self._slow,
            self._several,
            self._with_savepoint_undone,
            self._after_an_undone_start,
        ]

    def run(self) -> None:
        database = Database(self._database_url, pool_size=1)
        events = Events(database, FACTS)
        while self._left > 0:
            stream = self._random.choice(list(self._streams))
            if self._random.random() < 0.2:
                self._as_commands_do(events, stream)
                continue
            with database.transaction() as connection:
                version = self._random.choice(self._shapes)(connection, stream)
                if self._random.random() < 0.1:
                    connection.rollback()
                    continue
            self._left -= version - self._streams[stream]
            self._streams[stream] = version
        database.close()

    def _as_commands_do(self, events: Events, stream: UUID) -> None:
        """Through append(); one time in ten it comes too late for its version."""
        version, late = self._streams[stream], self._random.random() < 0.1
        try:
            events.append([noted(stream, version + 1), noted(stream, version + 1 if late else version + 2)])
        except VersionConflict:
            return
        self._streams[stream] += 2
        self._left -= 2

    def _one(self, connection: Connection, stream: UUID) -> int:
        return self._append(connection, stream, self._streams[stream], self._random.choice([1, 2, 20]))

    def _slow(self, connection: Connection, stream: UUID) -> int:
        """Keeps its positions to itself for up to 30 ms."""
        version = self._one(connection, stream)
        _execute(connection, "SELECT pg_sleep(%s)", self._random.random() * 0.03)
        return version

    def _several(self, connection: Connection, stream: UUID) -> int:
        version = self._streams[stream]
        for _ in range(self._random.randint(2, 4)):
            version = self._append(connection, stream, version, self._random.choice([1, 5]))
            _execute(connection, "SELECT pg_sleep(0.001)")
        return version

    def _with_savepoint_undone(self, connection: Connection, stream: UUID) -> int:
        version = self._one(connection, stream)
        _execute(connection, "SAVEPOINT here")
        self._append(connection, stream, version, 3)
        _execute(connection, "ROLLBACK TO SAVEPOINT here")
        return self._append(connection, stream, version, 2)

    def _after_an_undone_start(self, connection: Connection, stream: UUID) -> int:
        """The savepoint gives up the lock on the table: it must be taken again before the next position."""
        _execute(connection, "SAVEPOINT here")
        self._append(connection, stream, self._streams[stream], 4)
        _execute(connection, "ROLLBACK TO SAVEPOINT here")
        _execute(connection, "SELECT pg_sleep(%s)", self._random.random() * 0.01)
        return self._one(connection, stream)

    def _append(self, connection: Connection, stream: UUID, version: int, count: int) -> int:
        _execute(connection, _INSERT, stream, stream, version + 1, version + count)
        return version + count


def start_writers(database_url: str, events: int, seed: int = 1) -> list[Thread]:
    """Eight writers, each with a connection of its own, that store at least `events` between them."""
    writers = [Writer(database_url, seed * 100 + number, events // _WRITERS) for number in range(_WRITERS)]
    threads = [Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    return threads


def _execute(connection: Connection, statement: str, *arguments: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
