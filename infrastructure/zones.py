"""Time zones from coordinates."""

from __future__ import annotations

from functools import cached_property
from threading import Lock

from timezonefinder import TimezoneFinder


class ZoneFinder:
    """Implements `application.ports.Zones`. The first question loads the map, which takes a moment: see `warm`."""

    def __init__(self) -> None:
        self._loading = Lock()

    def warm(self) -> None:
        """Load the map now."""
        self.zone_at(0, 0)

    def zone_at(self, latitude_e6: int, longitude_e6: int) -> str:
        with self._loading:  # the finder reads one file: one question at a time
            zone = self._finder.timezone_at(lat=latitude_e6 / 1_000_000, lng=longitude_e6 / 1_000_000)
        return zone or "UTC"

    @cached_property
    def _finder(self) -> TimezoneFinder:
        return TimezoneFinder()
