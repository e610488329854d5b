"""Audit: counts how often each event was applied. Only for tests of "exactly once" (`LODGER_AUDIT_PROJECTION`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg2.extras import execute_values

from domain.catalogue import FACTS
from domain.events import Event
from projections.projection import Cursor, Projection


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    execute_values(
        cursor,
        """INSERT INTO audit_events AS seen (event_id, position) VALUES %s
           ON CONFLICT (event_id) DO UPDATE SET applied = seen.applied + 1""",
        [(event.event_id, event.position) for event in events],
    )


AUDIT: Final = Projection(name="audit", version=1, tables=("audit_events",), facts=tuple(FACTS.values()), apply=apply)
