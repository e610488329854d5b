"""Rows of the log written and read with hand-written SQL on psycopg2's cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

import msgspec
import psycopg2
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification, StoredEvent, Subscription
from psycopg2.errors import DeadlockDetected, SerializationFailure

from application.ports import (
    IN_FLIGHT,
    Answer,
    AnswerInFlight,
    AnswerKept,
    Claim,
    Idempotency,
    IdentityTaken,
    KeyReused,
    NewPerson,
    NightsChange,
    NightsTaken,
)
from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.rows import COLUMNS, Row, StoredFact, to_stored

APPEND = "SELECT append($1, $2, $3, $4, $5, $6, $7, $8)"
INSERT = """
    INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING '[' || position || ']'
"""
"""What append() comes to for one event and nothing else, as most reactions have it."""
_ATTEMPTS = 4


def events_and(events: str, others: str) -> str:
    """A statement for some events, each stream's in order, and after them `others`, as JSON in one more column."""
    return f"""
    SELECT {COLUMNS}, NULL::jsonb AS other FROM events {events}
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, to_jsonb(other) FROM {others}
    ORDER BY version
"""  # noqa: S608 - constants


LOAD = events_and(
    "WHERE stream_id = ANY ($1::uuid[]) AND version > $2",
    "answers AS other WHERE (principal, route, key) = ($3::text, $4::text, $5::text)",
)

LOG = f"SELECT {COLUMNS} FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3"  # noqa: S608
"""A page of the log. Prepared, as followers ask for a few rows and often: to read the statement took longer than those,
and on logs of up to some 100,000 events the server keeps its plan too."""
_HIGHEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the log's partitions, `number` of `of` (from 0): by the last byte of their ids, which is random."""

    number: int
    of: int


WHOLE: Final = Share(0, 1)


class PostgresRecorder(ApplicationRecorder):
    """The library's recorder interface on the table `events`.

    Appends take no lock on the table, so positions become visible out of order: to follow the log use
    `LogReader`, not `select_notifications`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        nights: NightsChange | None = None,
        answer: tuple[Idempotency, Answer] | None = None,
        person: NewPerson | None = None,
        **kwargs: Any,
    ) -> Sequence[int]:
        """Append all or nothing in one transaction; returns the position of each event.

        The events are of one partition. Raises IntegrityError when a version is taken, NightsTaken,
        IdentityTaken, AnswerKept, AnswerInFlight, KeyReused, Unavailable.
        """
        if kwargs:
            raise TypeError(f"unknown: {', '.join(kwargs)}")
        rows = [_row(event) for event in stored_events]
        if len(rows) < 2:  # as most have: nothing to put in order
            return self._append(_arguments(rows, nights, answer, person), answer)
        # The order append() writes in, the same for everybody, so that two appends never wait for each other.
        order = sorted(range(len(rows)), key=lambda i: (rows[i].originator_id, rows[i].originator_version))
        positions = self._append(_arguments([rows[i] for i in order], nights, answer, person), answer)
        placed = dict(zip(order, positions, strict=True))
        return [placed[i] for i in range(len(rows))]

    def _append(self, arguments: Sequence[object], answer: tuple[Idempotency, Answer] | None) -> Sequence[int]:
        alone = arguments[-1] is None
        prepared = ("lodger_insert", INSERT, arguments[:-1]) if alone else ("lodger_append", APPEND, arguments)
        for attempt in range(1, _ATTEMPTS + 1):
            with self._database.connection() as connection:
                try:
                    ((said,),) = connection.run_prepared(*prepared)
                except (DeadlockDetected, SerializationFailure):
                    if attempt == _ATTEMPTS:
                        raise
                    continue
                except psycopg2.IntegrityError as error:
                    _refuse(error)
            outcome: list[int] | dict[str, Any] = msgspec.json.decode(said)
            if isinstance(outcome, dict):
                assert answer is not None
                raise_kept(outcome, answer[0])
            return outcome
        raise AssertionError

    def load(self, stream_ids: Sequence[UUID], idempotency: Idempotency | None, after: int = 0) -> Sequence[Row]:
        """The events of some streams above a version, each stream's in order.

        Raises AnswerKept, AnswerInFlight, KeyReused.
        """
        key = (idempotency.principal, idempotency.route, idempotency.key) if idempotency else (None, None, None)
        with self._database.connection() as connection:
            rows = connection.run_prepared("lodger_load", LOAD, [list(stream_ids), after, *key])
        if idempotency and rows and rows[-1][-1] is not None:  # NULLs sort last
            raise_kept(rows[-1][-1], idempotency)
        return [row[:-1] for row in rows]

    def load_and(
        self, name: str, statement: str, arguments: Sequence[object]
    ) -> tuple[Sequence[Row], Sequence[Mapping[str, Any]]]:
        """The events and the others that a statement of `events_and` asks for."""
        with self._database.connection() as connection:
            rows = connection.run_prepared(name, statement, arguments)
        return [row[:-1] for row in rows if row[-1] is None], [row[-1] for row in rows if row[-1] is not None]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredFact]:
        """The events of one stream with versions in `(gt, lte]`."""
        return list(map(to_stored, self.select_stream(originator_id, gt, lte, desc=desc, limit=limit)))

    def select_stream(
        self,
        stream_id: UUID | str,
        gt: int | None = None,
        lte: int | None = None,
        *,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[Row]:
        """The same, as the log is read."""
        return self._select(
            f"""SELECT {COLUMNS} FROM events
                WHERE stream_id = %s AND version > coalesce(%s, -1) AND version <= coalesce(%s, 2147483647)
                ORDER BY version {"DESC" if desc else "ASC"} LIMIT %s""",  # noqa: S608 - constants
            [stream_id, gt, lte, limit],
        )

    def select_streams(self, stream_ids: Sequence[UUID]) -> Sequence[StoredFact]:
        """All events of some streams, sorted by (stream, version), for whoever may read nothing but the log."""
        found = self._select(
            f"SELECT {COLUMNS} FROM events WHERE stream_id = ANY (%s) ORDER BY events.stream_id, version",  # noqa: S608
            [list(stream_ids)],
        )
        return list(map(to_stored, found))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """A stretch of the log by position. Only up to a safe position is it sure that nothing is missing."""
        after = -1 if start is None else start - inclusive_of_start
        return list(map(to_stored, self.select_log(after, stop, limit, topics)))

    def select_log(
        self, after: int, upto: int | None, limit: int, topics: Sequence[str] = (), share: Share = WHOLE
    ) -> Sequence[Row]:
        """The rows at positions in `(after, upto]`, in order, at most `limit`.

        Which of them are wanted is asked of a reading in order (OFFSET 0): how many those are the server can only
        guess, and guesses so few that it would read and sort the whole log for each page.
        """
        if not topics and share == WHOLE:
            with self._database.connection() as connection:
                found = connection.ask_prepared("lodger_log", LOG, [after, _HIGHEST if upto is None else upto, limit])
                with uncollected():
                    return found.fetchall()
        wanted = ["type = ANY (%s)"] if topics else []
        wanted += ["get_byte(uuid_send(partition_key), 15) %% %s = %s"] if share.of > 1 else []
        return self._select(
            f"""SELECT {COLUMNS}
                FROM (SELECT * FROM events WHERE position > %s AND position <= %s ORDER BY position OFFSET 0) AS log
                WHERE {" AND ".join(wanted)} ORDER BY position LIMIT %s""",  # noqa: S608 - constants
            [
                after,
                _HIGHEST if upto is None else upto,
                *([list(topics)] if topics else []),
                *([share.of, share.number] if share.of > 1 else []),
                limit,
            ],
        )

    def select_at(self, positions: Sequence[int]) -> Sequence[StoredFact]:
        """The rows at some positions, in any order."""
        found = self._select(
            f"SELECT {COLUMNS} FROM events WHERE position = ANY (%s)",  # noqa: S608 - constants
            [list(positions)],
        )
        return list(map(to_stored, found))

    def last_position(self, upto: int) -> int:
        """The position of the last event at or before one; 0 without one."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(position), 0) FROM events WHERE position <= %s", [upto])
            position: int
            ((position,),) = cursor.fetchall()
            return position

    def max_notification_id(self) -> int | None:
        """The highest visible position; lower ones may still become visible."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT max(position) FROM events")
            position: int | None
            ((position,),) = cursor.fetchall()
            return position

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Refused."""
        raise NotImplementedError(
            "the library's subscription follows the highest position it has seen, and appends without a table lock"
            " become visible out of order: it would skip events. Follow the log with LogReader."
        )

    def _select(self, statement: str, arguments: Sequence[object]) -> Sequence[Row]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            with uncollected():
                return cursor.fetchall()


def raise_kept(kept: dict[str, Any], idempotency: Idempotency) -> NoReturn:
    """Raise what a row of `answers` (as JSON) means: AnswerKept, AnswerInFlight, or KeyReused for another body."""
    if bytes.fromhex(kept["digest"].removeprefix("\\x")) not in (idempotency.digest, *idempotency.also):
        raise KeyReused(idempotency.key)
    if kept["status"] == IN_FLIGHT.status:
        raise AnswerInFlight(kept["position"])
    raise AnswerKept(Answer(kept["status"], kept["body"], kept["headers"], kept["position"]))


def answer_document(answer: tuple[Idempotency, Answer]) -> dict[str, object]:
    """What keep_answer() in the database takes, before it is JSON."""
    idempotency, given = answer
    return {
        "principal": idempotency.principal,
        "route": idempotency.route,
        "key": idempotency.key,
        "digest": idempotency.digest,
        "status": given.status,
        "body": given.body,
        "headers": given.headers,
    }


def to_json(value: object) -> str:
    """JSON as the database's functions take it: ids and dates as text, bytes in base64."""
    return msgspec.json.encode(value).decode()


def _arguments(
    rows: Sequence[StoredFact],
    nights: NightsChange | None,
    answer: tuple[Idempotency, Answer] | None,
    person: NewPerson | None,
) -> Sequence[object]:
    """What append() takes: the first event, and the document of everything else."""
    more: dict[str, object] = {}
    if answer is not None:
        more["answer"] = answer_document(answer)
    if person is not None:
        more["person"] = person
    if nights is not None:
        more["nights"] = nights
    if len(rows) > 1:
        more["events"] = _others(rows)
    if not rows:
        return (*[None] * 7, to_json(more))
    first = rows[0]
    return (
        str(first.partition_key),
        str(first.originator_id),
        first.originator_version,
        first.topic,
        first.schema_version,
        first.state.decode(),
        first.meta,
        to_json(more) if more else None,
    )


def _others(rows: Sequence[StoredFact]) -> list[dict[str, object]]:
    first, *others = rows
    if any(row.partition_key != first.partition_key for row in others):
        raise ValueError("one append stays in one partition")
    return [
        {
            "stream_id": row.originator_id,
            "version": row.originator_version,
            "type": row.topic,
            "schema_version": row.schema_version,
            "data": row.state.decode(),
            "meta": row.meta,
        }
        for row in others
    ]


def _row(event: StoredEvent) -> StoredFact:
    """The library's plain events are a partition and a first schema version of their own."""
    if isinstance(event, StoredFact):
        return event
    return StoredFact(
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        topic=event.topic,
        state=event.state,
        id=0,
        partition_key=UUID(str(event.originator_id)),
        schema_version=1,
        meta="{}",
        recorded_at=None,
    )


def _refuse(error: psycopg2.IntegrityError) -> NoReturn:
    """Say which guard refused. By prefix, because a distributed database adds to the names of constraints."""
    constraint = error.diag.constraint_name or ""
    detail = error.diag.message_detail or ""
    if constraint.startswith("nights_no_overlap"):
        raise NightsTaken(msgspec.json.decode(detail, type=list[Claim])) from error
    if constraint.startswith("identities_"):
        raise IdentityTaken(detail) from error
    if constraint.startswith(("events_", "people_")):
        raise IntegrityError(str(error)) from error
    raise error
