"""Setting aside what a read model cannot take, so that everything else goes on; and trying it again."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final, cast
from uuid import UUID

import psycopg2
import structlog

from domain.events import Event
from domain.platform import NEW, PLATFORM_ID, PlatformFact, evolve
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.settings import ROOT
from projections import parked, positions
from projections.projection import Cursor, Projection

TRIES: Final = 5
_PAUSE_SECONDS: Final = 0.005
_PATIENCE_SECONDS: Final = 2.0
"""Of one transaction: with many failing streams the rest of a page is left to the next."""

_log = structlog.get_logger()


def is_of_the_event(error: Exception) -> bool:
    """Whether an event is to blame, and not the database, its schema or this process."""
    if isinstance(error, psycopg2.Error):
        return isinstance(error, psycopg2.IntegrityError | psycopg2.DataError)
    return not isinstance(error, MemoryError)


def without_parked(cursor: Cursor, projection: Projection, events: Sequence[Event]) -> list[Event]:
    """The events that can be applied: those of streams of which some are parked are parked too."""
    stuck = parked.streams(cursor, projection.name)
    for event in events:
        if event.stream_id in stuck:
            parked.park(cursor, projection.name, event, None)
    return [event for event in events if event.stream_id not in stuck]


def apply_singly(cursor: Cursor, projection: Projection, events: Sequence[Event], upto: int) -> int:
    """Apply events one by one and park those that cannot be; returns `upto`, or as far as there was time for.

    Raises what is no event's fault.
    """
    until = monotonic() + _PATIENCE_SECONDS
    stuck = parked.streams(cursor, projection.name)
    for event in events:
        if event.stream_id in stuck:
            parked.park(cursor, projection.name, event, None)
        elif (error := _tried(cursor, projection, event)) is not None:
            stuck.add(event.stream_id)
            parked.park(cursor, projection.name, event, _reason(error))
            _log.error(
                "event parked",
                projection=projection.name,
                position=event.position,
                fact=event.fact.TOPIC,
                stream=str(event.stream_id),
                exc_info=error,
            )
        if monotonic() > until:
            assert event.position is not None
            return event.position
    return upto


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many parked events were applied, how many an operator had skipped, and how many still wait."""

    applied: int
    skipped: int
    left: int


def replay(database: Database, reader: LogReader, projection: Projection) -> Replayed:
    """Try once more what is parked, in the log's order, all in one transaction in which nobody else applies anything.

    Of a stream whose event fails again the later ones wait on.
    """
    name, without = projection.name, skipped(reader, projection.name)
    with database.transaction() as connection, connection.cursor() as cursor:
        positions.register(cursor, name, projection.version)
        positions.hold(cursor, name)
        waiting = parked.waiting(cursor, name)
        stuck, done, applied = set[UUID](), set[int](), 0
        for each in waiting:
            if each.position in without:
                done.add(each.position)
            elif each.stream_id not in stuck:
                (event,) = reader.read(each.position - 1, each.position, 1)
                if (error := _tried(cursor, projection, event)) is None:
                    done.add(each.position)
                    applied += 1
                else:
                    stuck.add(each.stream_id)
                    _log.error("event stays parked", projection=name, position=each.position, exc_info=error)
        parked.unpark(cursor, name, done)
        positions.change(cursor, name)
    return Replayed(applied, len(done) - applied, len(waiting) - len(done))


def skipped(reader: LogReader, name: str) -> frozenset[int]:
    """The positions that a read model does without, because an operator said so."""
    platform = NEW
    for event in reader.stream(PLATFORM_ID):
        platform = evolve(platform, cast("PlatformFact", event.fact))
    return frozenset(position for projection, position in platform.skipped if projection == name)


def _tried(cursor: Cursor, projection: Projection, event: Event) -> Exception | None:
    """Apply one event within a savepoint, several times if need be; what it failed with, each time anew."""
    failure: Exception | None = None
    for attempt in range(TRIES):
        if attempt:
            sleep(_PAUSE_SECONDS * 2**attempt)
        cursor.execute("SAVEPOINT event")
        try:
            projection.apply(cursor, [event])
        except Exception as error:
            if not is_of_the_event(error):
                raise
            cursor.execute("ROLLBACK TO SAVEPOINT event")
            failure = error
        else:
            cursor.execute("RELEASE SAVEPOINT event")
            return None
    return failure


def _reason(error: Exception) -> str:
    """What failed, without the values of any row, which may be somebody's. The worker's log has all of it."""
    if isinstance(error, psycopg2.IntegrityError):
        return f"{type(error).__name__}: {error.diag.message_primary}"
    at = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(at.filename)
    where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return f"{type(error).__name__} in {at.name} ({where}:{at.lineno})"
