"""Events that a read model could not take, and later ones of their streams: they wait in the log's order for an
operator, while the read model goes on without them.

What is here are positions and ids. How many there are stands in the read model's position row, so that where none are
nobody looks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.events import Event
from projections.projection import Cursor


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """`fact` is the stored name; `reason` is why it could not be taken, None where it waits for those before it."""

    projection: str
    position: int
    event_id: UUID
    stream_id: UUID
    fact: str
    reason: str | None
    parked_at: datetime


def park(cursor: Cursor, name: str, event: Event, reason: str | None) -> None:
    """Let an event wait. One that waits already is given the new reason."""
    cursor.execute(
        """INSERT INTO parked_events (projection, position, stream_id, partition_key, reason)
           VALUES (%s, %s, %s, %s, %s)""",
        [name, event.position, event.stream_id, event.partition_key, reason],
    )
    _count(cursor, name)


def unpark(cursor: Cursor, name: str, positions: Collection[int]) -> None:
    """These events are done with."""
    cursor.execute("DELETE FROM parked_events WHERE projection = %s AND position = ANY (%s)", [name, sorted(positions)])
    _count(cursor, name)


def unpark_all(cursor: Cursor, name: str) -> None:
    """All of a read model's are done with."""
    cursor.execute("DELETE FROM parked_events WHERE projection = %s", [name])
    _count(cursor, name)


def streams(cursor: Cursor, name: str) -> set[UUID]:
    """The streams of which events wait."""
    cursor.execute("SELECT DISTINCT stream_id FROM parked_events WHERE projection = %s", [name])
    return {stream_id for (stream_id,) in cursor.fetchall()}


def waiting(cursor: Cursor, name: str | None = None) -> list[ParkedEvent]:
    """What waits, of one read model or of all, in the log's order."""
    cursor.execute(
        """SELECT projection, position, (meta::json->>'event_id')::uuid, p.stream_id, type, reason, parked_at
           FROM parked_events p JOIN events e USING (position)
           WHERE projection = coalesce(%s, projection) ORDER BY projection, position""",
        [name],
    )
    return [ParkedEvent(*row) for row in cursor.fetchall()]


def conceals(cursor: Cursor, name: str, position: int, *, whole: bool) -> bool:
    """Whether what is parked keeps a read model from showing what had happened by a position.

    That is a matter of the partition in which the event there is; of any with `whole`, or where no event is.
    """
    cursor.execute(
        """SELECT EXISTS (
               SELECT FROM parked_events p
               WHERE projection = %(name)s AND position <= %(position)s AND (%(whole)s OR partition_key = coalesce(
                   (SELECT e.partition_key FROM events e WHERE e.position = %(position)s), p.partition_key)))""",
        {"name": name, "position": position, "whole": whole},
    )
    ((found,),) = cursor.fetchall()
    return bool(found)


def _count(cursor: Cursor, name: str) -> None:
    cursor.execute(
        "UPDATE positions SET parked = (SELECT count(*) FROM parked_events WHERE projection = name) WHERE name = %s",
        [name],
    )
