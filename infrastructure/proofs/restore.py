"""Restoring a log from a bundle: into a store that has none, and all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

import psycopg2
from psycopg2.extras import execute_values

from application.guarded_nights import GuardedNights
from domain.checkpoints import BadCheckpoint, Checkpoint, PublicKey, opened
from domain.events import Event
from domain.log_leaves import FIELDS, Record
from domain.merkle import GrowingTree
from domain.users import UserErased
from infrastructure.database import Connection, Database
from infrastructure.event_store.mapper import Mapper, UnknownEvent
from infrastructure.event_store.recorder import to_json
from infrastructure.event_store.rows import StoredFact
from infrastructure.proofs.bundle_check import BadBundle, Bundle, Manifest
from infrastructure.proofs.ed25519 import verify
from infrastructure.proofs.notary import grow
from infrastructure.proofs.records import BATCH, stretch
from infrastructure.refusals import Refused
from infrastructure.rights import LOG_TREE
from infrastructure.workers.copying import copy_rows
from projections.mailings import MAILINGS
from projections.projection import Cursor, Rows, Value

_T = TypeVar("_T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int, int], None]
"""Told how many events of how many are restored."""


def must_be_whole(manifest: Manifest) -> None:
    """Raises Refused for a part of a log, or one that ends where no checkpoint of its own is."""
    if manifest.begin:
        raise Refused(f"The bundle is a part of a log, from event {manifest.begin + 1} on. Export all of it.")
    if manifest.end != manifest.covering:
        raise Refused(
            f"The bundle ends at event {manifest.end}, between two checkpoints, and a log goes on from one."
            " Export it without --to, or up to the position of a checkpoint."
        )


def must_be_empty(database: Database) -> None:
    """Raises Refused where there is a log already, and Unavailable."""
    with database.connection() as connection, connection.cursor() as cursor:
        _must_be_empty(cursor)


def restore(database: Database, mapper: Mapper, bundle: Bundle, keys: Sequence[PublicKey], progress: Progress) -> int:
    """Put the log of a bundle that was checked with these `keys` into an empty store; returns its last position.

    `database` acts as the owner: nobody else may say where an event was, and when. With the events comes what proves
    them, and what follows from them and is in no read model: the nights that are taken, and whom to forget.

    Raises Refused, BadBundle for what cannot be stored, and Unavailable; then nothing was written.
    """
    must_be_whole(bundle.manifest)
    try:
        with database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("LOCK TABLE events IN EXCLUSIVE MODE")
            _must_be_empty(cursor)
            return _Restoration(connection, cursor, mapper, bundle, keys).run(progress)
    except psycopg2.errors.InsufficientPrivilege as error:
        said = error.diag.message_primary
        raise Refused(f"This login may not restore a log ({said}). Take the one that migrates.") from error
    except UnknownEvent as error:
        raise Refused(f"Nothing was restored: {error}") from error
    except (psycopg2.DataError, psycopg2.IntegrityError, OverflowError, ValueError) as error:
        raise BadBundle(f"something in it cannot be stored: {error}") from error


@dataclass(slots=True)
class _Restoration:
    """One under way, in its transaction."""

    connection: Connection
    cursor: Cursor
    mapper: Mapper
    bundle: Bundle
    keys: Sequence[PublicKey]
    tree: GrowingTree = field(default_factory=GrowingTree)
    position: int = 0
    nights: GuardedNights = field(default_factory=GuardedNights)
    forgotten: list[UUID] = field(default_factory=list)

    def run(self, progress: Progress) -> int:
        for some in _batches(self.bundle.records()):
            self._keep(some)
            progress(self.tree.size, self.bundle.manifest.end)
        self._prove()
        self._follow()
        return self.position

    def _keep(self, records: Sequence[Record]) -> None:
        copy_rows(self.cursor, Rows("events", FIELDS, map(_row, records)))
        if stretch(self.connection, self.position, records[-1].position) != records:
            raise BadBundle(f"up to position {records[-1].position}, something is written as no log writes it")
        self.tree = grow(self.cursor, records)
        self.position = records[-1].position
        for event in map(self.mapper.to_domain_event, map(_stored, records)):
            self._take(event)

    def _take(self, event: Event) -> None:
        self.nights.take(event)
        if isinstance(event.fact, UserErased):
            self.forgotten.append(event.stream_id)

    def _prove(self) -> None:
        """What is proven of the log: what it is called, its checkpoints, and the keys from the first that each signed.

        That they are outside too is not known here: the notary writes there what is missing.
        """
        manifest, signed_since = self.bundle.manifest, dict[str, datetime]()
        self.cursor.execute("INSERT INTO log_origin (origin) VALUES (%s)", [manifest.origin])
        last: Checkpoint | None = None
        for notes in _batches(self.bundle.notes()):
            checkpoints = [opened(note, self.keys, verify) for note in notes]
            for note, last in zip(notes, checkpoints, strict=True):
                for key in _signers(note, [key for key in self.keys if key.text not in signed_since]):
                    signed_since[key.text] = last.time
            rows = [(c.size, c.position, c.time, note) for c, note in zip(checkpoints, notes, strict=True)]
            _insert(self.cursor, "log_checkpoints (size, position, made_at, note)", rows)
        if last is None or (last.size, last.root) != (self.tree.size, self.tree.root):
            raise BadBundle("it is not what it was when it was checked")
        _insert(self.cursor, "log_keys (public_key, made_at)", signed_since.items())

    def _follow(self) -> None:
        """What else is to be there. Times are the database's, but for what is older than it."""
        execute = self.cursor.execute
        # By way of nextval: readers of the log take what was drawn for its head. Both are undone by a rollback.
        execute("ALTER SEQUENCE events_position_seq RESTART WITH %s", [self.position])
        execute("SELECT nextval('events_position_seq')")
        for some in _batches(self.nights.all()):
            execute("SELECT change_nights('[]', %s)", [to_json(some)])
        for user_id in self.forgotten:  # whatever backup the keys of people came from
            execute(
                """INSERT INTO person_keys (person_id) VALUES (%(user)s)
                   ON CONFLICT (person_id) DO UPDATE SET sealed = NULL;
                   INSERT INTO erasures (user_id) VALUES (%(user)s) ON CONFLICT DO NOTHING""",
                {"user": user_id},
            )
        execute("UPDATE positions SET position = 0")
        # Everybody was written to already, as far as anybody knows.
        execute(
            """INSERT INTO positions (name, version, position) VALUES (%s, %s, %s)
               ON CONFLICT (name) DO UPDATE SET version = excluded.version, position = excluded.position""",
            [MAILINGS.name, MAILINGS.version, self.position],
        )
        execute("INSERT INTO log_restorations (size, position) VALUES (%s, %s)", [self.tree.size, self.position])


def _must_be_empty(cursor: Cursor) -> None:
    for table in ("events", "nights", *LOG_TREE):
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - names from the catalogue
        if cursor.fetchone() == (True,):
            raise Refused(f"This store is not empty: there is something in {table}. A log is restored into a new one.")


def _batches(all_: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(all_)
    while some := list(islice(rest, BATCH)):
        yield some


def _row(record: Record) -> Sequence[Value]:
    return tuple(_moment(record) if name == "recorded_at" else getattr(record, name) for name in FIELDS)


def _stored(record: Record) -> StoredFact:
    return StoredFact(
        originator_id=UUID(record.stream_id),
        originator_version=record.version,
        topic=record.type,
        state=record.data.encode(),
        id=record.position,
        partition_key=UUID(record.partition_key),
        schema_version=record.schema_version,
        meta=record.meta,
        recorded_at=_moment(record),
    )


def _moment(record: Record) -> datetime:
    return _EPOCH + timedelta(microseconds=record.recorded_at)


def _signers(note: str, keys: Iterable[PublicKey]) -> Iterator[PublicKey]:
    for key in keys:
        with suppress(BadCheckpoint):
            opened(note, [key], verify)
            yield key


def _insert(cursor: Cursor, into: str, rows: Iterable[Sequence[object]]) -> None:
    execute_values(cursor, f"INSERT INTO {into} VALUES %s", list(rows))  # noqa: S608 - a constant
