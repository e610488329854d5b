"""Blocked nights as analysts see them: what a page of events makes of them, in two round trips."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from psycopg2.extras import execute_values

from domain.properties import Block
from projections.projection import Cursor

TABLE: Final = "analytics_blocks"
HOSTS_OWN: Final = "host"
"""The origin of blocks that a host made here: all others come from another marketplace's calendar."""

_PAGE: Final = 1000
"""Rows per statement."""


class Blocks:
    """Nights that had passed when a block was taken away stay blocked: nobody could have had them.

    What the rows were before the page is not read: of a block that was put there before it, `_cut` has the day on
    which it was taken away. One that comes back under its id is put over what is left of it. `_gone` are those that
    were put and taken away in one page: whatever had their ids before goes with them.
    """

    def __init__(self) -> None:
        self.property_ids = set[UUID]()
        self._put = dict[UUID, tuple[UUID, date, date, bool]]()
        self._gone = set[UUID]()
        self._cut = dict[UUID, date]()

    def put(self, property_id: UUID, blocks: Sequence[Block]) -> None:
        self.property_ids.add(property_id)
        for block in blocks:
            new = property_id, block.first, block.until, block.origin != HOSTS_OWN
            whose, _, _, is_imported = self._put.get(block.block_id, new)
            self._put[block.block_id] = whose, block.first, block.until, is_imported

    def take_away(self, property_id: UUID, block_ids: Sequence[UUID], today: date) -> None:
        """`today` is the day at the property."""
        self.property_ids.add(property_id)
        for block_id in block_ids:
            if (put := self._put.get(block_id)) is None:
                self._cut[block_id] = min(today, self._cut.get(block_id, today))
            elif put[1] < today:
                self._put[block_id] = (*put[:2], min(put[2], today), put[3])
            else:
                del self._put[block_id]
                self._gone.add(block_id)

    def save(self, cursor: Cursor) -> None:
        cut = list(self._cut), list(self._cut.values())
        if self._gone or self._cut:
            cursor.execute(
                """DELETE FROM analytics_blocks WHERE block_id = ANY (%s::uuid[]);
                   DELETE FROM analytics_blocks b USING unnest(%s::uuid[], %s::date[]) AS cut (id, today)
                   WHERE block_id = id AND first >= today;
                   UPDATE analytics_blocks SET until = today FROM unnest(%s::uuid[], %s::date[]) AS cut (id, today)
                   WHERE block_id = id AND until > today""",
                [list(self._gone), *cut, *cut],
            )
        execute_values(
            cursor,
            """INSERT INTO analytics_blocks (block_id, property_id, first, until, is_imported) VALUES %s
               ON CONFLICT (block_id) DO UPDATE SET (first, until) = (excluded.first, excluded.until)""",
            [(block_id, *put) for block_id, put in self._put.items()],
            page_size=_PAGE,
        )
