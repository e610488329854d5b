"""Keeps the read models up to date: reads the log as far as it is safe, and moves each with its position."""

from __future__ import annotations

from collections.abc import Sequence
from time import sleep
from typing import Final

import structlog

from infrastructure.database import Database, Unavailable
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import UnknownEvent
from infrastructure.workers import parking
from infrastructure.workers.metrics import EVENTS_APPLIED
from projections import positions
from projections.positions import Standing
from projections.projection import Projection

PAGE: Final = 500
"""Events per transaction: a position moves every few milliseconds, also while catching up."""

_GATHER_SECONDS: Final = 0.001
"""Between a page and the next look: most of a transaction's work is the same for one event and for several."""

_log = structlog.get_logger()


class Projector:
    """Runs projections, any number of times at once: in a projection's position row everybody meets.

    A projection that meets an event it cannot read stops there, says why in its position row, and goes on by itself
    once it can. An event that it cannot apply is parked, with the later ones of its stream. The others are not held up.
    """

    def __init__(
        self,
        database: Database,
        reader: LogReader,
        projections: Sequence[Projection],
        gather_seconds: float = _GATHER_SECONDS,
    ) -> None:
        self._database = database
        self._reader = reader
        self._gather_seconds = gather_seconds
        self._projections = {projection.name: projection for projection in projections}

    def run(self) -> None:
        """Bring every projection to the end of the log.

        Whoever finds a projection busy leaves it to the other, who looks for news again once he is done with it: so
        that no event is left to the next poll. Raises Unavailable.
        """
        while moved := self._look():
            if moved < PAGE:
                sleep(self._gather_seconds)

    def _look(self) -> int:
        """Move every projection that is behind by one page; by how many positions at most."""
        safe = self._reader.safe_position()
        standing_at: dict[int, list[Projection]] = {}
        for name, standing in self._standings().items():
            if standing.position < safe:
                standing_at.setdefault(standing.position, []).append(self._projections[name])
        moved = [self._advance(position, projections, safe) for position, projections in standing_at.items()]
        return max(moved, default=0)

    def _advance(self, position: int, projections: Sequence[Projection], safe: int) -> int:
        """Move projections that stand together by one page, together; by how many positions, 0 when none moved.

        As they mostly stand together they share the transaction and what is read, which is most of the work. When one
        of them fails each goes alone, and the one that fails then goes event by event.
        """
        try:
            return self._move(position, projections, safe)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, this projection cannot go on and the others can
            if len(projections) == 1:
                return self._go_singly(position, projections[0], safe, error)
        return max(self._advance(position, [projection], safe) for projection in projections)

    def _go_singly(self, position: int, projection: Projection, safe: int, error: Exception) -> int:
        """Move a projection by the events that it can apply; stop it when no event is to blame."""
        try:
            if isinstance(error, UnknownEvent | OutOfDate) or not parking.is_of_the_event(error):
                raise error
            return self._move(position, [projection], safe, singly=True)
        except Unavailable:
            raise
        except Exception as again:  # noqa: BLE001 - as above
            self._stop(projection, again)
            return 0

    def _move(self, position: int, projections: Sequence[Projection], safe: int, *, singly: bool = False) -> int:
        with self._database.brief_transaction() as connection, connection.cursor() as cursor:
            locked = positions.begin(cursor, [projection.name for projection in projections])
            here = [p for p in projections if p.name in locked and locked[p.name].position == position]
            if not here:
                return 0
            for projection in here:
                if locked[projection.name].version != projection.version:
                    raise OutOfDate(projection, locked[projection.name].version)
            events = self._reader.read(position, safe, PAGE)
            # A short page does not mean the end: the reader stops before an event it does not know.
            last = (events[-1].position or 0) if events else safe
            changed = list[str]()
            for projection in here:
                wanted = [event for event in events if isinstance(event.fact, projection.facts)]
                changed += [projection.name] if wanted else []
                if singly:
                    last = parking.apply_singly(cursor, projection, wanted, last)
                    continue
                if locked[projection.name].parked:
                    wanted = parking.without_parked(cursor, projection, wanted)
                if wanted:
                    projection.apply(cursor, wanted)
            positions.commit(cursor, [projection.name for projection in here], last, changed)
        for projection in here:
            EVENTS_APPLIED.labels(projection.name).inc(len(events))
        return last - position

    def _standings(self) -> dict[str, Standing]:
        """Where our projections stand; a new one begins at the start of the log."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            known = positions.standings(cursor)
            new = [projection for name, projection in self._projections.items() if name not in known]
            for projection in new:
                positions.register(cursor, projection.name, projection.version)
            if new:
                known = positions.standings(cursor)
            return {name: known[name] for name in self._projections}

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
