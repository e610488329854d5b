"""Following the log without missing an event, and without a lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from psycopg2 import extensions

from domain.events import Event
from infrastructure.database import Database
from infrastructure.event_store.garbage import uncollected
from infrastructure.event_store.mapper import Mapper, UnknownEvent
from infrastructure.event_store.recorder import WHOLE, PostgresRecorder, Share
from infrastructure.event_store.rows import POSITION, Row

_POLL_SECONDS = 0.001


class LogReader:
    """Reads the log in order of position, only as far as nothing can appear behind the reader any more.

    Appends run in parallel: a position is drawn when a row is inserted and becomes visible when its transaction
    commits, which may be in another order. So the reader first looks how far positions have been drawn, then who
    is writing, and waits for exactly those writers (as CREATE INDEX CONCURRENTLY does). Every position up to that
    head then is visible or will never be. Writers that come later draw later positions and are not waited for.

    One reader may be shared by threads.
    """

    def __init__(self, database: Database, mapper: Mapper) -> None:
        self._database = database
        self._mapper = mapper
        self._recorder = PostgresRecorder(database)
        self._safe = 0
        self._awaited: tuple[int, frozenset[str]] | None = None
        self._losses = database.losses

    def safe_position(self, wait_seconds: float = 2.0) -> int:
        """How far the log can be read now.

        Waits at most `wait_seconds` for the writers that are at work; when some are still at it, returns the last
        position found safe, and the next call goes on waiting for the same writers.
        """
        deadline = monotonic() + wait_seconds
        with self._database.connection() as connection, connection.cursor() as cursor:
            if self._losses != self._database.losses:
                # After a crash, positions that were drawn and not yet durable are drawn again.
                self._safe, self._awaited, self._losses = 0, None, self._database.losses
            while True:
                resumed = self._awaited is not None
                # Three looks that must stay apart: first the head, then its writers, later the read of the log.
                head, writers = self._awaited or _head_and_writers(cursor)
                if resumed:
                    writers &= _writers(cursor)  # at least one look, however short the wait
                while writers and monotonic() < deadline:
                    sleep(_POLL_SECONDS)
                    writers &= _writers(cursor)
                if writers:
                    self._awaited = head, writers
                    return self._safe
                self._safe, self._awaited = head, None
                if not resumed:
                    return head

    def read(self, after: int, upto: int, limit: int, topics: Sequence[str] = ()) -> list[Event]:
        """The events at positions in `(after, upto]`, at most `limit`; `upto` is a safe position.

        With `topics` those of these only, found by looking at all of them.
        Stops before an event that this code does not know, and raises UnknownEvent when that is the first one.
        """
        return self._decoded(self._recorder.select_log(after, upto, limit, topics))

    def pages(
        self, after: int, upto: int, size: int, share: Share = WHOLE, unread: Collection[str] = ()
    ) -> Iterator[list[Event]]:
        """The events at positions in `(after, upto]`, `size` at a time; `upto` is a safe position.

        While a page is worked on the next one is fetched. `unread` are the lists in facts that are left empty (see
        `Mapper.to_domain_events`). Raises UnknownEvent when it comes to such an event.
        """
        with ThreadPoolExecutor(1) as fetching:
            rows = self._recorder.select_log(after, upto, size, share=share)
            while rows:
                following = fetching.submit(self._recorder.select_log, rows[-1][POSITION], upto, size, share=share)
                while rows:  # what is left of them begins with an unknown event
                    events = self._decoded(rows, unread)
                    rows = rows[len(events) :]
                    yield events
                rows = following.result()

    def _decoded(self, rows: Sequence[Row], unread: Collection[str] = ()) -> list[Event]:
        events: list[Event] = []
        with uncollected():
            try:
                events.extend(self._mapper.to_domain_events(rows, unread))  # those before what fails are kept
            except UnknownEvent:
                if not events:
                    raise
        return events

    def stream(self, stream_id: UUID) -> list[Event]:
        """All events of one stream. Raises UnknownEvent."""
        return list(self._mapper.to_domain_events(self._recorder.select_stream(stream_id)))


def _head_and_writers(cursor: extensions.cursor) -> tuple[int, frozenset[str]]:
    """The highest position drawn so far, committed or not (0 when there is none), and who was writing after that.

    Neither a sequence nor locks are of a snapshot, so the order counts: as the second look has the head in its
    condition, it begins when the first one has ended.
    """
    cursor.execute(
        f"""WITH head AS MATERIALIZED (
                SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS position FROM events_position_seq)
            SELECT position, ARRAY({_WRITERS} AND head.position >= 0) FROM head"""  # noqa: S608 - a constant
    )
    ((head, writers),) = cursor.fetchall()
    assert isinstance(head, int)
    return head, frozenset(writers)


def _writers(cursor: extensions.cursor) -> frozenset[str]:
    """The transactions that hold the lock which every INSERT into `events` takes before it draws a position."""
    cursor.execute(_WRITERS)
    return frozenset(transaction for (transaction,) in cursor.fetchall())


# Ends in its conditions: one more may follow.
_WRITERS: Final = """SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
