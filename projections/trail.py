"""The trail: whom and what each event concerns, so that auditors find it. What it says is read from the log itself.

It is of every event, and nothing stops it: what is not known any more concerns nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg2.extras import execute_values

from domain.catalogue import FACTS
from domain.events import Actor, ActorKind, Event
from projections.concerns import Concerns, Known, goes_on_about, learn
from projections.projection import Cursor, Page, Projection, Rows, Value, page_of

_STRETCH: Final = 1_024
"""Positions of which it is kept when they were recorded: times are found without an index on them."""

_NOWHERE: Final = 2**63 - 1
"""Behind every position."""

Span = tuple[datetime, datetime]


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
    _insert(cursor, _clock(_spans(events)), _WIDENING)


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    known, spans = Known(), dict[int, Span]()
    for page in pages:
        yield Rows("trail", _COLUMNS, [_row(event, learn(known, event)) for event in page])
        spans = _spans(page, spans)
    yield _memory(known)
    yield _clock(spans)


_WIDENING: Final = """
    ON CONFLICT (stretch) DO UPDATE
    SET earliest = least(old.earliest, excluded.earliest), latest = greatest(old.latest, excluded.latest)
"""
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
        *(event.position, event.stream_id, event.fact.TOPIC, event.actor.kind, _who(event.actor)),
        *(_array(concerns.bookings), _array(concerns.payments), _array(concerns.users), event.recorded_at),
    )


def _who(actor: Actor) -> str:
    """Of an API key, whose it is."""
    return actor.id.partition("/")[0] if actor.kind == "api_key" else actor.id


def _array(ids: Iterable[UUID]) -> str:
    return f"{{{','.join([each.hex for each in ids])}}}"


def _memory(known: Mapping[UUID, Concerns]) -> Rows:
    rows = ((each, _array(of.bookings), _array(of.payments), _array(of.users)) for each, of in known.items())
    return Rows("trail_concerns_of", ("id", "bookings", "payments", "users"), rows)


def _clock(spans: Mapping[int, Span]) -> Rows:
    rows = ((stretch, *span) for stretch, span in spans.items())
    return Rows("trail_clock", ("stretch", "earliest", "latest"), rows)


def _spans(events: Sequence[Event], before: Mapping[int, Span] | None = None) -> dict[int, Span]:
    """Of each stretch of positions the earliest and the latest time at which one of them was recorded."""
    spans = dict(before or {})
    for event in events:
        assert event.position is not None
        at = event.recorded_at
        assert at is not None, "it is of the log"
        earliest, latest = spans.get(event.position // _STRETCH, (at, at))
        spans[event.position // _STRETCH] = min(earliest, at), max(latest, at)
    return spans


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
    beyond = "position < %(beyond)s" if asked.newest_first else "position > %(beyond)s"
    conditions = [sql for name, sql in _CONDITIONS.items() if getattr(asked, name) is not None]
    conditions += [beyond] if after is not None else []
    cursor.execute(
        f"""SELECT position, bookings FROM trail WHERE {" AND ".join(conditions) or "true"}
            ORDER BY position {"DESC" if asked.newest_first else "ASC"} LIMIT %(limit)s""",  # noqa: S608 - constants
        {**asdict(asked), "beyond": after, "limit": limit + 1},
    )
    found = [Found(position, tuple(bookings)) for position, bookings in cursor.fetchall()]
    return page_of(found, limit, lambda each: (each.position,))


_CONDITIONS: Final[Mapping[str, str]] = {
    # Streams are found by the log's own key: the positions of one's events rise with their versions.
    "stream": "position IN (SELECT position FROM events WHERE stream_id = %(stream)s)",
    "booking": "bookings @> ARRAY[%(booking)s]::uuid[]",
    "payment": "payments @> ARRAY[%(payment)s]::uuid[]",
    "user": "users @> ARRAY[%(user)s]::uuid[]",
    "type": "type = %(type)s",
    "actor": "actor_id = %(actor)s",
    "actor_kind": "actor_kind = %(actor_kind)s",
    # Whatever was recorded since then is from the first stretch on of which some was, and likewise before.
    "since": f"""recorded_at >= %(since)s AND position >= coalesce(
        (SELECT min(stretch) FROM trail_clock WHERE latest >= %(since)s) * {_STRETCH}, {_NOWHERE})""",  # noqa: S608
    "until": f"""recorded_at < %(until)s AND position < coalesce(
        (SELECT max(stretch) + 1 FROM trail_clock WHERE earliest < %(until)s) * {_STRETCH}, 0)""",  # noqa: S608
    "after": "position > %(after)s",
    "before": "position < %(before)s",
}
"""By the name of what is asked."""


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
        f"""SELECT max(position) FROM trail WHERE position < coalesce((
                SELECT min(position) FROM trail
                WHERE recorded_at > %(instant)s
                  AND position >= (SELECT min(stretch) FROM trail_clock WHERE latest > %(instant)s) * {_STRETCH}
            ), {_NOWHERE})""",  # noqa: S608 - constants
        {"instant": instant},
    )
    ((position,),) = cursor.fetchall()
    return int(position or 0)
