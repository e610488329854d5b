"""What analysts count: bookings and their nights, payments, properties through time, and people under other names.

The views of the schema `analytics` are made of these tables and of the ledger's (docs/analysts.md says what each of
them means). All of it stands at one position of the log, so that it can be held against the ledger's books.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.events import Event
from projections import analytics_bookings, analytics_payments, analytics_properties, analytics_users
from projections.projection import Cursor, Projection


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    resold = analytics_bookings.apply(cursor, events)
    analytics_properties.apply(cursor, events, resold)
    analytics_payments.apply(cursor, events)
    analytics_users.apply(cursor, events)
    _tell_the_day(cursor, events)


def _tell_the_day(cursor: Cursor, events: Sequence[Event]) -> None:
    """How far ahead nights are counted is told by the events, not by a clock: so it is the same when made again."""
    if events:
        cursor.execute(
            """INSERT INTO analytics_clock (today) VALUES ((%s AT TIME ZONE 'UTC')::date)
               ON CONFLICT (single) DO UPDATE SET today = greatest(analytics_clock.today, excluded.today)""",
            [max(event.occurred_at for event in events)],
        )


ANALYTICS: Final = Projection(
    name="analytics",
    version=1,
    tables=(
        *analytics_bookings.TABLES,
        *analytics_payments.TABLES,
        *analytics_properties.TABLES,
        *analytics_users.TABLES,
        "analytics_clock",
    ),
    facts=(
        *analytics_bookings.FACTS,
        *analytics_payments.FACTS,
        *analytics_properties.FACTS,
        *analytics_users.FACTS,
    ),
    apply=apply,
)
