"""The collector's pause ends with the last of those who asked for it, whatever happens in between."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from threading import Thread
from time import monotonic, sleep

import psycopg2
import pytest

from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.recorder import PostgresRecorder


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.enable()
    yield
    if not was_on:
        gc.disable()


def test_the_collector_goes_on_after_a_failure_too() -> None:
    def fail() -> None:
        with uncollected():
            assert not gc.isenabled()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert gc.isenabled()


def test_the_last_of_several_threads_lets_it_go_on() -> None:
    inside, leave = Signal(), Signal()

    def pause() -> None:
        with uncollected():
            inside.set()
            leave.wait(10)

    other = Thread(target=pause)
    other.start()
    assert inside.wait(10)
    with uncollected():
        pass
    assert not gc.isenabled()
    leave.set()
    other.join(10)
    assert gc.isenabled()


def test_who_had_turned_it_off_finds_it_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize("topics", [(), ("test.Noted",)], ids=["all", "some"])
def test_it_is_not_paused_while_a_page_of_the_log_is_waited_for(
    database: Database, database_url: str, topics: Sequence[str]
) -> None:
    """A busy process always waits for some page: its collector would never run."""
    with psycopg2.connect(database_url) as holder, ThreadPoolExecutor(1) as beside:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        reading = beside.submit(PostgresRecorder(database).select_log, 0, None, 500, topics)
        deadline = monotonic() + 10
        while not _somebody_waits(database):
            assert monotonic() < deadline
            sleep(0.001)
        was_on = gc.isenabled()
        holder.rollback()
        assert reading.result(timeout=10) == []
    holder.close()
    assert was_on


def _somebody_waits(database: Database) -> bool:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_locks WHERE relation = 'events'::regclass AND NOT granted")
        return bool(cursor.fetchall())
