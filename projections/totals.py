"""How many listings fit: counted while they are few, and reckoned from a sample of a sixteenth when they are many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from projections.look import Look
from projections.search_sql import Sql, all_of, conditions, squares
from projections.wanted import Search

SHARE: Final = 16
"""One listing in so many is in the sample, by the last digit of its id: see the index listings_sample."""

SAMPLED: Final = Sql(f"get_byte(uuid_send(property_id), 15) %% {SHARE} = 0")
COUNTED_BELOW: Final = 1_000
"""Fewer than about so many are counted one by one …"""

LOOKED_AT_MAX: Final = 150_000
"""… unless that takes looking at more than so many."""

_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Total:
    """How many fit. Reckoned from the sample (`is_exact` False) only its first three digits are told."""

    count: int
    is_exact: bool


def count(look: Look, wanted: Search, now: datetime) -> Total:
    fits = conditions(wanted, now)
    seen, fitting = _sampled(look, wanted, fits)
    if fitting * SHARE >= COUNTED_BELOW or seen * SHARE > LOOKED_AT_MAX:
        return Total(_rounded(fitting * SHARE), is_exact=False)
    return Total(_count(look, within(wanted, fits)), is_exact=True)


def within(wanted: Search, fits: Sql) -> Sql:
    """What fits, looked for in the squares of the map where it can be."""
    area = squares(wanted)
    return fits if area is None else all_of([Sql(f"{area.name} = ANY (%s)", (area.numbers,)), fits])


def _sampled(look: Look, wanted: Search, fits: Sql) -> tuple[int, int]:
    """Of the sample how many are where this is looked for, and how many of these fit.

    Words have an index of their own, which tells what fits and nothing of the rest.
    """
    if wanted.text is not None:
        fitting = _count(look, all_of([within(wanted, fits), SAMPLED]))
        return fitting, fitting
    there = all_of([SAMPLED, within(wanted, Sql("status = 'published'"))])
    ((seen, fitting),) = look.rows(
        Sql(
            f"SELECT count(*), count(*) FILTER (WHERE {fits.text}) FROM listings WHERE {there.text}",  # noqa: S608
            (*fits.values, *there.values),
        )
    )
    return seen, fitting


def _count(look: Look, where: Sql) -> int:
    ((number,),) = look.rows(Sql(f"SELECT count(*) FROM listings WHERE {where.text}", where.values))  # noqa: S608
    return int(number)


def _rounded(number: int) -> int:
    unit: int = 10 ** max(0, len(str(number)) - _DIGITS)
    return (number + unit // 2) // unit * unit
