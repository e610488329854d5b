"""What a projection is: the facts it cares for, and what they do to its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from psycopg2 import extensions

from domain.events import Event, Fact

T = TypeVar("T")

Cursor = extensions.cursor
Connection = extensions.connection

After = tuple[str | int, ...]
"""Where a page ends: the values of its order in the last row, as JSON values. Opaque to clients."""

PAGE_MAX = 100

Value = None | str | bool | int | UUID | date | datetime
"""What a column of folded rows holds; whatever else it may be is written as PostgreSQL writes it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for a table of the projection, each with a value for every one of `columns`."""

    table: str
    columns: tuple[str, ...]
    values: Iterable[Sequence[Value]]


Fold = Callable[[Iterable[Sequence[Event]]], Iterator[Rows]]
"""From the whole log's events, page by page, all rows there are to be: kept in memory until nothing changes them."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Rows derived from the log, and from nothing else.

    `apply` is given the events with one of `facts`, in the log's order, within the transaction that also moves the
    projection's position: so each event is applied once, whatever dies when. It keeps no state but its rows and
    writes no time but the events' own, so that replaying the log makes the same rows again.

    `version` counts changes of what `apply` makes of an event: rows of another version are to be rebuilt. `tables`
    are all that it fills, by names without a schema: a rebuild has the same code fill others of the same names.

    `fold` makes the same rows without looking any up, for a rebuild; None: then `apply` makes them. Several processes
    may fold some partitions each, unless there are rows of more than one (`spans_partitions`). Lists in facts that
    `unread` names are nothing to it, and may be empty in what it is given (see `Mapper.to_domain_events`).
    """

    name: str
    version: int
    tables: tuple[str, ...]
    facts: tuple[type[Fact], ...]
    apply: Callable[[Cursor, Sequence[Event]], None]
    rebuildable: bool = True
    fold: Fold | None = None
    spans_partitions: bool = False
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a query, and where the next page begins (None: there is none).

    `place` says where a page begins that follows one of the rows.
    """

    items: list[T]
    after: After | None
    place: Callable[[T], After]


def page_of(rows: Sequence[T], limit: int, place: Callable[[T], After]) -> Page[T]:
    """The page that `limit` + 1 rows asked for make: a row too many says that there is a next page."""
    items = list(rows[:limit])
    return Page(items, place(items[-1]) if len(rows) > limit else None, place)
