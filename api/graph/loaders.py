"""Loaders: what many fields of one operation need, read in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.graph.context import Context


class Loaders:
    """Those of one operation."""

    def __init__(self, context: Context) -> None:
        self._context = context
