from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Timer
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
from psycopg2 import extensions

from infrastructure.database import Connection, Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader, _head_and_writers
from infrastructure.event_store.mapper import UnknownEvent
from tests.event_store.facts import noted
from tests.support.servers import Databases

INSERT = """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
            VALUES (gen_random_uuid(), gen_random_uuid(), 1, %s, 1, '{}', '{}') RETURNING position"""


def insert(connection: Connection, name: str = "test.Noted") -> int:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [name])
        ((position,),) = cursor.fetchall()
        assert isinstance(position, int)
        return position


@pytest.fixture
def opened(database: Database) -> Iterator[ExitStack]:
    """Enter `database.transaction()` here; what is still open at the end is committed."""
    with ExitStack() as stack:
        yield stack


def test_an_empty_log_is_safe_at_zero(reader: LogReader) -> None:
    assert reader.safe_position() == 0
    assert reader.read(0, 0, 10) == []


def test_a_quiet_log_is_safe_to_its_end_at_once(reader: LogReader, events: Events) -> None:
    stream = uuid4()
    events.append([noted(stream, 1), noted(stream, 2), noted(stream, 3)])

    assert reader.safe_position(wait_seconds=0) == 3
    assert [event.position for event in reader.read(0, 3, 2)] == [1, 2]
    assert [event.position for event in reader.read(2, 3, 2)] == [3]
    assert [event.position for event in reader.read(0, 1, 10)] == [1]


def test_a_later_event_is_not_read_before_an_earlier_one_that_is_not_committed(
    reader: LogReader, events: Events, database: Database, opened: ExitStack
) -> None:
    events.append([noted(uuid4(), 1)])
    assert reader.safe_position() == 1
    slow = opened.enter_context(database.transaction())
    assert insert(slow) == 2
    assert events.append([noted(uuid4(), 1)]) == 3

    assert reader.safe_position(wait_seconds=0.05) == 1  # the last one known, at the deadline
    slow.commit()
    assert reader.safe_position() == 3


def test_it_waits_for_the_writer_and_no_longer(reader: LogReader, database: Database, opened: ExitStack) -> None:
    slow = opened.enter_context(database.transaction())
    insert(slow)
    Timer(0.2, slow.commit).start()
    started = monotonic()

    assert reader.safe_position(wait_seconds=5) == 1
    assert 0.15 < monotonic() - started < 1.5


def test_a_rolled_back_position_is_passed(reader: LogReader, events: Events, database: Database) -> None:
    with database.transaction() as connection:
        insert(connection)
        connection.rollback()

    assert events.append([noted(uuid4(), 1)]) == 2
    assert reader.safe_position() == 2


def test_writers_that_come_later_are_not_waited_for(reader: LogReader, database: Database, opened: ExitStack) -> None:
    """One after the other, so that there is always one at work: only the first is waited for."""
    first = opened.enter_context(database.transaction())
    insert(first)
    assert reader.safe_position(wait_seconds=0.02) == 0  # looked: head 1, held up by the first writer
    second = opened.enter_context(database.transaction())
    insert(second)
    first.commit()

    assert reader.safe_position(wait_seconds=0.05) == 1


def test_writers_of_another_database_are_not_waited_for(reader: LogReader, events: Events, postgres: Databases) -> None:
    events.append([noted(uuid4(), 1)])
    other = Database(postgres.create())
    with other.transaction() as connection:
        insert(connection)
        assert reader.safe_position(wait_seconds=0) == 1
    other.close()


def test_readers_of_the_log_and_writers_elsewhere_are_not_waited_for(
    reader: LogReader, events: Events, database: Database, opened: ExitStack
) -> None:
    events.append([noted(uuid4(), 1)])
    busy = opened.enter_context(database.transaction())
    with busy.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events")
        cursor.execute("INSERT INTO identities VALUES ('email', 'x', gen_random_uuid())")

    assert reader.safe_position(wait_seconds=0) == 1


def test_an_event_nobody_knows_stops_the_reader_after_the_events_before_it(
    reader: LogReader, events: Events, database: Database
) -> None:
    events.append([noted(uuid4(), 1)])
    with database.connection() as connection:
        insert(connection, "test.Vanished")
    events.append([noted(uuid4(), 1)])

    assert [event.position for event in reader.read(0, 3, 10)] == [1]
    with pytest.raises(UnknownEvent, match=r"test\.Vanished version 1 at position 2"):
        reader.read(1, 3, 10)


def test_a_lost_connection_makes_the_reader_look_afresh(
    reader: LogReader, events: Events, database: Database, opened: ExitStack
) -> None:
    events.append([noted(uuid4(), 1)])
    assert reader.safe_position() == 1
    database.losses += 1
    slow = opened.enter_context(database.transaction())
    insert(slow)

    assert reader.safe_position(wait_seconds=0) == 0


class Explaining:
    """A cursor that keeps the plan of what is asked, and answers that nobody writes."""

    def __init__(self, cursor: extensions.cursor) -> None:
        self.cursor = cursor
        self.plan: dict[str, Any] = {}

    def execute(self, statement: str) -> None:
        self.cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        (((explained,),),) = self.cursor.fetchall()
        self.plan = explained["Plan"]

    def fetchall(self) -> list[tuple[int, list[str]]]:
        return [(0, [])]


def above(plan: dict[str, Any], relation: str) -> list[dict[str, Any]]:
    """The node that reads a table or a function's rows, and all nodes over it, from the top."""
    if relation in (plan.get("Relation Name"), plan.get("Function Name")):
        return [plan]
    for part in plan.get("Plans", []):
        if found := above(part, relation):
            return [plan, *found]
    return []


def test_writers_are_looked_for_anew_for_the_head_that_was_read_and_not_once_before_it(database: Database) -> None:
    """What the server may work out beforehand is an InitPlan; a SubPlan waits for the row whose column it asks for."""
    with database.connection() as connection, connection.cursor() as cursor:
        explaining: Any = Explaining(cursor)
        _head_and_writers(explaining)
    plan = explaining.plan

    assert (plan["Node Type"], plan["CTE Name"]) == ("CTE Scan", "head")
    head, writers = above(plan, "events_position_seq")[1], above(plan, "pg_lock_status")[1]
    assert (head["Parent Relationship"], head["Subplan Name"]) == ("InitPlan", "CTE head")
    assert writers["Parent Relationship"] == "SubPlan"
    assert "head" in writers["One-Time Filter"]
