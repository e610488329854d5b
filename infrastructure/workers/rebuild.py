"""Rebuilding a read model from the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.refusals import Refused
from projections import positions
from projections.projection import Projection

PAGE: Final = 5_000


def rebuild(
    database: Database,
    reader: LogReader,
    projection: Projection,
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
) -> int:
    """Empty the read model and replay the whole log into it, in one transaction; returns the position reached.

    Until it ends people read the old rows and the workers leave the read model alone. Nothing but its own rows is
    written, so no mail is sent and no reaction repeated. `progress` is told positions: how many of how many are
    done. Whatever goes wrong leaves everything as it was. Raises Refused for what is no read model.
    """
    if not projection.rebuildable:
        raise Refused(f"{projection.name} is an outbox, not a read model: rebuilt, its mails would be sent again")
    safe = reader.safe_position()
    with database.transaction() as connection, connection.cursor() as cursor:
        positions.register(cursor, projection.name, projection.version)
        cursor.execute("SELECT FROM positions WHERE name = %s FOR UPDATE", [projection.name])
        for table in projection.tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the catalogue
        done = 0
        while events := reader.read(done, safe, PAGE):
            projection.apply(cursor, [event for event in events if isinstance(event.fact, projection.facts)])
            done = events[-1].position or 0
            progress(done, safe)
        positions.move(cursor, [projection.name], safe)
        cursor.execute("UPDATE positions SET version = %s WHERE name = %s", [projection.version, projection.name])
    progress(safe, safe)
    return safe
