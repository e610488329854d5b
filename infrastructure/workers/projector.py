"""Keeps the read models up to date: reads the log as far as it is safe, and moves each with its position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Final

import structlog

from domain.events import Event
from infrastructure.database import Database, Unavailable
from infrastructure.event_store.log_reader import LogReader
from infrastructure.workers.metrics import EVENTS_APPLIED
from projections import positions
from projections.positions import Standing
from projections.projection import Projection

PAGE: Final = 500
"""Events per transaction: a position moves every few milliseconds, also while catching up."""

_log = structlog.get_logger()


class Projector:
    """Runs projections, any number of times at once: in a projection's position row everybody meets.

    A projection that meets an event it cannot read or apply stops there, says why in its position row, and goes on
    by itself once it can. The others are not held up.
    """

    def __init__(self, database: Database, reader: LogReader, projections: Sequence[Projection]) -> None:
        self._database = database
        self._reader = reader
        self._projections = projections

    def run(self) -> None:
        """Bring every projection to the end of the log.

        Whoever finds a projection busy leaves it to the other, who looks for news again once he is done with it: so
        that no event is left to the next poll. Raises Unavailable.
        """
        moved = True
        while moved:
            safe = self._reader.safe_position()
            standings = self._standings()
            # Projections that stand at the same place, as they mostly do, share what is read and decoded there.
            read = cache(partial(self._reader.read, upto=safe, limit=PAGE))
            moved = False
            for projection in self._projections:
                if standings[projection.name].position < safe:
                    moved |= self._run_once(projection, safe, read)

    def _run_once(self, projection: Projection, safe: int, read: Callable[[int], list[Event]]) -> bool:
        """Apply one page of events up to a safe position, in one transaction; whether the position moved."""
        try:
            return self._move(projection, safe, read)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, this projection cannot go on and the others can
            self._stop(projection, error)
            return False

    def _move(self, projection: Projection, safe: int, read: Callable[[int], list[Event]]) -> bool:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            # Lost in a crash, rows and position are lost together and made again.
            cursor.execute("SET LOCAL synchronous_commit TO off")
            at = positions.lock(cursor, projection.name)
            if at is None or at.position >= safe:
                return False
            if at.version != projection.version:
                raise OutOfDate(projection, at.version)
            events = read(at.position)
            wanted = [event for event in events if isinstance(event.fact, projection.facts)]
            if wanted:
                projection.apply(cursor, wanted)
            # A short page does not mean the end: the reader stops before an event it does not know.
            last = events[-1].position if events else safe
            assert last is not None
            positions.move(cursor, projection.name, last)
        EVENTS_APPLIED.labels(projection.name).inc(len(wanted))
        return True

    def _standings(self) -> dict[str, Standing]:
        """Where our projections stand; a new one begins at the start of the log."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            known = positions.standings(cursor)
            new = [projection for projection in self._projections if projection.name not in known]
            for projection in new:
                positions.register(cursor, projection.name, projection.version)
            if new:
                known = positions.standings(cursor)
            return {projection.name: known[projection.name] for projection in self._projections}

    def _stop(self, projection: Projection, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        with self._database.connection() as connection, connection.cursor() as cursor:
            if positions.stop(cursor, projection.name, reason):
                _log.error("projection stopped", projection=projection.name, reason=reason, exc_info=error)


class OutOfDate(Exception):
    """The rows were made by another version of the projection."""

    def __init__(self, projection: Projection, found: int) -> None:
        super().__init__(
            f"its rows were made by version {found} and this is version {projection.version}:"
            f" run `lodger projections rebuild {projection.name}`"
        )
