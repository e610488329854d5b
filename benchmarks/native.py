"""eventsourcing's own PostgreSQL recorder, set up as its documentation has it. Nothing else here needs psycopg 3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import ApplicationRecorder, JSONTranscoder, StoredEvent
from eventsourcing.persistence import Mapper as LibraryMapper
from eventsourcing.utils import Environment
from sqlalchemy.engine import make_url

from domain.catalogue import FACTS
from domain.events import Event, Fact
from infrastructure.event_store.mapper import Mapper, Meta

F = TypeVar("F", bound=Fact)


@contextmanager
def native_recorder(url: str, *, functions: bool = False, create: bool = False) -> Iterator[ApplicationRecorder]:
    """The recorder with one connection.

    `functions` has it insert by a function in the database, the faster of its two ways. `create` makes its table,
    `bench_events`.
    """
    from eventsourcing.postgres import PostgresFactory  # fails where psycopg 3 is not installed

    where = make_url(url)
    settings = {
        "POSTGRES_DBNAME": where.database or "",
        "POSTGRES_HOST": str(where.query["host"]),
        "POSTGRES_USER": where.username or "",
        "POSTGRES_PASSWORD": "",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y" if functions else "n",
        "CREATE_TABLE": "y" if create else "n",
    }
    with PostgresFactory(Environment("bench", settings)) as factory:
        yield factory.application_recorder()


class _State(msgspec.Struct, Generic[F], frozen=True):
    meta: Meta
    fact: F


class ThinMapper:
    """The best that can be done on this recorder: our facts and our envelope, by msgspec, in its one column."""

    def __init__(self) -> None:
        self._ours = Mapper(FACTS)
        self._decoders = {name: msgspec.json.Decoder(_State[fact]) for name, fact in FACTS.items()}  # type: ignore[valid-type]

    def to_stored_event(self, event: Event) -> StoredEvent:
        row = self._ours.to_stored_event(event)
        state = b'{"meta":%s,"fact":%s}' % (row.meta.encode(), row.state)
        return StoredEvent(event.stream_id, event.version, row.topic, state)

    def to_domain_event(self, stored: StoredEvent) -> Event:
        state = self._decoders[stored.topic].decode(stored.state)
        meta = state.meta
        return Event(
            event_id=meta.event_id,
            stream_id=stored.originator_id,  # type: ignore[arg-type]  # this recorder's are UUIDs
            version=stored.originator_version,
            partition_key=stored.originator_id,  # type: ignore[arg-type]
            fact=state.fact,
            occurred_at=meta.occurred_at,
            actor=meta.actor,
            command_id=meta.command_id,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
        )


@dataclass(frozen=True)
class Recorded(DomainEvent):
    """An event as the library has them, its values left as JSON has them."""

    meta: dict[str, Any]
    fact: dict[str, Any]


class OwnMapper:
    """The library's mapper with its JSON transcoder, spared of everything that is not JSON already."""

    def __init__(self) -> None:
        self._ours = Mapper(FACTS)
        self._library: LibraryMapper[Any] = LibraryMapper(JSONTranscoder())

    def to_stored_event(self, event: Event) -> StoredEvent:
        row = self._ours.to_stored_event(event)
        recorded = object.__new__(Recorded)
        values = {"meta": json.loads(row.meta), "fact": json.loads(row.state)}
        place = {"originator_id": event.stream_id, "originator_version": event.version}
        object.__setattr__(recorded, "__dict__", {**place, **values})
        return self._library.to_stored_event(recorded)

    def to_domain_event(self, stored: StoredEvent) -> object:
        return self._library.to_domain_event(stored)
