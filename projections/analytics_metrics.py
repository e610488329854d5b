"""The analysts' metrics as dashboards ask for them: pages of the views that add up months.

They are read as the analyst: these queries name views of the schema `analytics` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final, TypeVar

from psycopg2.errors import QueryCanceled

from domain.rejections import Rejected
from projections.projection import After, Cursor, Page, page_of

ROWS_MAX: Final = 1_000
"""On a page."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of VIEW, of which KEY is unique and sorted by. `month` is its first day; places are empty if unknown."""

    VIEW: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]] = ("month", "country", "city", "currency")
    month: date
    country: str
    city: str


@dataclass(frozen=True, slots=True)
class Performance(_Row):
    """How well nights sold. Ratios are None where nothing was offered, or sold."""

    VIEW: ClassVar[str] = "performance"
    currency: str
    properties: int
    sold_nights: int
    available_nights: int
    blocked_nights: int
    imported_nights: int
    unlisted_nights: int
    accommodation_minor: int
    occupancy: Decimal | None
    adr_minor: Decimal | None
    revpar_minor: Decimal | None


@dataclass(frozen=True, slots=True)
class Revenue(_Row):
    """What was kept, by host; `host_key` is empty of those who were erased."""

    VIEW: ClassVar[str] = "revenue"
    KEY: ClassVar[tuple[str, ...]] = ("month", "country", "city", "host_key", "currency")
    host_key: str
    currency: str
    sold_nights: int
    accommodation_minor: int
    extras_minor: int
    service_fee_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Cancellations(_Row):
    """Of the bookings that were paid for, by the month of their check-in."""

    VIEW: ClassVar[str] = "cancellations"
    currency: str
    bought: int
    cancelled_by_guest: int
    cancelled_by_host: int
    cancelled_by_platform: int
    cancellation_rate: Decimal
    given_back_minor: int
    kept_minor: int


@dataclass(frozen=True, slots=True)
class Stays(_Row):
    """How long before, and for how long, bookings were made; of the length those count that were not cancelled."""

    VIEW: ClassVar[str] = "stays"
    KEY: ClassVar[tuple[str, ...]] = ("month", "country", "city")
    bought: int
    mean_lead_days: Decimal
    median_lead_days: int
    not_cancelled: int
    mean_nights: Decimal | None
    median_nights: int | None


R = TypeVar("R", bound=_Row)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; None is not asked about. `since` and `until` are first days of months, both in."""

    since: date | None = None
    until: date | None = None
    country: str | None = None
    city: str | None = None


def page(cursor: Cursor, kind: type[R], wanted: Wanted, after: After | None = None, limit: int = 100) -> Page[R]:
    """One page of a metric by month and place. `limit` is at most 1,000; `after` is the page before's.

    `city` is compared as `dim_property.city_key` is spelt. Raises Rejected `analytics_timed_out`.
    """
    limit = min(limit, ROWS_MAX)
    names = [field.name for field in fields(kind)]
    key = ", ".join(kind.KEY)
    conditions = list(_conditions(kind, wanted, after))
    where = f"WHERE {' AND '.join(condition for condition, _ in conditions)}" if conditions else ""
    try:
        cursor.execute(
            f"SELECT {', '.join(names)} FROM analytics.{kind.VIEW} {where} ORDER BY {key} LIMIT %s",  # noqa: S608
            [*(value for _, values in conditions for value in values), limit + 1],
        )
    except QueryCanceled as late:
        raise Rejected("analytics_timed_out", "Ask for less: fewer months, one city.") from late
    rows = [kind(*row) for row in cursor.fetchall()]
    return page_of(rows, limit, lambda row: tuple(str(getattr(row, name)) for name in kind.KEY))


def _conditions(kind: type[R], wanted: Wanted, after: After | None) -> Iterator[tuple[str, list[Any]]]:
    if wanted.since is not None:
        yield "month >= %s", [wanted.since]
    if wanted.until is not None:
        yield "month <= %s", [wanted.until]
    if wanted.country is not None:
        yield "country = %s", [wanted.country]
    if wanted.city is not None:
        yield "city = %s", [wanted.city]
    if after is not None:
        places = ", ".join("%s::date" if name == "month" else "%s" for name in kind.KEY)
        yield f"({', '.join(kind.KEY)}) > ({places})", list(after)


def position(cursor: Cursor) -> int:
    """Up to where in the log these metrics count; 0 before anything was counted."""
    cursor.execute("SELECT position FROM analytics.positions WHERE read_model = 'analytics'")
    row = cursor.fetchone()
    return row[0] if row else 0
