"""Moments: states of the database in which everything behind the analysts' views has come equally far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

from infrastructure.database import Connection, Database
from infrastructure.refusals import Refused

READ_MODELS: Final = 4
"""Rows of analytics.positions: one that is missing has never run."""

_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Moment:
    """A connection in a transaction that sees one state, and where in the log that is."""

    connection: Connection
    position: int


@contextmanager
def moment(database: Database, wait_seconds: float = 30.0) -> Iterator[Moment]:
    """One at which all read models stand at one position and miss no event, waited for.

    Raises Refused when there is none in time, and at once when a read model is stopped or has parked events.
    """
    deadline = monotonic() + wait_seconds
    while True:
        with database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(
                """SELECT read_model, position, is_stopped OR parked_events > 0 FROM analytics.positions
                   ORDER BY read_model"""
            )
            found = cursor.fetchall()
            positions = {position for _, position, _ in found}
            wrong = [name for name, _, is_wrong in found if is_wrong]
            if len(found) == READ_MODELS and len(positions) == 1 and not wrong:
                yield Moment(connection, positions.pop())
                return
        if wrong or monotonic() >= deadline:
            standing = ", ".join(f"{name} at {position}" for name, position, _ in found) or "none has ever run"
            raise Refused(
                f"The read models do not stand at one position of the log, or are not whole: {standing}. "
                + (f"Look what is wrong with {wrong[0]}: " if wrong else "Are the workers running? ")
                + "./run lodger projections status"
            )
        sleep(_POLL_SECONDS)
