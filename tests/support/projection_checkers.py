"""Checks of the read models, each used twice: where it must find nothing and, with the guard removed, something.

Each returns what is wrong, in a form to be read; an empty answer is a clean bill.
"""

from __future__ import annotations

from domain.catalogue import FACTS
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import Mapper
from infrastructure.rights import PROJECTOR_ROLE
from infrastructure.workers.rebuild import rebuild
from projections.projection import Projection


def misapplied(database: Database) -> dict[str, int]:
    """How many events of the log the audit projection missed, saw more than once, or saw though they are not there."""
    counts = {
        "lost": "SELECT count(*) FROM events e LEFT JOIN audit_events a USING (position) WHERE a.position IS NULL",
        "doubled": "SELECT count(*) FROM audit_events WHERE applied > 1",
        "invented": "SELECT count(*) FROM audit_events a LEFT JOIN events e USING (position) WHERE e.position IS NULL",
    }
    wrong = {}
    with database.connection() as connection, connection.cursor() as cursor:
        for name, query in counts.items():
            cursor.execute(query)
            ((wrong[name],),) = cursor.fetchall()
    return {name: count for name, count in wrong.items() if count}


def unlike_rebuilt(database: Database, reader: LogReader, projection: Projection) -> list[str]:
    """The rows by which the read model, as it is, differs from one that is made anew from the log."""
    rebuilt = rebuild(database, reader, projection, switch=False)
    assert rebuilt.compared_at is not None, "there is nothing to compare with"
    sides = {"public": "live only", "rebuilding": "rebuilt only"}
    return [f"{found.table}: {sides[found.only_in]}: {row}" for found in rebuilt.differences for row in found.rows]


def connected(url: str) -> tuple[Database, LogReader]:
    """What another process that helps with a rebuild works with."""
    database = Database(url, role=PROJECTOR_ROLE)
    return database, LogReader(database, Mapper(FACTS))
