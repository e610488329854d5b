"""How facts stored in an older shape become today's.

An upcaster takes the raw JSON object of one schema version and returns the next version's; a fact that is several
versions behind goes through several. Stored facts are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {}
"""(TOPIC, from which version) → the function that makes it the next version."""
