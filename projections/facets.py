"""Facets: how the listings that fit divide by kind of room, amenity and price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from projections.look import Look
from projections.search_sql import Sql, all_of, conditions
from projections.totals import SAMPLED, SHARE, Total, within
from projections.wanted import Search

AMENITIES_SHOWN: Final = 50
"""Those that the most have."""

_STEPS: Final = (10, 15, 20, 30, 50, 70)
BOUNDS: Final = (0, *(step * 10**power for power in range(9) for step in _STEPS))
"""Where the bars of the histogram begin, in minor units: six of them for every ten times the price."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How many listings have a nightly base price in `[price_from, price_until)`, in minor units; None: no end."""

    currency: str
    price_from: int
    price_until: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of the listings that fit; reckoned from the sample where their total is (`is_exact` False)."""

    room_types: Mapping[str, int]
    amenities: Mapping[str, int]
    prices: tuple[Bar, ...]
    is_exact: bool


def facets(look: Look, wanted: Search, now: datetime, total: Total) -> Facets:
    """`total` is what was counted for the same search: it says whether there are too many to look at them all."""
    where = within(wanted, conditions(wanted, now))
    if not total.is_exact:
        where = all_of([SAMPLED, where])
    times = 1 if total.is_exact else SHARE
    rows = look.rows(
        Sql(
            f"""WITH fitting AS MATERIALIZED (
                    SELECT room_type, amenity_keys, currency, width_bucket(nightly_minor, %s::bigint[]) AS bar
                    FROM listings WHERE {where.text})
                SELECT 'room_type', room_type, 0, count(*) FROM fitting GROUP BY room_type
                UNION ALL (
                    SELECT 'amenity', amenity, 0, count(*)
                    FROM fitting CROSS JOIN LATERAL (SELECT DISTINCT unnest(amenity_keys)) AS has (amenity)
                    GROUP BY amenity ORDER BY count(*) DESC, amenity LIMIT {AMENITIES_SHOWN})
                UNION ALL SELECT 'price', currency, bar, count(*) FROM fitting GROUP BY currency, bar""",  # noqa: S608
            (list(BOUNDS), *where.values),
        )
    )
    counted = {(kind, name, bar): times * number for kind, name, bar, number in rows}
    return Facets(
        room_types=_by_name(counted, "room_type"),
        amenities=_by_name(counted, "amenity"),
        prices=tuple(
            _bar(name, bar, number) for (kind, name, bar), number in sorted(counted.items()) if kind == "price"
        ),
        is_exact=total.is_exact,
    )


def _by_name(counted: Mapping[tuple[str, str, int], int], wanted: str) -> dict[str, int]:
    """The most frequent first."""
    found = {name: number for (kind, name, _), number in counted.items() if kind == wanted}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _bar(currency: str, bar: int, number: int) -> Bar:
    """`bar` counts the bounds that the prices have reached."""
    return Bar(currency, BOUNDS[bar - 1], BOUNDS[bar] if bar < len(BOUNDS) else None, number)
