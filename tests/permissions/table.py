"""The tables of docs/permissions.md: which status each route, and each field of the graph, answers to whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infrastructure.settings import ROOT

PAGE: Final = ROOT / "docs" / "permissions.md"
_CELLS: Final = re.compile(r"\s*\|\s*")


_ROUTE: Final = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) ")
_FIELD: Final = re.compile(r"`[A-Z]\w+\.\w+`")


def read() -> Mapping[str, Mapping[str, int]]:
    """The status by route ("GET /v1/bookings/{booking_id}") and by principal, in the order of the page.

    Raises AssertionError for a row that is there twice or misses a cell.
    """
    return _rows(_ROUTE)


def fields() -> Mapping[str, Mapping[str, int]]:
    """The same by field of the graph ("Query.booking")."""
    return _rows(_FIELD)


def _rows(kind: re.Pattern[str]) -> Mapping[str, Mapping[str, int]]:
    rows: dict[str, Mapping[str, int]] = {}
    principals: list[str] = []
    for line in PAGE.read_text().splitlines():
        first, *cells = _CELLS.split(line.strip().strip("|").strip())
        if first in ("Route", "Field"):
            principals = cells
        elif kind.match(first):
            name = first.strip("`")
            assert name not in rows, f"{name} is in {PAGE.name} twice"
            assert len(cells) == len(principals), f"{name} has {len(cells)} cells, not {len(principals)}"
            rows[name] = dict(zip(principals, map(int, cells), strict=True))
    return rows
