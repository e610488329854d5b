"""Where on earth: boxes, circles, and the squares that listings are found by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin
from typing import Final

CELL_E6: Final = 100_000
"""A tenth of a degree, 11 km: a view of a town is a few cells."""

REGION_E6: Final = 2_000_000
SQUARES_MAX: Final = 2_048
"""So many cells are looked into one by one; what has more of them is looked at by regions."""

EARTH_RADIUS_M: Final = 6_371_009
_HALF: Final = 180_000_000
_POLE: Final = 90_000_000


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the map, its edges included, in millionths of a degree; west > east crosses the 180th meridian."""

    south_e6: int
    west_e6: int
    north_e6: int
    east_e6: int

    def parts(self) -> list[Box]:
        """The same without crossing: two boxes, where it does."""
        if self.west_e6 <= self.east_e6:
            return [self]
        return [
            Box(self.south_e6, self.west_e6, self.north_e6, _HALF),
            Box(self.south_e6, -_HALF, self.north_e6, self.east_e6),
        ]

    def squares(self, size_e6: int) -> int:
        """How many squares of that size it touches."""
        return sum(len(rows) * len(columns) for rows, columns in self._ranges(size_e6))

    def numbers(self, size_e6: int) -> list[int]:
        """The numbers of these squares, as the columns `cell` and `region` have them."""
        across = 2 * _HALF // size_e6
        ranges = self._ranges(size_e6)
        return sorted({row * across + column for rows, columns in ranges for row in rows for column in columns})

    def _ranges(self, size_e6: int) -> Iterator[tuple[range, range]]:
        for part in self.parts():
            yield (
                range((part.south_e6 + _POLE) // size_e6, (part.north_e6 + _POLE) // size_e6 + 1),
                range((part.west_e6 + _HALF) // size_e6, (part.east_e6 + _HALF) // size_e6 + 1),
            )


WORLD: Final = Box(-_POLE, -_HALF, _POLE, _HALF)


@dataclass(frozen=True, slots=True)
class Around:
    """A centre in millionths of a degree, and how many metres from it (None: however many; it is to sort by)."""

    latitude_e6: int
    longitude_e6: int
    radius_m: int | None = None

    def box(self) -> Box:
        """What holds the circle: all longitudes, when it holds a pole. A little larger than need be."""
        if self.radius_m is None:
            return WORLD
        angle = (self.radius_m + 1) / EARTH_RADIUS_M
        reach = round(degrees(angle) * 1_000_000) + 2
        south, north = self.latitude_e6 - reach, self.latitude_e6 + reach
        if angle >= pi / 2 or south <= -_POLE or north >= _POLE:
            return Box(max(south, -_POLE), -_HALF, min(north, _POLE), _HALF)
        aside = round(degrees(asin(sin(angle) / cos(radians(self.latitude_e6 / 1_000_000)))) * 1_000_000) + 2
        return Box(south, _wrapped(self.longitude_e6 - aside), north, _wrapped(self.longitude_e6 + aside))


def _wrapped(longitude_e6: int) -> int:
    return longitude_e6 if abs(longitude_e6) <= _HALF else (longitude_e6 + _HALF) % (2 * _HALF) - _HALF
