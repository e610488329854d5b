"""The trail: whom and what each event concerns, so that auditors find it. What it says is read from the log itself.

It is of every event, and nothing stops it: what is not known any more concerns nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg2.extras import execute_values

from domain.catalogue import FACTS
from domain.events import ActorKind, Event
from projections.concerns import Concerns, Known, goes_on_about, learn
from projections.projection import Cursor, Page, Projection, Rows, Value, page_of

_STRETCH: Final = 1_024


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events: those that all of these are true of.

    `since` and `until` are instants of `recorded_at`, the second is not in; `after` and `before` are positions, neither
    is in. `actor` is a user's id, a provider's or a process's name.
    """

    stream: UUID | None = None
    booking: UUID | None = None
    payment: UUID | None = None
    user: UUID | None = None
    type: str | None = None
    actor: str | None = None
    actor_kind: ActorKind | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    before: int | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The position of an event, and the bookings that it concerns."""

    position: int
    bookings: tuple[UUID, ...]


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    before = _remembered(cursor, events)
    known = dict(before)
    rows = [_row(event, learn(known, event)) for event in events]
    _insert(cursor, Rows("trail", _COLUMNS, rows))
    _insert(cursor, _memory({each: concerns for each, concerns in known.items() if each not in before}))
    _insert(cursor, _clock(_latest(events)), _LATER)


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    known, latest = Known(), dict[int, datetime]()
    for page in pages:
        yield Rows("trail", _COLUMNS, [_row(event, learn(known, event)) for event in page])
        latest = _latest(page, latest)
    yield _memory(known)
    yield _clock(latest)


_LATER: Final = "ON CONFLICT (stretch) DO UPDATE SET latest = greatest(old.latest, excluded.latest)"
_COLUMNS: Final = (
    *("position", "stream_id", "type", "actor_kind", "actor_id", "bookings", "payments", "users", "recorded_at"),
)


def _insert(cursor: Cursor, rows: Rows, conflict: str = "") -> None:
    execute_values(
        cursor,
        f"INSERT INTO {rows.table} AS old ({', '.join(rows.columns)}) VALUES %s {conflict}",  # noqa: S608 - constants
        rows.values,
        page_size=1000,
    )


def _row(event: Event, concerns: Concerns) -> tuple[Value, ...]:
    return (
        *(event.position, event.stream_id, event.fact.TOPIC, event.actor.kind, event.actor.id.partition("/")[0]),
        *(_array(concerns.bookings), _array(concerns.payments), _array(concerns.users), event.recorded_at),
    )


def _array(ids: Iterable[UUID]) -> str:
    return f"{{{','.join(map(str, ids))}}}"


def _memory(known: Mapping[UUID, Concerns]) -> Rows:
    rows = ((each, _array(of.bookings), _array(of.payments), _array(of.users)) for each, of in known.items())
    return Rows("trail_concerns_of", ("id", "bookings", "payments", "users"), rows)


def _clock(latest: Mapping[int, datetime]) -> Rows:
    return Rows("trail_clock", ("stretch", "latest"), latest.items())


def _latest(events: Sequence[Event], before: Mapping[int, datetime] | None = None) -> dict[int, datetime]:
    """Of each stretch of positions the latest time at which one of them was recorded."""
    latest = dict(before or {})
    for event in events:
        assert event.position is not None
        assert event.recorded_at is not None, "it is of the log"
        stretch = event.position // _STRETCH
        latest[stretch] = max(latest.get(stretch, event.recorded_at), event.recorded_at)
    return latest


def _remembered(cursor: Cursor, events: Sequence[Event]) -> Known:
    """What is known of the streams among the events and of what their facts name."""
    wanted = {each for event in events for each in goes_on_about(event)}
    cursor.execute("SELECT id, bookings, payments, users FROM trail_concerns_of WHERE id = ANY (%s)", [list(wanted)])
    return {row[0]: Concerns(*map(tuple, row[1:])) for row in cursor.fetchall()}


TRAIL: Final = Projection(
    name="trail",
    version=1,
    tables=("trail", "trail_concerns_of", "trail_clock"),
    facts=tuple(FACTS.values()),
    apply=apply,
    fold=fold,
    spans_partitions=True,
)


# --- queries ------------------------------------------------------------------------------------------------


def find(cursor: Cursor, asked: Asked, after: int | None, limit: int) -> Page[Found]:
    """Where events are, in the log's order or against it; `after` is where the page before ended."""
    conditions, arguments = _conditions(asked)
    if after is not None:
        conditions.append(f"position {'<' if asked.newest_first else '>'} %s")
        arguments.append(after)
    cursor.execute(
        f"""SELECT position, bookings FROM trail WHERE {" AND ".join(["true", *conditions])}
            ORDER BY position {"DESC" if asked.newest_first else "ASC"} LIMIT %s""",  # noqa: S608 - constants
        [*arguments, limit + 1],
    )
    found = [Found(position, tuple(bookings)) for position, bookings in cursor.fetchall()]
    return page_of(found, limit, lambda each: (each.position,))


def _conditions(asked: Asked) -> tuple[list[str], list[object]]:
    given: list[tuple[str, object]] = [
        # Streams are found by the log's own key: the positions of one's events rise with their versions.
        ("position IN (SELECT position FROM events WHERE stream_id = %s)", asked.stream),
        ("bookings @> ARRAY[%s]::uuid[]", asked.booking),
        ("payments @> ARRAY[%s]::uuid[]", asked.payment),
        ("users @> ARRAY[%s]::uuid[]", asked.user),
        ("type = %s", asked.type),
        ("actor_id = %s", asked.actor),
        ("actor_kind = %s", asked.actor_kind),
        ("recorded_at >= %s", asked.since),
        ("recorded_at < %s", asked.until),
        ("position > %s", asked.after),
        ("position < %s", asked.before),
    ]
    return [condition for condition, value in given if value is not None], [
        value for _, value in given if value is not None
    ]


def bookings_of(cursor: Cursor, positions: Sequence[int]) -> dict[int, tuple[UUID, ...]]:
    """The bookings that events concern, by position, as far as the trail goes."""
    cursor.execute("SELECT position, bookings FROM trail WHERE position = ANY (%s)", [list(positions)])
    return {position: tuple(bookings) for position, bookings in cursor.fetchall()}


def streams_of(cursor: Cursor, booking_id: UUID) -> list[UUID]:
    """Every stream with an event that concerns a booking, in the order in which they came to it."""
    cursor.execute(
        "SELECT stream_id FROM trail WHERE bookings @> ARRAY[%s]::uuid[] GROUP BY stream_id ORDER BY min(position)",
        [booking_id],
    )
    return [stream_id for (stream_id,) in cursor.fetchall()]


def upto(cursor: Cursor, instant: datetime) -> int:
    """The last position of the longest prefix of the log of which nothing was recorded after an instant; 0: of none.

    As far as the trail goes. It costs a row for each thousand positions before, and then a thousand.
    """
    cursor.execute(
        """WITH crossed AS (SELECT min(stretch) AS stretch FROM trail_clock WHERE latest > %(instant)s),
           later AS (
               SELECT min(position) AS position FROM trail, crossed
               WHERE position >= stretch * %(size)s AND position < (stretch + 1) * %(size)s
                 AND recorded_at > %(instant)s
           )
           SELECT max(position) FROM trail
           WHERE position < coalesce((SELECT position FROM later), 9223372036854775807)""",
        {"instant": instant, "size": _STRETCH},
    )
    ((position,),) = cursor.fetchall()
    return int(position or 0)
