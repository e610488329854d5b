"""Rebuilding a read model: beside applying event after event, and beside only reading the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import cycle
from time import perf_counter
from typing import Final
from uuid import UUID

import psycopg2
from psycopg2.extras import execute_values
from uuid_utils.compat import uuid7

from benchmarks import sample
from benchmarks.harness import Bench, Contender, Figures
from benchmarks.report import Bar, Report
from benchmarks.servers import durable_postgres
from domain.bookings import (
    AlterationExpired,
    BookingAccepted,
    BookingCompleted,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingNoShowRecorded,
    BookingReinstated,
)
from domain.catalogue import FACTS
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import Mapper
from infrastructure.rights import PROJECTOR_ROLE
from infrastructure.workers.folding import PAGE
from infrastructure.workers.rebuild import rebuild
from projections import positions
from projections.bookings import BOOKINGS
from tests.support.examples import ALTERATION, ALTERATION_HELD, HELD, PAYMENT, REQUESTED

LOG: Final = 1_000_000
QUICK_LOG: Final = 2_000
ONE_BY_ONE: Final = "event by event, as a projection without pages would: a transaction each"
BY_PAGE: Final = f"page by page, {PAGE:,} events a transaction, as read models without a fold are"
READ: Final = "limit: the log read and decoded"
OURS: Final = "ours: made, indexed and switched"

_HISTORIES: Final[tuple[tuple[BookingFact, ...], ...]] = (
    (REQUESTED, BookingAccepted(), HELD, BookingConfirmed(PAYMENT), BookingCompleted()),
    (HELD, BookingConfirmed(PAYMENT), ALTERATION_HELD, AlterationExpired(ALTERATION), BookingCompleted()),
    (HELD, BookingExpired(), BookingReinstated(PAYMENT), ALTERATION_HELD, AlterationExpired(ALTERATION)),
    (REQUESTED, BookingAccepted(), HELD, BookingConfirmed(PAYMENT), BookingNoShowRecorded()),
)
"""Five events each."""


def run(bench: Bench) -> Report:
    """The read model of bookings, of a log that has nothing else in it: five events a booking."""
    log = QUICK_LOG if bench.quick else LOG * bench.scale // 100
    with durable_postgres() as server, ExitStack() as opened:
        url = server.migrated("ours")
        with bench.console.status(f"writing {log:,} events"):
            fill(url, log)
        database, _ = _connected(url)
        opened.enter_context(closing(database))
        measured = _Measured(database, log, partial(_connected, url))
        found = bench.measure(
            [
                Contender(ONE_BY_ONE, "peer", measured.one_by_one),
                Contender(BY_PAGE, "detail", measured.by_page),
                Contender(READ, "limit", measured.read),
                Contender(OURS, "ours", measured.rebuild),
            ]
        )
    rates = {name: figures["events/s"] for name, figures in found.items()}
    return Report(
        title=f"a read model of {log // 5:,} rows made from a log of {log:,} events",
        columns=["", "events/s", "× event by event", "× read and decoded"],
        rows=[
            [name, f"{rate:,.0f}", f"{rate / rates[ONE_BY_ONE]:.1f}", f"{rate / rates[READ]:.2f}"]
            for name, rate in rates.items()
        ],
        bars=[
            Bar("ours / event by event", rates[OURS] / rates[ONE_BY_ONE], 50),
            Bar("ours / log read and decoded", rates[OURS] / rates[READ], 0.2),
        ],
        notes=[
            "Ours is the whole rebuild, from a first empty table until people read the new one.",
            "Event by event and page by page are measured on a stretch of the log, for as long as a round lasts.",
            "The log is read as every reader reads it: in pages, each event decoded into its type.",
        ],
    )


class _Measured:
    """The contenders, over one database. Those that take long do a part of it, and each time another one."""

    def __init__(self, database: Database, log: int, connect: Callable[[], tuple[Database, LogReader]]) -> None:
        self._database = database
        self._connect = connect
        self._reader = LogReader(database, Events(database).mapper)
        self._log = log
        self._stretches = self._in_turn()

    def one_by_one(self, seconds: float) -> Figures:
        return self._apply(seconds, 1)

    def by_page(self, seconds: float) -> Figures:
        return self._apply(seconds, PAGE)

    def read(self, _seconds: float) -> Figures:
        began, done = perf_counter(), 0
        while events := self._reader.read(done, self._log, PAGE):
            done = events[-1].position or 0
        return {"events/s": done / (perf_counter() - began)}

    def rebuild(self, _seconds: float) -> Figures:
        """Of rows by nobody: there is nothing to compare with. What an earlier round has left goes first."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE positions SET position = 0")
        began = perf_counter()
        rebuilt = rebuild(self._database, self._reader, BOOKINGS, connect=self._connect)
        took = perf_counter() - began
        assert rebuilt.position == self._log
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM bookings")
            assert cursor.fetchone() == (self._log // 5,)
        return {"events/s": self._log / took}

    def _apply(self, seconds: float, size: int) -> Figures:
        """Into the live table, emptied before: rows and position in one transaction."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM bookings")
            positions.register(cursor, BOOKINGS.name, BOOKINGS.version)
        done, after = 0, next(self._stretches)
        began = perf_counter()
        while perf_counter() < began + seconds and (events := self._reader.read(after, self._log, PAGE)):
            for first in range(0, len(events), size):
                page = events[first : first + size]
                with self._database.transaction() as connection, connection.cursor() as cursor:
                    BOOKINGS.apply(cursor, page)
                    positions.move(cursor, [BOOKINGS.name], page[-1].position or 0)
                done += len(page)
                if perf_counter() > began + seconds:
                    break
            after = events[-1].position or 0
        return {"events/s": done / (perf_counter() - began)}

    def _in_turn(self) -> Iterator[int]:
        return cycle(range(0, self._log, max(1, self._log // 10 // PAGE) * PAGE))


def _connected(url: str) -> tuple[Database, LogReader]:
    database = Database(url, pool_size=4, role=PROJECTOR_ROLE, transaction_timeout=0, lock_timeout=60)
    return database, LogReader(database, Events(database).mapper)


def fill(url: str, length: int) -> None:
    """Write the log: bookings in groups whose events alternate, as if their guests acted at the same time."""
    mapper = Mapper(FACTS)
    rows = [
        (number, event.version, row.topic, row.schema_version, row.state.decode(), row.meta)
        for number, history in enumerate(_HISTORIES)
        for version, fact in enumerate(history, start=1)
        for event in [sample.event(fact, UUID(int=number), version)]
        for row in [mapper.to_stored_event(event)]
    ]
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                """CREATE TEMP TABLE past
                   (number integer, version integer, type text, schema_version integer, data text, meta text)"""
            )
            execute_values(cursor, "INSERT INTO past VALUES %s", rows)
            cursor.execute(
                """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
                   SELECT md5('p' || turn %% 1000)::uuid, md5(turn || ' ' || %s)::uuid, version, type, schema_version,
                          data, meta
                   FROM generate_series(1, %s) AS turn JOIN past ON number = turn %% 4
                   ORDER BY (turn - 1) / 500, version, turn""",
                [str(uuid7()), length // 5],
            )
            cursor.execute("VACUUM ANALYZE")
