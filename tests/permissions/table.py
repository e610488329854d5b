"""The table of docs/permissions.md: which status each route answers to whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infrastructure.settings import ROOT

PAGE: Final = ROOT / "docs" / "permissions.md"
_CELLS: Final = re.compile(r"\s*\|\s*")


def read() -> Mapping[str, Mapping[str, int]]:
    """The status by route ("GET /v1/bookings/{booking_id}") and by principal, in the order of the page.

    Raises AssertionError for a row that is there twice or misses a cell.
    """
    rows: dict[str, Mapping[str, int]] = {}
    principals: list[str] = []
    for line in PAGE.read_text().splitlines():
        first, *cells = _CELLS.split(line.strip().strip("|").strip())
        if first == "Route":
            principals = cells
        elif re.match(r"`(GET|POST|PUT|PATCH|DELETE) ", first):
            route = first.strip("`")
            assert route not in rows, f"{route} is in {PAGE.name} twice"
            assert len(cells) == len(principals), f"{route} has {len(cells)} cells, not {len(principals)}"
            rows[route] = dict(zip(principals, map(int, cells), strict=True))
    return rows
