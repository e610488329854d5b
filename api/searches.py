"""A page of a search, found for everybody who asks the same while nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from api.cache import Kept, kept
from api.edge import edge
from projections.changed import generation
from projections.facets import Facets, facets
from projections.listings import LISTINGS
from projections.look import AsOf, Look, looking
from projections.projection import After, Cursor
from projections.search import Hit, search
from projections.totals import Total, count
from projections.wanted import Search

_QUARTER_MINUTES: Final = 15
"""Time changes what can be booked when a day begins somewhere, which is on a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which search, and what is told beside it."""

    wanted: Search
    after: After | None
    limit: int
    total: bool = True
    facets: bool = False
    as_of: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A page, where the next one begins (None: there is none), and what was told beside it."""

    hits: list[Hit]
    after: After | None
    total: Total | None
    facets: Facets | None


def found(cursor: Cursor, asked: Asked, now: datetime) -> tuple[Found, AsOf | None]:
    """What is found, and as of when, if that was asked for. Raises Rejected `search_timed_out`.

    A page alone is a statement, as is finding out whether it was kept: it is not kept.
    """
    options = edge().options
    find = partial(_find, asked=asked, now=now)
    with looking(cursor, options.search_seconds) as look:
        if options.cache is None or not (asked.total or asked.facets):
            return find(look), look.as_of(LISTINGS.name) if asked.as_of else None
        seen = generation(look, LISTINGS)
        quarter = now.replace(minute=now.minute // _QUARTER_MINUTES * _QUARTER_MINUTES, second=0, microsecond=0)
        question = (seen.name, quarter, asked)
        return kept(options.cache, "search", question, Kept[Found], partial(find, look)), seen.as_of


def _find(look: Look, asked: Asked, now: datetime) -> Found:
    page = search(look, asked.wanted, now, asked.after, asked.limit)
    total = count(look, asked.wanted, now) if asked.total or asked.facets else None
    return Found(
        page.items, page.after, total, facets(look, asked.wanted, now, total) if total and asked.facets else None
    )
