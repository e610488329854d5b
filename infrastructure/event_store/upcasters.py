"""How facts stored in an older shape become today's.

An upcaster takes the raw JSON object of one schema version and returns the next version's; a fact that is several
versions behind goes through several. Stored facts are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def booking_held_v1(held: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not pin the check-out time; every property had the default then."""
    return {**held, "terms": {**held["terms"], "check_out_time": "11:00:00"}}


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {("BookingHeld", 1): booking_held_v1}
"""(TOPIC, from which version) → the function that makes it the next version."""
