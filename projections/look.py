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

_BY_INDEX: Final = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
_AS_IT_LIKES: Final = "SET LOCAL enable_sort = on; SET LOCAL enable_bitmapscan = on"


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far in the log the answer has come, and since when it has (None: nothing was ever read)."""

    position: int
    moved_at: datetime | None


@dataclass(slots=True)
class Look:
    """What has to be answered by `deadline` (of `monotonic`), all within the cursor's transaction."""

    cursor: Cursor
    deadline: float | None = None
    is_set: bool = field(default=False, init=False)

    def rows(self, asked: Sql, *, by_index: bool = False) -> list[tuple[Any, ...]]:
        """The answer. Raises Rejected `search_timed_out`.

        `by_index` has it read one index from one end: the server takes many conditions together to be far rarer than
        they are, and would rather fetch all rows of the place and sort them.
        """
        before = [] if self.is_set else [_SETTINGS]
        before.append(_BY_INDEX if by_index else _AS_IT_LIKES)
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
        found = self.rows(Sql("SELECT position, moved_at FROM positions WHERE name = %s", (name,)))
        return AsOf(*found[0]) if found else AsOf(0, None)


@contextmanager
def looking(cursor: Cursor, seconds: float) -> Iterator[Look]:
    """A look in a transaction of its own, on a connection in autocommit. `seconds` are for all that is asked in it."""
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield Look(cursor, monotonic() + seconds)
    finally:
        cursor.execute("ROLLBACK")
