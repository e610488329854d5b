"""The log's rows as they are hashed and handed out, read a stretch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.log_leaves import Record
from infrastructure.database import Connection, Database

BATCH: Final = 1_000

_SELECT: Final = """
    SELECT position, partition_key::text, stream_id::text, version, type, schema_version,
           (extract(epoch FROM recorded_at) * 1000000)::bigint, data, meta
    FROM events WHERE position > %s AND position <= %s ORDER BY position LIMIT %s
"""


def stretch(connection: Connection, after: int, upto: int, limit: int = BATCH) -> list[Record]:
    """The events at positions in `(after, upto]`, at most `limit`; `upto` is a safe position."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [after, upto, limit])
        return [Record(*row) for row in cursor.fetchall()]


def records(database: Database, after: int, upto: int) -> Iterator[Record]:
    """All of them, however many, in constant memory. Raises Unavailable."""
    while True:
        with database.connection() as connection:
            found = stretch(connection, after, upto)
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1].position
