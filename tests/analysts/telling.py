"""What tests of the analysts' views tell the read models, and what they ask the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from domain.events import Event
from projections.analytics import ANALYTICS
from projections.host_accounts import HOST_ACCOUNTS
from projections.ledger import LEDGER
from projections.projection import Cursor
from projections.reviews import REVIEWS

BEHIND: Final = (ANALYTICS, LEDGER, HOST_ACCOUNTS, REVIEWS)
"""The projections that the views are made of."""


def tell(cursor: Cursor, events: Sequence[Event], batch: int = 1_000) -> None:
    """Hand the events to every projection behind the views, some at a time."""
    for begin in range(0, len(events), batch):
        for projection in BEHIND:
            wanted = [event for event in events[begin : begin + batch] if isinstance(event.fact, projection.facts)]
            if wanted:
                projection.apply(cursor, wanted)


def ask(cursor: Cursor, query: str, *values: object) -> list[tuple[Any, ...]]:
    cursor.execute(query, values)
    return cursor.fetchall()
