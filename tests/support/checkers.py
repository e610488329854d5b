"""Checks of the invariants, each used twice: where it must find nothing and, with the guard removed, something.

Each returns what is wrong, in a form to be read; an empty answer is a clean bill.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import sleep
from uuid import UUID

import psycopg2


def overlapping_nights(database_url: str) -> list[tuple[UUID, UUID]]:
    """Pairs of claims that have a night of a property in common, where at least one is a stay."""
    return _rows(
        database_url,
        """SELECT one.claim_id, other.claim_id
           FROM nights one JOIN nights other USING (property_id)
           WHERE one.ctid < other.ctid AND one.nights && other.nights AND (upper_inf(one.lane) OR upper_inf(other.lane))
           ORDER BY 1, 2""",
    )


def deadlocks(database_url: str) -> int:
    """How many deadlocks PostgreSQL has counted in the database. Close your connections before: they report late."""
    sleep(0.2)
    count: int
    ((count,),) = _rows(database_url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return count


@dataclass
class Reading:
    """The places of events in the order a reader saw them, as (position, stream, version)."""

    seen: list[tuple[int, UUID, int]] = field(default_factory=list)


def misread(database_url: str, reading: Reading) -> dict[str, int]:
    """How many events of the log a reader skipped, saw twice, or saw out of their stream's order."""
    stored = _rows(database_url, "SELECT position, stream_id, version FROM events")
    times = Counter(position for position, _, _ in reading.seen)
    versions: dict[UUID, int] = defaultdict(int)
    disordered = 0
    for _, stream, version in reading.seen:
        disordered += version <= versions[stream]
        versions[stream] = version
    wrong = {
        "skipped": sum(position not in times for position, _, _ in stored),
        "doubled": sum(count > 1 for count in times.values()),
        "disordered": disordered,
        "invented": len(times.keys() - {position for position, _, _ in stored}),
    }
    return {name: count for name, count in wrong.items() if count}


def gaps_in_streams(database_url: str) -> list[tuple[UUID, int, int]]:
    """Streams whose versions do not count 1, 2, 3, …: (stream, highest version, how many)."""
    return _rows(
        database_url,
        """SELECT stream_id, max(version), count(*) FROM events GROUP BY stream_id
           HAVING max(version) <> count(*) OR min(version) <> 1""",
    )


@dataclass(frozen=True)
class Outcome:
    """What one request under an idempotency key was answered, and the stream it made or would have made."""

    key: str
    answer: str
    stream: UUID


def broken_promises(database_url: str, outcomes: Iterable[Outcome]) -> list[str]:
    """Keys with more or less than one effect, or with different answers."""
    made = {stream for (stream,) in _rows(database_url, "SELECT DISTINCT stream_id FROM events")}
    by_key: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_key[outcome.key].append(outcome)
    wrong = []
    for key, sent in by_key.items():
        effects = len(made & {outcome.stream for outcome in sent})
        answers = len({outcome.answer for outcome in sent})
        if (effects, answers) != (1, 1):
            wrong.append(f"{key}: {effects} effects, {answers} different answers")
    return wrong


def uneven_race(database_url: str, property_id: str, answers: Iterable[tuple[int, str]]) -> list[str]:
    """What is wrong after many wanted the same nights of a new property in a new database, by (status, problem type).

    Right is one booking that has them, `nights_taken` for everybody else, and no deadlock.
    """
    counts = Counter(answers)
    booked, _ = counts.pop((201, ""), 0), counts.pop((409, "/problems/nights-taken"), 0)
    wrong = [f"{booked} were told that they have the nights"] if booked != 1 else []
    wrong += [f"{count} were answered {status} {kind}" for (status, kind), count in counts.items()]
    found = {
        "claims": "SELECT count(*) FROM nights WHERE property_id = %s",
        "bookings": "SELECT count(DISTINCT stream_id) FROM events WHERE partition_key = %s AND type = 'BookingHeld'",
    }
    for name, query in found.items():
        ((count,),) = _rows(database_url, query, [property_id])
        if count != 1:
            wrong.append(f"{count} {name}")
    return wrong + ([f"{count} deadlocks"] if (count := deadlocks(database_url)) else [])


def _rows(database_url: str, statement: str, arguments: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall()
    finally:
        connection.close()
