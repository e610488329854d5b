"""Making a read model anew from the log, beside the live one, and switching it in.

People read the old rows until the new ones are in place, and the workers keep them up to date meanwhile. Nothing but
the read model's own rows is written, so no mail is sent and no reaction repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Final

from psycopg2.errors import DeadlockDetected, LockNotAvailable, ObjectNotInPrerequisiteState

from domain.events import Event
from infrastructure.database import Database, Unavailable
from infrastructure.event_store.log_reader import LogReader
from infrastructure.refusals import Refused
from infrastructure.rights import REBUILDING, REPLACED
from infrastructure.workers.differences import Difference, differences
from infrastructure.workers.folding import PAGE, Helpers, Progress, fold_into, pages_for, write_in, writing
from projections import parked, positions
from projections.positions import Standing
from projections.projection import Cursor, Projection

Reached = Callable[[str], None]
"""Told the names of points: where tests kill the process."""

_LOCK_MS: Final = 250
"""For so long at most readers wait behind a switch that itself waits for somebody's long query; then it tries again."""

_SWITCH_ATTEMPTS: Final = 240
_SWITCH_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of a rebuild: how far the new rows have come, and by what the live ones differed at `compared_at`.

    None: there was nothing to compare with, because the live rows were none, or another version's.
    """

    position: int
    compared_at: int | None
    differences: Sequence[Difference]


def rebuild(
    database: Database,
    reader: LogReader,
    projection: Projection,
    progress: Progress = lambda _done, _whole: None,
    *,
    reached: Reached = lambda _point: None,
    switch: bool = True,
    connect: Callable[[], tuple[Database, LogReader]] | None = None,
) -> Rebuilt:
    """Fold the whole log into new tables, compare them with the live ones and put them in their place.

    The tables that were live are kept for `rollback`. Whatever goes wrong, be it that the process dies, leaves the
    live ones as they were; what is left beside them is gone with the next rebuild. Without `switch` it ends after the
    comparison. With `connect`, by which they connect, other processes help with a long log.

    Raises Refused for what is no read model, for one that is being rebuilt already, and when its tables
    were altered meanwhile; and whatever stops the fold: an unknown event, or one that cannot be applied.
    """
    if not projection.rebuildable:
        raise Refused(f"{projection.name} is an outbox, not a read model: rebuilt, its mails would be sent again")
    with alone(database, projection) as keeper:
        helpers = Helpers(connect, keeper) if connect else None
        work = _Rebuild(database, reader, projection, progress, helpers)
        try:
            return work.run(reached, switch=switch)
        except Unavailable as error:
            if isinstance(error.__cause__, ObjectNotInPrerequisiteState):
                said = str(error.__cause__).splitlines()[0]
                raise Refused(
                    f"{said}: it was altered meanwhile. Nothing was switched: rebuild it once more."
                ) from error
            raise


def rollback(database: Database, reader: LogReader, projection: Projection) -> Standing:
    """Put the tables back that the last rebuild replaced; returns where they stand.

    Those of this version are brought to where the live ones are, so that nobody reads less than before; those of
    another one stand where they stood, and wait for workers of that version. Raises Refused where none are kept.
    """
    with alone(database, projection):
        standing = _standing(database, projection)
        if standing.kept_version is None or standing.kept_position is None or not _are_kept(database, projection):
            raise Refused(
                f"No tables of {projection.name} are kept: no rebuild replaced any, they were discarded, or somebody"
                " whom they named was erased."
            )
        done = standing.kept_position
        if standing.kept_version == projection.version:
            for page in pages_for(reader, projection, done, standing.position):
                with writing(database, REPLACED) as cursor:
                    projection.apply(cursor, page)
                    done = page[-1].position or done
                    cursor.execute("UPDATE positions SET kept_position = %s WHERE name = %s", [done, projection.name])
        _patiently(lambda: _put_back(database, reader, projection, done))
        return _standing(database, projection)


def discard(database: Database, projection: Projection) -> None:
    """Drop what a rebuild replaced: there is no way back then."""
    with alone(database, projection), database.transaction() as connection, connection.cursor() as cursor:
        _discard_replaced(cursor, projection)


class _Rebuild:
    """One rebuild under way; `_done` is the position up to which the new rows are made and committed."""

    def __init__(
        self,
        database: Database,
        reader: LogReader,
        projection: Projection,
        progress: Progress,
        helpers: Helpers | None,
    ) -> None:
        self._helpers = helpers
        self._database = database
        self._reader = reader
        self._projection = projection
        self._progress = progress
        self._done = 0

    def run(self, reached: Reached, *, switch: bool) -> Rebuilt:
        names = list(self._projection.tables)
        standing = _standing(self._database, self._projection)
        safe = self._reader.safe_position()
        call(self._database, "prepare_rebuild", names)
        # Live rows are compared where they stand: the new ones must not be ahead of them.
        comparable = _is_comparable(standing, self._projection)
        upto = min(safe, standing.position) if comparable else safe
        index = lambda: call(self._database, "index_rebuild", names)  # noqa: E731 - a word for what is done later
        fold_into(
            self._database, self._reader, self._projection, REBUILDING, upto, self._progress, index, self._helpers
        )
        self._done = upto
        reached("rebuild_folded")
        compared_at, found = self._compare() if comparable else (None, [])
        reached("rebuild_compared")
        if switch:
            self._catch_up()
            _patiently(lambda: self._switch(reached))
            reached("rebuild_switched")
        else:
            call(self._database, "discard_read_models", names, REBUILDING)
        self._progress(self._done, self._done)
        return Rebuilt(self._done, compared_at, found)

    def _compare(self) -> tuple[int | None, Sequence[Difference]]:
        """Bring the new rows to where the live ones are in one snapshot of both, in which these cannot move."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            standing = positions.standings(cursor)[self._projection.name]
            if not _is_comparable(standing, self._projection) or standing.position < self._done:
                return None, []
            self._apply(cursor, standing.position)
            found = differences(cursor, self._projection.tables, "public", REBUILDING)
        self._done = standing.position
        return standing.position, found

    def _catch_up(self) -> None:
        """Follow the log until hardly anything is left to be done while the live rows stand still."""
        left = PAGE
        while left >= PAGE:
            safe = self._reader.safe_position()
            left = safe - self._done
            for page in self._pages(self._done, safe):
                with writing(self._database, REBUILDING) as cursor:
                    self._projection.apply(cursor, page)
            self._done = max(self._done, safe)

    def _switch(self, reached: Reached) -> None:
        """The last events, and the tables' places, in one transaction; until it ends no worker moves the live ones."""
        name = self._projection.name
        with self._database.transaction() as connection, connection.cursor() as cursor:
            standing = positions.hold(cursor, name)
            upto = max(self._done, standing.position)
            self._apply(cursor, upto)
            reached("rebuild_switching")
            _switch(cursor, self._projection, REBUILDING, REPLACED)
            cursor.execute(
                """UPDATE positions SET version = %s, kept_version = version, kept_position = position,
                                        stopped_reason = NULL, position = %s, moved_at = clock_timestamp()
                   WHERE name = %s""",
                [self._projection.version, upto, name],
            )
            if standing.parked:
                # The new rows have these events; the old ones lack them, and nobody would remember which.
                parked.unpark_all(cursor, name)
                _discard_replaced(cursor, self._projection)
        self._done = upto

    def _apply(self, cursor: Cursor, upto: int) -> None:
        """What is left up to a position, within a transaction."""
        write_in(cursor, REBUILDING)
        for page in self._pages(self._done, upto):
            self._projection.apply(cursor, page)
        write_in(cursor, "public")

    def _pages(self, after: int, upto: int) -> Iterator[Sequence[Event]]:
        return pages_for(self._reader, self._projection, after, upto, self._progress)


def call(database: Database, function: str, *arguments: object) -> None:
    """Call one of the database's functions that make tables, in a transaction of its own."""
    with database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({', '.join(['%s'] * len(arguments))})", arguments)


def _put_back(database: Database, reader: LogReader, projection: Projection, done: int) -> None:
    with database.transaction() as connection, connection.cursor() as cursor:
        standing = positions.hold(cursor, projection.name)
        upto = done
        if standing.kept_version == projection.version:
            upto = standing.position
            write_in(cursor, REPLACED)
            for page in pages_for(reader, projection, done, upto):
                projection.apply(cursor, page)
        _switch(cursor, projection, REPLACED, REBUILDING)
        cursor.execute("SELECT discard_read_models(%s, %s)", [list(projection.tables), REBUILDING])
        cursor.execute(
            """UPDATE positions SET version = kept_version, position = %s, kept_version = NULL, kept_position = NULL,
                                    stopped_reason = NULL, moved_at = clock_timestamp()
               WHERE name = %s""",
            [upto, projection.name],
        )
        parked.unpark_all(cursor, projection.name)


def _is_comparable(standing: Standing, projection: Projection) -> bool:
    return standing.version == projection.version and standing.position > 0


def _switch(cursor: Cursor, projection: Projection, coming: str, leaving: str) -> None:
    write_in(cursor, "public")
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{_LOCK_MS}ms"])
    cursor.execute("SELECT switch_read_models(%s, %s, %s)", [list(projection.tables), coming, leaving])


def _patiently(switch: Callable[[], None]) -> None:
    """Try again while somebody's long query has the tables: readers are let through in between. Raises Refused."""
    for _ in range(_SWITCH_ATTEMPTS):
        try:
            return switch()
        except Unavailable as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
        sleep(_SWITCH_PAUSE_SECONDS)
    raise Refused("Somebody's long query has the read model's tables. Nothing was switched: try again later.")


def _discard_replaced(cursor: Cursor, projection: Projection) -> None:
    cursor.execute("SELECT discard_read_models(%s, %s)", [list(projection.tables), REPLACED])
    cursor.execute("UPDATE positions SET kept_version = NULL, kept_position = NULL WHERE name = %s", [projection.name])


def _are_kept(database: Database, projection: Projection) -> bool:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(to_regclass(format('%%I.%%I', %s, name)) IS NOT NULL) FROM unnest(%s) AS name",
            [REPLACED, list(projection.tables)],
        )
        return cursor.fetchone() == (True,)


def _standing(database: Database, projection: Projection) -> Standing:
    with database.connection() as connection, connection.cursor() as cursor:
        positions.register(cursor, projection.name, projection.version)
        return positions.standings(cursor)[projection.name]


@contextmanager
def alone(database: Database, projection: Projection) -> Iterator[int]:
    """One at a time makes a read model's tables: the lock goes with this session, whose number is given."""
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET idle_session_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('lodger rebuild ' || %s, 0))", [projection.name])
        if cursor.fetchone() != (True,):
            raise Refused(f"{projection.name} is being rebuilt already.")
        try:
            yield connection.get_backend_pid()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('lodger rebuild ' || %s, 0))", [projection.name])
            cursor.execute("RESET idle_session_timeout")
