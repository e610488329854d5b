"""By which rows two sets of tables differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from projections.projection import Cursor

SHOWN_MAX: Final = 20
"""Rows of one table that only one side has; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`rows` of a table, as PostgreSQL writes them, are in the schema `only_in` alone: the first of `count`."""

    table: str
    only_in: str
    count: int
    rows: Sequence[str]


def differences(cursor: Cursor, tables: Sequence[str], one: str, other: str) -> list[Difference]:
    """Every row that only one of two schemas has, table by table, as this transaction sees them."""
    found = [_missing(cursor, table, *pair) for table in tables for pair in ((one, other), (other, one))]
    return [difference for difference in found if difference.count]


def _missing(cursor: Cursor, table: str, here: str, there: str) -> Difference:
    """Rows are compared as text: not every type of a column has an equality."""
    cursor.execute(
        f"""SELECT one, count(*) OVER () FROM (
                SELECT t::text AS one FROM {here}.{table} t EXCEPT ALL SELECT t::text FROM {there}.{table} t
            ) AS missing ORDER BY one LIMIT {SHOWN_MAX}"""  # noqa: S608 - names from the catalogue
    )
    rows = cursor.fetchall()
    return Difference(table, here, rows[0][1] if rows else 0, [row for row, _ in rows])
