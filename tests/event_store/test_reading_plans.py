"""How PostgreSQL reads a page of the log: by position, in order, and no more than the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg2
import pytest

from infrastructure.database import Database
from infrastructure.event_store.recorder import WHOLE, PostgresRecorder, Share
from infrastructure.event_store.rows import Row

EVENTS = 5_000
PAGE = 500
END = 2**63 - 1


class Explaining(PostgresRecorder):
    """Shows the plans of what it is asked by statements that are not prepared."""

    def _select(self, statement: str, arguments: Sequence[object]) -> Sequence[Row]:
        return super()._select(f"EXPLAIN {statement}", arguments)


@pytest.fixture
def only(database_url: str) -> Iterator[Database]:
    """With one connection, on which everything was prepared."""
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def fill(database: Database) -> None:
    """Some thousand events of two sorts, every tenth of the second one, in as many streams."""
    execute(
        database,
        """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
           SELECT id, id, 1, CASE WHEN n %% 10 = 0 THEN 'test.Quoted' ELSE 'test.Noted' END, 1, repeat('x', 300), '{}'
           FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, %s) AS n) AS made""",
        EVENTS,
    )


def analyse(database_url: str) -> None:
    """As autovacuum does after a while."""
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE events")
    connection.close()


def execute(database: Database, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def reads_in_order(plan: Sequence[Sequence[object]]) -> None:
    text = "\n".join(str(line) for (line,) in plan)
    assert re.search(r"Index Scan using events_position on events .*\n +Index Cond: .* > .* <= ", text), text
    assert "Sort" not in text, text
    assert "Bitmap" not in text, text


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("after", [0, EVENTS // 2, EVENTS - 1])
def test_a_page_is_read_by_position_whatever_the_server_knows_of_the_bounds(
    only: Database, database_url: str, mode: str, after: int
) -> None:
    fill(only)
    analyse(database_url)
    execute(only, f"SET plan_cache_mode = {mode}")

    PostgresRecorder(only).select_log(after, None, PAGE)

    reads_in_order(execute(only, f"EXPLAIN EXECUTE lodger_log ({after}, {END}, {PAGE})"))
    kinds = execute(only, "SELECT generic_plans > 0, custom_plans > 0 FROM pg_prepared_statements")
    assert kinds == [(mode == "force_generic_plan", mode == "force_custom_plan")]


def test_a_plan_that_was_made_while_the_log_was_empty_is_as_good_when_it_has_grown(only: Database) -> None:
    """The server keeps it until it has counted the rows anew, which it does once in a while only."""
    execute(only, "SET plan_cache_mode = force_generic_plan")
    PostgresRecorder(only).select_log(0, None, PAGE)

    fill(only)

    reads_in_order(execute(only, f"EXPLAIN EXECUTE lodger_log (0, {END}, {PAGE})"))


@pytest.mark.parametrize(
    ("topics", "share"),
    [((), Share(1, 4)), (("test.Quoted",), WHOLE), (("test.Quoted", "test.Noted"), Share(3, 4))],
    ids=["a share", "a topic", "topics of a share"],
)
def test_a_page_of_some_events_is_found_in_a_reading_in_order(
    only: Database, database_url: str, topics: Sequence[str], share: Share
) -> None:
    fill(only)
    analyse(database_url)

    reads_in_order(Explaining(only).select_log(0, EVENTS, PAGE, topics, share))
