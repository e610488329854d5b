"""Bookings as guests and hosts list them: one row per booking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple, cast, get_args
from uuid import UUID

import msgspec
from psycopg2.extras import execute_values

from domain import bookings
from domain.bookings import (
    AlterationHeld,
    Booking,
    BookingAltered,
    BookingCancelled,
    BookingFact,
    BookingHeld,
    BookingRequested,
    Confirmed,
    Held,
    Requested,
    Role,
    Status,
)
from domain.events import Event
from domain.lifecycle import due_at
from projections.projection import PAGE_MAX, After, Cursor, Page, Projection, Rows, Value, page_of


class Entry(NamedTuple):
    """A booking in a list.

    `booking` is the domain's, without the lines of its quote and of its refund; whatever else the domain says of a
    booking (its status, what can be done with it now) it says of this one too.

    A tuple, because a rebuild makes one for each event, and a frozen dataclass takes three times as long.
    """

    booking_id: UUID
    booking: Booking
    created_at: datetime
    updated_at: datetime


# --- what each event does ---------------------------------------------------------------------------------


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    begun = {event.stream_id for event in events if event.version == 1}
    entries = _load(cursor, {event.stream_id for event in events} - begun)
    for event in events:
        entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    _save(cursor, entries.values())


def fold(pages: Iterable[Sequence[Event]]) -> Iterator[Rows]:
    entries = dict[UUID, Entry]()
    for page in pages:
        for event in page:
            entries[event.stream_id] = _evolve(entries.get(event.stream_id), event)
    yield Rows("bookings", _COLUMNS, map(_row, entries.values()))


def _evolve(entry: Entry | None, event: Event) -> Entry:
    booking = bookings.evolve(entry.booking if entry else None, _without_lines(cast("BookingFact", event.fact)))
    if entry is None:
        return Entry(event.stream_id, booking, event.occurred_at, event.occurred_at)
    return Entry(entry.booking_id, booking, entry.created_at, event.occurred_at)


def _without_lines(fact: BookingFact) -> BookingFact:
    """Lists do not show them, and a year's stay has hundreds. Folded facts come without (see `BOOKINGS.unread`)."""
    match fact:
        case BookingRequested(quote=quote) | BookingHeld(quote=quote) if quote.lines:
            return replace(fact, quote=replace(quote, lines=()))
        case AlterationHeld(quote=quote) | BookingAltered(quote=quote) if quote.lines:
            return replace(fact, quote=replace(quote, lines=()))
        case BookingCancelled(refund=refund) if refund.lines:
            return replace(fact, refund=replace(refund, lines=()))
        case _:
            return fact


BOOKINGS: Final = Projection(
    name="bookings",
    version=3,
    tables=("bookings",),
    facts=get_args(BookingFact),
    apply=apply,
    fold=fold,
    unread=("lines",),
)


# --- queries ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of somebody's bookings; what is None, and no status at all, is not asked about.

    `check_in_until` is the first check-in that is too late. `waits_for` is the side whose turn it is now.
    """

    statuses: tuple[Status, ...] = ()
    property_id: UUID | None = None
    check_in_from: date | None = None
    check_in_until: date | None = None
    when: When | None = None
    waits_for: Role | None = None


EVERY: Final = Wanted()


def of_user(
    cursor: Cursor,
    user_id: UUID,
    role: Role,
    now: datetime,
    wanted: Wanted = EVERY,
    after: After | None = None,
    limit: int = 20,
) -> Page[Entry]:
    """One page of the bookings somebody made as a guest or got as a host, newest first.

    `limit` is at most 100; `after` is the page before's.
    """
    limit = min(limit, PAGE_MAX)
    created_at, booking_id = after or (None, None)
    cursor.execute(
        f"""SELECT {_READ} FROM bookings WHERE {" AND ".join(_conditions(role, wanted, after))}
            ORDER BY created_at DESC, booking_id DESC LIMIT %(limit)s""",  # noqa: S608 - constants
        {
            "user_id": user_id,
            "statuses": list(wanted.statuses),
            "property_id": wanted.property_id,
            "check_in_from": wanted.check_in_from,
            "check_in_until": wanted.check_in_until,
            "waits_for": wanted.waits_for,
            "now": now,
            "created_at": created_at,
            "booking_id": booking_id,
            "limit": limit + 1,
        },
    )
    entries = [_entry(row) for row in cursor.fetchall()]
    return page_of(entries, limit, lambda entry: (entry.created_at.isoformat(), str(entry.booking_id)))


def _conditions(role: Role, wanted: Wanted, after: After | None) -> Iterator[str]:
    yield f"{role}_id = %(user_id)s"
    if wanted.statuses:
        yield "status = ANY (%(statuses)s)"
    if wanted.property_id:
        yield "property_id = %(property_id)s"
    if wanted.check_in_from:
        yield "check_in >= %(check_in_from)s"
    if wanted.check_in_until:
        yield "check_in < %(check_in_until)s"
    if wanted.when:
        yield _WHEN[wanted.when]
    if wanted.waits_for:
        yield "waits_for = %(waits_for)s AND due_at > %(now)s"
    if after:
        yield "(created_at, booking_id) < (%(created_at)s::timestamptz, %(booking_id)s::uuid)"


When = Literal["upcoming", "current", "past"]
_WHEN: Final[Mapping[When, str]] = {
    "upcoming": "begins_at > %(now)s",
    "current": "begins_at <= %(now)s AND ends_at > %(now)s",
    "past": "ends_at <= %(now)s",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bookings one side has in each status, and how many wait for that side now."""

    statuses: Mapping[Status, int]
    waiting: int


def counts(cursor: Cursor, user_id: UUID, role: Role, now: datetime) -> Counts:
    cursor.execute(
        f"SELECT status, count(*) FROM bookings WHERE {role}_id = %s GROUP BY status",  # noqa: S608 - a Literal
        [user_id],
    )
    found = dict(cursor.fetchall())
    cursor.execute(
        f"SELECT count(*) FROM bookings WHERE {role}_id = %s AND waits_for = %s AND due_at > %s",  # noqa: S608
        [user_id, role, now],
    )
    ((waiting,),) = cursor.fetchall()
    return Counts({status: found.get(status, 0) for status in get_args(Status)}, waiting)


def due(cursor: Cursor, now: datetime, limit: int) -> list[UUID]:
    """The bookings that time has made something of, the longest ago first: where to look, not what to decide."""
    cursor.execute(
        "SELECT booking_id FROM bookings WHERE due_at <= %s ORDER BY due_at, booking_id LIMIT %s", [now, limit]
    )
    return [booking_id for (booking_id,) in cursor.fetchall()]


# --- rows ---------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    *("booking_id", "property_id", "host_id", "guest_id", "check_in", "check_out", "guests", "total_minor", "currency"),
    *("begins_at", "ends_at", "status", "waits_for", "due_at", "kind", "state", "created_at", "updated_at"),
)
_SELECTED: Final = ", ".join(_COLUMNS)
_KINDS: Final[dict[str, type[Booking]]] = {kind.__name__: kind for kind in get_args(Booking)}


def _load(cursor: Cursor, booking_ids: Collection[UUID]) -> dict[UUID, Entry]:
    """What is known of them; nothing is asked when there are none."""
    if not booking_ids:
        return {}
    cursor.execute(f"SELECT {_READ} FROM bookings WHERE booking_id = ANY (%s)", [list(booking_ids)])  # noqa: S608
    return {row[0]: _entry(row) for row in cursor.fetchall()}


def _save(cursor: Cursor, entries: Iterable[Entry]) -> None:
    execute_values(
        cursor,
        f"""INSERT INTO bookings ({_SELECTED}) VALUES %s
            ON CONFLICT (booking_id) DO UPDATE
            SET ({_SELECTED}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608
        [_row(entry) for entry in entries],
        page_size=1000,
    )


def _row(entry: Entry) -> tuple[Value, ...]:
    """The columns that lists are found by, and the whole state as JSON."""
    booking = entry.booking
    made = booking.made
    quote = made.quote
    return (
        *(entry.booking_id, made.property_id, made.host_id, made.guest_id, quote.stay.check_in, quote.stay.check_out),
        *(quote.guests, quote.total.minor, quote.total.currency, bookings.check_in(made), bookings.check_out(made)),
        *(bookings.status(booking), _waits_for(booking), due_at(booking)),
        *(type(booking).__name__, msgspec.json.encode(booking).decode(), entry.created_at, entry.updated_at),
    )


def _waits_for(booking: Booking) -> Role | None:
    """Whose turn it is until time makes something of the booking: the side that has to answer or to pay."""
    match booking:
        case Requested():
            return "host"
        case Held() | Confirmed(alteration=AlterationHeld()):
            return "guest"
        case _:
            return None


_READ: Final = "booking_id, kind, state, created_at, updated_at"


def _entry(row: tuple[Any, ...]) -> Entry:
    """A row of `_READ`."""
    booking_id, kind, state, created_at, updated_at = row
    return Entry(booking_id, msgspec.json.decode(state, type=_KINDS[kind]), created_at, updated_at)
