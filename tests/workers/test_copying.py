"""Rows that are copied are the rows that were given."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone

import psycopg2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infrastructure.workers.copying import copy_rows
from projections.projection import Rows, Value
from tests.support.effort import effort

COLUMNS = {"said": "text", "is_so": "boolean", "number": "bigint", "id": "uuid", "day": "date", "at": "timestamptz"}

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text('a"\\,\n\r\t\x1f[]')
_zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
_rows = st.tuples(
    st.none() | _texts,
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.uuids(),
    st.none() | st.dates(),
    st.none() | st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=_zones),  # noqa: DTZ001
)
NOTHING = (None,) * 5
ODD = ["", "null", "\\N", "\\.", "\n\\.\n", '\\"', '"],["', "\\\\n", "\\n", "\x01", '{"a":"\\n\\\\\\" \\u001f"}', "é €"]


@settings(effort())
@given(st.lists(_rows, max_size=5))
@example([(text, *NOTHING) for text in ODD])
@example([])
def test_every_value_arrives_as_it_was_given(shared_database_url: str, rows: list[tuple[Value, ...]]) -> None:
    with closing(psycopg2.connect(shared_database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        cursor.execute(f"CREATE TEMP TABLE copied ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")

        copy_rows(cursor, Rows("copied", tuple(COLUMNS), rows))

        cursor.execute("SELECT * FROM copied")
        assert cursor.fetchall() == rows


def test_more_rows_than_are_written_down_at_once(shared_database_url: str) -> None:
    with closing(psycopg2.connect(shared_database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copied (number bigint, day date)")

        copy_rows(cursor, Rows("copied", ("number", "day"), ((n, date(2026, 1, 1)) for n in range(2_500))))

        cursor.execute("SELECT count(DISTINCT number), min(number), max(number) FROM copied")
        assert cursor.fetchone() == (2_500, 0, 2_499)
