"""Tables as CSV (RFC 4180), beside JSON: chosen by `format` or by Accept. No cell begins a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from api.answers import JSON

CSV: Final = "text/csv"
PATHS: Final = (
    *("/statement", "/ledger"),
    *(f"/analytics/{metric}" for metric in ("performance", "revenue", "cancellations", "stays")),
)
"""How the paths of tables end: these answer CSV too."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def wanted(arguments: Mapping[str, Any]) -> bool:
    """Whether this request is for CSV. `format` says so, or else Accept: JSON where it takes both."""
    if "format" in arguments:
        return bool(arguments["format"] == "csv")
    return request.accept_mimetypes.best_match((JSON, CSV), JSON) == CSV


def sent(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]], next_cursor: str | None) -> Response:
    """A page of a table. Where the next one is, stands in `Link`, as the table itself has no place for it."""
    response = Response(text(columns, rows), mimetype=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if next_cursor is not None:
        query = urlencode({**request.args.to_dict(), "format": "csv", "cursor": next_cursor})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


def text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return table.getvalue()


def cell(value: object) -> str:
    """What a spreadsheet shows and does not work out: only numbers may begin with a sign."""
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(_FORMULA) and not _NUMBER.fullmatch(shown) else shown
