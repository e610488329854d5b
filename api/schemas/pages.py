"""Pages of lists, as query parameters and as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import NumberText, Strict, Text
from projections.projection import PAGE_MAX

PAGE: int = 20


class PageOf(Strict):
    limit = NumberText(1, PAGE_MAX, load_default=PAGE)
    cursor = Text(1_000, metadata={"description": "`next_cursor` of the page before, of the same query."})


class NextCursor(fields.String):
    """Where the next page begins; null on the last one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=True, allow_none=True, metadata={"description": "null on the last page."}, **kwargs)
