"""Appending one event: ours beside the bare INSERT and beside eventsourcing's own recorder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

import psycopg2
from eventsourcing.persistence import StoredEvent
from uuid_utils.compat import uuid7

from benchmarks import sample
from benchmarks.crowd import Crowd, Prepare, crowd
from benchmarks.harness import Bench, Contender, Figures
from benchmarks.native import ThinMapper, native_recorder
from benchmarks.report import Bar, Report
from benchmarks.servers import Server, durable_postgres
from domain.catalogue import FACTS
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.mapper import Mapper
from infrastructure.event_store.recorder import APPEND, PostgresRecorder
from infrastructure.event_store.rows import StoredFact

WRITERS: Final = 8
BAR: Final = 0.85

RAW: Final = "raw psycopg2: prepared INSERT, row encoded beforehand"
ENCODING: Final = "raw psycopg2: the same, each row encoded"
FUNCTION: Final = "raw psycopg2: our append() in SQL, row encoded beforehand"
OURS: Final = "ours: the recorder, row encoded beforehand"
EVENTS: Final = "ours: Events.append, each event made and encoded"
WHOLE: Final = "ours: Events.append with nights and a kept answer"
NATIVE: Final = "eventsourcing's recorder, row encoded beforehand"
NATIVE_FUNCTION: Final = "eventsourcing's recorder, its database function"


def run(bench: Bench) -> Report:
    """Eight processes, each with one connection, append for some seconds; each contender has a database of its own."""
    with durable_postgres() as server, crowd(WRITERS, "benchmarks.append") as writers:
        contenders = _contenders(server, writers)
        found = bench.measure(contenders)
    limit, ours = found[RAW]["per_second"], found[OURS]["per_second"]
    best_peer = max(found[NATIVE]["per_second"], found[NATIVE_FUNCTION]["per_second"])
    return Report(
        title=f"appends of one event, {WRITERS} writers",
        columns=["", "appends/s", "× limit", "p50 ms", "p99 ms", "client CPU µs"],
        rows=[_row(contender, found[contender.name], limit) for contender in contenders],
        bars=[Bar("ours / limit", ours / limit, BAR)],
        notes=[
            f"Ours is {ours / best_peer:.1f} × the better of eventsourcing's two.",
            "Each append is a new stream's BookingHeld and a transaction of its own.",
            "The limit, the peers' recorders and ours get a row encoded once and give each append a new stream's id.",
            "Ours goes through Lodger's pool and recorder: one event by itself is an INSERT, anything else `append()`.",
            "Below, for the details: `Events.append`, which use cases call, also makes event, envelope and JSON.",
        ],
    )


def _contenders(server: Server, writers: Crowd) -> list[Contender]:
    def measured(prepare: Prepare, seconds: float) -> Figures:
        server.checkpoint()
        effort = writers.work(prepare, seconds)
        return {
            "per_second": effort.per_second,
            "p50": effort.latency(0.5) * 1e3,
            "p99": effort.latency(0.99) * 1e3,
            "cpu": effort.cpu_each * 1e6,
        }

    def by(prepare: Prepare) -> Callable[[float], Figures]:
        return partial(measured, prepare)

    def peer(name: str, database: str, *, functions: bool) -> Contender:
        url = server.empty(database)
        with native_recorder(url, functions=functions, create=True):
            pass  # whose table is there now
        return Contender(name, "peer", by(partial(native, url, functions=functions)))

    return [
        peer(NATIVE, "native", functions=False),
        peer(NATIVE_FUNCTION, "native_function", functions=True),
        Contender(RAW, "limit", by(partial(raw, server.migrated("raw"), encoding=False))),
        Contender(OURS, "ours", by(partial(recorder, server.migrated("ours")))),
        Contender(ENCODING, "detail", by(partial(raw, server.migrated("encoding"), encoding=True))),
        Contender(FUNCTION, "detail", by(partial(function, server.migrated("function")))),
        Contender(EVENTS, "detail", by(partial(use_case, server.migrated("events"), whole=False))),
        Contender(WHOLE, "detail", by(partial(use_case, server.migrated("whole"), whole=True))),
    ]


def _row(contender: Contender, figures: Figures, limit: float) -> list[str]:
    return [
        contender.name,
        f"{figures['per_second']:,.0f}",
        f"{figures['per_second'] / limit:.2f}",
        f"{figures['p50']:.2f}",
        f"{figures['p99']:.2f}",
        f"{figures['cpu']:.0f}",
    ]


# --- what each of them does, in a process of its own ----------------------------------------------------------


@contextmanager
def recorder(url: str) -> Iterator[Callable[[], object]]:
    """Our recorder, given a row as the library's is: through the pool, as everything that is stored."""
    with closing(Database(url, pool_size=1)) as database:
        ours = PostgresRecorder(database)
        row = Mapper(FACTS).to_stored_event(sample.held())
        kept = (row.partition_key, row.schema_version, row.meta, row.recorded_at)

        def insert() -> None:
            ours.insert_events([StoredFact(uuid7(), 1, row.topic, row.state, 0, *kept)])

        yield insert


@contextmanager
def use_case(url: str, *, whole: bool) -> Iterator[Callable[[], object]]:
    """As a use case appends: an event is made, encoded and handed to the recorder."""
    with closing(Database(url, pool_size=1)) as database:
        events = Events(database)

        def append() -> int:
            return events.append([sample.held()])

        def append_whole() -> int:
            event = sample.held()
            return events.append([event], nights=sample.two_nights(event.stream_id), answer=sample.kept(event))

        yield append_whole if whole else append


@contextmanager
def raw(url: str, *, encoding: bool) -> Iterator[Callable[[], object]]:
    """The least that a durable append can be: one prepared INSERT of the same row in autocommit."""
    insert = """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
                VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING position"""
    with _prepared(url, insert, "%s, %s, %s, %s, %s, %s, %s") as execute:
        mapper = Mapper(FACTS)
        row = mapper.to_stored_event(sample.held())

        def insert_encoded() -> None:
            execute(row, uuid7())

        def encode_and_insert() -> None:
            fresh = mapper.to_stored_event(sample.held())
            execute(fresh, fresh.originator_id)

        yield encode_and_insert if encoding else insert_encoded


@contextmanager
def function(url: str) -> Iterator[Callable[[], object]]:
    """What the function in SQL takes of ours: the limit's client calls it instead of inserting."""
    with _prepared(url, APPEND, "%s, %s, %s, %s, %s, %s, %s, NULL") as execute:
        row = Mapper(FACTS).to_stored_event(sample.held())

        def append() -> None:
            execute(row, uuid7())

        yield append


@contextmanager
def _prepared(url: str, statement: str, arguments: str) -> Iterator[Callable[[StoredFact, object], None]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(f"PREPARE append AS {statement}")
        call = f"EXECUTE append ({arguments})"

        def execute(row: StoredFact, stream_id: object) -> None:
            cursor.execute(
                call,
                [
                    *(str(row.partition_key), str(stream_id), row.originator_version, row.topic, row.schema_version),
                    *(row.state.decode(), row.meta),
                ],
            )
            cursor.fetchone()

        yield execute


@contextmanager
def native(url: str, *, functions: bool) -> Iterator[Callable[[], object]]:
    """eventsourcing's recorder, given a stored event: what its mapper costs is left out."""
    with native_recorder(url, functions=functions) as recorder:
        row = ThinMapper().to_stored_event(sample.held())

        def insert() -> None:
            recorder.insert_events([StoredEvent(uuid7(), 1, row.topic, row.state)])

        yield insert
