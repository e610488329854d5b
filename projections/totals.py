"""How many listings fit: counted while they are few, and reckoned from a sample of a sixteenth when they are many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from projections.look import Look
from projections.search_sql import PUBLISHED, Sql, all_of, conditions, squares
from projections.wanted import Search

SHARE: Final = 16
"""One listing in so many is in the sample, by the last digit of its id: see the index listings_sample."""

SAMPLED: Final = Sql(f"get_byte(uuid_send(property_id), 15) %% {SHARE} = 0")
COUNTED_BELOW: Final = 100
"""Fewer than about so many are counted one by one …"""

LOOKED_AT_MAX: Final = 150_000
"""… unless that takes looking at more than so many."""

_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Total:
    """How many fit. Reckoned from the sample (`is_exact` False) it is told in tens, and in three digits."""

    count: int
    is_exact: bool


def count(look: Look, wanted: Search, now: datetime) -> Total:
    seen, fitting = _sampled(look, wanted, conditions(wanted, now, roughly=True))
    if fitting * SHARE >= COUNTED_BELOW or seen * SHARE > LOOKED_AT_MAX:
        return Total(_rounded(fitting * SHARE), is_exact=False)
    area = squares(wanted)
    in_view = area is not None and area.name == "cell" and wanted.text is None
    return Total(_count(look, within(wanted, conditions(wanted, now)), by_index=in_view), is_exact=True)


def within(wanted: Search, *fits: Sql) -> Sql:
    """What is published and fits, looked for in the squares of the map where it can be."""
    area = squares(wanted)
    there = [] if area is None else [Sql(f"{area.name} = ANY (%s)", (area.numbers,))]
    return all_of([PUBLISHED, *there, *fits])


def _sampled(look: Look, wanted: Search, fits: Sql) -> tuple[int, int]:
    """Of the sample how many are where this is looked for, and how many of these fit.

    Words have an index of their own, which tells what fits and nothing of the rest.
    """
    if wanted.text is not None:
        fitting = _count(look, all_of([within(wanted, fits), SAMPLED]))
        return fitting, fitting
    there = all_of([SAMPLED, within(wanted)])
    ((seen, fitting),) = look.rows(
        Sql(
            f"SELECT count(*), count(*) FILTER (WHERE {fits.text}) FROM listings WHERE {there.text}",  # noqa: S608
            (*fits.values, *there.values),
        ),
        by_index=True,
    )
    return seen, fitting


def _count(look: Look, where: Sql, *, by_index: bool = False) -> int:
    asked = Sql(f"SELECT count(*) FROM listings WHERE {where.text}", where.values)  # noqa: S608
    ((number,),) = look.rows(asked, by_index=by_index)
    return int(number)


def _rounded(number: int) -> int:
    unit: int = 10 ** max(1, len(str(number)) - _DIGITS)
    return (number + unit // 2) // unit * unit
