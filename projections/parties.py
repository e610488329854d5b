"""Whom the facts of a booking, its payments and its reviews concern: told by the first, remembered for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from psycopg2.extras import execute_values

from domain.bookings import BookingHeld, BookingRequested
from domain.events import Event, Fact
from domain.payments import PaymentStarted
from domain.reviews import ReviewSubmitted
from projections.projection import Cursor, Rows

TELLING: Final[tuple[type[Fact], ...]] = (BookingRequested, BookingHeld, PaymentStarted, ReviewSubmitted)
"""The facts that say it: a projection that wants to know cares for them."""


@dataclass(frozen=True, slots=True)
class Parties:
    booking_id: UUID
    guest_id: UUID
    host_id: UUID


def parties(cursor: Cursor, table: str, events: Sequence[Event]) -> dict[UUID, Parties]:
    """Those of each stream among the events that has some: as `table` knows, or as these events say, which it keeps.

    `table` is the projection's own, of (stream_id, booking_id, guest_id, host_id).
    """
    streams = {event.stream_id for event in events}
    streams |= {event.fact.booking_id for event in events if isinstance(event.fact, PaymentStarted | ReviewSubmitted)}
    cursor.execute(
        f"SELECT stream_id, booking_id, guest_id, host_id FROM {table} WHERE stream_id = ANY (%s)",  # noqa: S608 - names
        [list(streams)],
    )
    before = {row[0]: Parties(*row[1:]) for row in cursor.fetchall()}
    known = dict(before)
    for event in events:
        learn(known, event)
    learnt = party_rows(table, {stream_id: each for stream_id, each in known.items() if stream_id not in before})
    execute_values(
        cursor,
        f"INSERT INTO {table} ({', '.join(learnt.columns)}) VALUES %s",  # noqa: S608 - names
        learnt.values,
        page_size=1000,
    )
    return known


def learn(known: dict[UUID, Parties], event: Event) -> None:
    """Add what an event tells of its stream to what earlier ones told."""
    match event.fact:
        case BookingRequested() | BookingHeld() as made if event.stream_id not in known:
            known[event.stream_id] = Parties(event.stream_id, made.guest_id, made.host_id)
        case PaymentStarted(booking_id) | ReviewSubmitted(booking_id):
            known[event.stream_id] = known[booking_id]
        case _:
            pass


def party_rows(table: str, known: Mapping[UUID, Parties]) -> Rows:
    """As they are remembered."""
    return Rows(
        table,
        ("stream_id", "booking_id", "guest_id", "host_id"),
        ((stream_id, each.booking_id, each.guest_id, each.host_id) for stream_id, each in known.items()),
    )
