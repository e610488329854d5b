"""Carries out what follows from each event: reactions, at least once and in the log's order.

An event's follow-up is a command whose id is derived from the event, so that twice is once. It runs outside any
transaction, since it may call a payment provider, and the position moves after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import Final, Literal

import structlog

from domain.events import Event
from domain.rejections import Rejected
from infrastructure import logs
from infrastructure.database import Connection, Database, Unavailable
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import UnknownEvent
from infrastructure.workers.metrics import REACTIONS
from projections import positions

NAME: Final = "reactions"
PAGE: Final = 100
"""Events between two moves of the position: what is repeated at most when a worker dies."""

_GATHER_SECONDS: Final = 0.05
"""Between a page and the next look. Most events ask for nothing, and each look costs the same."""

_RETRY_SECONDS: Final = 1.0
_LOCK: Final = "hashtextextended('lodger reactions', 0)"
_log = structlog.get_logger()


class Reactor:
    """Runs `react` on every event; it says whether something followed.

    Two at once would do no harm; a lock spares the providers the second call.
    """

    def __init__(self, database: Database, reader: LogReader, react: Callable[[Event], bool | None]) -> None:
        self._database = database
        self._reader = reader
        self._react = react
        self._not_before = 0.0

    def run(self) -> None:
        """React to everything up to the end of the log. Raises Unavailable.

        Whoever finds another at work leaves, and the other looks for news again after letting the lock go.
        """
        while monotonic() >= self._not_before and (moved := self._turn(self._reader.safe_position())):
            if moved < PAGE:
                sleep(_GATHER_SECONDS)

    def _turn(self, safe: int) -> int:
        """React to one page of events, if nobody else does; by how many positions that moved, 0 for no more now."""
        # A lock of the session and not a row's: no transaction stays open while a provider takes its time.
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT CASE WHEN position < %s THEN pg_try_advisory_lock({_LOCK}) ELSE false END
                    FROM positions WHERE name = %s""",  # noqa: S608 - constants
                [safe, NAME],
            )
            match cursor.fetchone():
                case None:
                    positions.register(cursor, NAME, 1)
                    return self._turn(safe)
                case (False,):
                    return 0
            try:
                return self._follow(connection, safe)
            finally:
                if not connection.closed:
                    cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")

    def _follow(self, connection: Connection, safe: int) -> int:
        with connection.cursor() as cursor:
            # Read again: who had the lock before may have moved it.
            before = positions.reached(cursor, NAME)
            try:
                events = self._reader.read(before, safe, PAGE)
                end = events[-1].position if events else safe
                done, wrong = self._react_to(events, before if events else safe)
            except UnknownEvent as error:
                end, done, wrong = None, before, str(error)
            if done > before:
                positions.move(cursor, [NAME], done)
            if wrong and positions.stop(cursor, NAME, wrong):
                _log.error("reactions stopped", reason=wrong)
            return done - before if done == end else 0

    def _react_to(self, events: Sequence[Event], done: int) -> tuple[int, str | None]:
        """How far it came, and what is wrong when it cannot go on without somebody's help."""
        for event in events:
            with logs.about(event.correlation_id):
                outcome, wrong = self._outcome(event)
            REACTIONS.labels(outcome).inc()
            if outcome == "later":
                self._not_before = monotonic() + _RETRY_SECONDS
                return done, wrong
            done = event.position or done
        return done, None

    def _outcome(self, event: Event) -> tuple[Literal["done", "refused", "later"], str | None]:
        """What became of an event: "refused" is passed over, "later" tried again."""
        try:
            if self._react(event):
                _log_of(event).info("reacted")
        except Rejected as refusal:
            if refusal.code == "busy":
                # It lost races for a stream, again and again: the one refusal that says nothing of the facts.
                return "later", None
            # Any other refusal is a rule's answer to facts that cannot be taken back: it would be the same tomorrow,
            # and holding up every later reaction for it would help nobody. A person has to look at it.
            _log_of(event).error("reaction refused", code=refusal.code, message=refusal.message)
            return "refused", None
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told below
            # A mistake of ours: what money may depend on is not passed over for it.
            _log_of(event).error("reaction failed", exc_info=error)
            return "later", f"{type(error).__name__}: {error}, at position {event.position}"
        return "done", None


def _log_of(event: Event) -> structlog.typing.FilteringBoundLogger:
    """Made when there is something to say: of most events there is not."""
    log: structlog.typing.FilteringBoundLogger
    log = _log.bind(fact=type(event.fact).__name__, position=event.position, stream=str(event.stream_id))
    return log
