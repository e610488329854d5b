"""Each checker reports something once its guard is gone: only then does its silence elsewhere mean anything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from threading import Barrier
from uuid import UUID, uuid4

import psycopg2
import pytest
from psycopg2.errors import DeadlockDetected

from application.ports import Answer, AnswerKept, Idempotency, Nights, NightsChange, NightsTaken
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from tests.event_store.facts import FACTS, noted
from tests.guards.removal import NO_EXCLUSION, NO_KEYS, alter
from tests.support.checkers import Outcome, broken_promises, deadlocks, misread, overlapping_nights
from tests.support.follower import follow
from tests.support.odd_writers import start_writers


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=20)
    yield database
    database.close()


def book_the_same_nights(database: Database) -> None:
    events, home = Events(database, FACTS), uuid4()

    def book(_: int) -> None:
        claim = Nights(home, uuid4(), date(2030, 3, 1), date(2030, 3, 5), "stay")
        with suppress(NightsTaken):
            events.append([noted(uuid4(), 1)], nights=NightsChange(take=[claim]))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(book, range(20)))


def repeat_requests(database: Database) -> list[Outcome]:
    events = Events(database, FACTS)

    def send(number: int) -> Outcome:
        key, stream = f"key-{number % 4}", uuid4()
        kept = Idempotency("user:1", "POST /", key, b"same")
        try:
            events.append([noted(stream, 1)], answer=(kept, Answer(201, str(stream))))
        except AnswerKept as earlier:
            return Outcome(key, earlier.answer.body, stream)
        return Outcome(key, str(stream), stream)

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(send, range(20)))


def test_with_the_exclusion_no_nights_overlap_and_without_it_the_checker_says_so(
    database: Database, database_url: str
) -> None:
    book_the_same_nights(database)
    assert overlapping_nights(database_url) == []

    alter(database_url, NO_EXCLUSION)
    book_the_same_nights(database)
    assert len(overlapping_nights(database_url)) == 190  # every pair of 20


def test_with_keys_every_promise_is_kept_and_without_them_the_checker_says_so(
    database: Database, database_url: str
) -> None:
    assert broken_promises(database_url, repeat_requests(database)) == []

    alter(database_url, NO_KEYS)
    assert sorted(broken_promises(database_url, repeat_requests(database))) == [
        f"key-{number}: 5 effects, 5 different answers" for number in range(4)
    ]


@pytest.mark.slow
def test_a_reader_that_goes_by_position_alone_skips_events_and_the_checker_says_so(
    database: Database, database_url: str
) -> None:
    events = Events(database, FACTS)
    reader = LogReader(database, events.mapper)
    writers = start_writers(database_url, 4_000)

    reading = follow(reader, lambda: events.recorder.max_notification_id() or 0, writers)

    assert misread(database_url, reading)["skipped"] > 0


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        ([(1, 1, 1), (2, 1, 2)], {}),
        ([(1, 1, 1)], {"skipped": 1}),
        ([(1, 1, 1), (2, 1, 2), (2, 1, 2)], {"doubled": 1, "disordered": 1}),
        ([(2, 1, 2), (1, 1, 1)], {"disordered": 1}),
        ([(1, 1, 1), (2, 1, 2), (3, 2, 1)], {"invented": 1}),
    ],
)
def test_the_log_checker_tells_each_fault(
    database: Database, database_url: str, seen: list[tuple[int, int, int]], wrong: dict[str, int]
) -> None:
    from tests.support.checkers import Reading

    stream = UUID(int=1)
    Events(database, FACTS).append([noted(stream, 1), noted(stream, 2)])

    assert misread(database_url, Reading([(at, UUID(int=of), version) for at, of, version in seen])) == wrong


def test_a_deadlock_is_counted(database: Database, database_url: str) -> None:
    """Two transactions that each want what the other has."""
    assert deadlocks(database_url) == 0
    both_hold_one = Barrier(2)

    def cross(first: str, second: str) -> bool:
        connection = psycopg2.connect(database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [first])
                both_hold_one.wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [second])
        except DeadlockDetected:
            return True
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(cross, "12", "21")) == 1
    assert deadlocks(database_url) == 1
