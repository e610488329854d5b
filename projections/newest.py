"""Pages of rows that belong to something, newest first: of one thing or of many, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from projections.projection import PAGE_MAX, After, Cursor, Page, page_of

T = TypeVar("T")

_TOP: Final[After] = ("infinity", str(UUID(int=(1 << 128) - 1)))
"""What every row comes after."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of what belongs to `owner`: at most `limit` rows, and 100, after the page before's."""

    owner: UUID
    after: After | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Newest:
    """How pages are read: rows of `select`, whose WHERE names `asked.owner`, by the time and the id that they have."""

    select: str
    at: str
    id: str

    def pages(
        self,
        cursor: Cursor,
        wanted: Sequence[Wanted],
        row: Callable[[tuple[Any, ...]], T],
        place: Callable[[T], After],
        values: Mapping[str, object] | None = None,
    ) -> dict[Wanted, Page[T]]:
        """The pages that are wanted; `values` are the select's own."""
        asked = list(dict.fromkeys(wanted))
        limits = [min(each.limit, PAGE_MAX) for each in asked]
        cursor.execute(
            f"""SELECT asked.n, found.*
                FROM unnest(%(owners)s::uuid[], %(times)s::timestamptz[], %(ids)s::uuid[], %(limits)s::int[])
                     WITH ORDINALITY AS asked (owner, at, id, rows, n)
                CROSS JOIN LATERAL ({self.select} AND ({self.at}, {self.id}) < (asked.at, asked.id)
                                    ORDER BY {self.at} DESC, {self.id} DESC LIMIT asked.rows) AS found
                ORDER BY asked.n, found.{self.at} DESC, found.{self.id} DESC""",  # noqa: S608 - constants
            {
                "owners": [each.owner for each in asked],
                "times": [(each.after or _TOP)[0] for each in asked],
                "ids": [(each.after or _TOP)[1] for each in asked],
                "limits": [limit + 1 for limit in limits],
                **(values or {}),
            },
        )
        rows: list[list[T]] = [[] for _ in asked]
        for number, *columns in cursor.fetchall():
            rows[number - 1].append(row(tuple(columns)))
        return {each: page_of(found, limit, place) for each, found, limit in zip(asked, rows, limits, strict=True)}
