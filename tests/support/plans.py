"""How PostgreSQL would answer the queries of a read model."""

from __future__ import annotations

from typing import Any

from projections.projection import Cursor


class Explained:
    """A cursor that asks for the plan of each statement, and answers as if nothing were found.

    Sorting and whole tables are out of question for the planner wherever an index serves: the tables of tests are
    so small that it would not look for one.
    """

    def __init__(self, cursor: Cursor) -> None:
        cursor.execute(
            "SET LOCAL enable_seqscan TO off; SET LOCAL enable_bitmapscan TO off; SET LOCAL enable_sort TO off"
        )
        self._cursor = cursor
        self._statement = ""
        self.plans: list[str] = []

    def execute(self, statement: str, values: Any) -> None:
        self._statement = statement
        self._cursor.execute(f"EXPLAIN {statement}", values)
        self.plans.append("\n".join(line for (line,) in self._cursor.fetchall()))

    def fetchall(self) -> list[tuple[int]]:
        return [(0,)] if "SELECT count(*)" in self._statement else []
