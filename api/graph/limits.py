"""How much one request may ask of the graph."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth` in levels of fields, `cost` as `cost.Cost` counts it, `tokens` of a document, `fragments` in it.

    `batch` is in operations of one request. `introspection` says whether the schema may be asked for itself, and
    whether errors suggest names.
    """

    depth: int = 8
    cost: int = 1000
    tokens: int = 1000
    fragments: int = 30
    batch: int = 10
    introspection: bool = False

    @property
    def characters(self) -> int:
        """Of a document's text: what is no token costs time too."""
        return self.tokens * 20
