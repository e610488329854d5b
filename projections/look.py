"""One look at a read model: what is asked in it is answered from one moment, and takes no longer than it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final

from psycopg2.errors import QueryCanceled

from domain.rejections import Rejected
from projections.projection import Cursor
from projections.search_sql import LIKE, Sql

_SETTINGS: Final = f"SET LOCAL jit = off; SET LOCAL pg_trgm.strict_word_similarity_threshold = {LIKE}"
"""Compiling takes longer than anything that is asked here."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far in the log the answer has come, and since when it has."""

    position: int
    moved_at: datetime


@dataclass(slots=True)
class Look:
    """What has to be answered by `deadline` (of `monotonic`), all within the cursor's transaction."""

    cursor: Cursor
    deadline: float | None = None
    is_set: bool = field(default=False, init=False)

    def rows(self, asked: Sql) -> list[tuple[Any, ...]]:
        """The answer. Raises Rejected `search_timed_out`."""
        before = [] if self.is_set else [_SETTINGS]
        if self.deadline is not None:
            before.append(f"SET LOCAL statement_timeout = {self._milliseconds_left()}")
        try:
            self.cursor.execute("; ".join([*before, asked.text]), asked.values)
        except QueryCanceled as late:
            raise Rejected("search_timed_out", "Look for less: a smaller part of the map, fewer dates.") from late
        self.is_set = True
        return self.cursor.fetchall()

    def _milliseconds_left(self) -> int:
        assert self.deadline is not None
        return max(1, round(1000 * (self.deadline - monotonic())))

    def as_of(self, name: str) -> AsOf:
        """How fresh the read model of that name is in this look."""
        ((position, moved_at),) = self.rows(Sql("SELECT position, moved_at FROM positions WHERE name = %s", (name,)))
        return AsOf(position, moved_at)


@contextmanager
def looking(cursor: Cursor, seconds: float) -> Iterator[Look]:
    """A look in a transaction of its own, on a connection in autocommit. `seconds` are for all that is asked in it."""
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield Look(cursor, monotonic() + seconds)
    finally:
        cursor.execute("ROLLBACK")
