"""Search: one page of the published listings that fit what a guest wants, each at the price shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, assert_never
from uuid import UUID

from domain.money import Money
from domain.pricing import quote
from domain.stays import Stay
from projections.listing_rows import SELECTED, Listing, listing_of
from projections.look import Look
from projections.projection import PAGE_MAX, After, Page, page_of
from projections.search_sql import PUBLISHED, Sql, Squares, all_of, conditions, distance, squares, stays_that_fit
from projections.wanted import Search, Sort


@dataclass(frozen=True, slots=True)
class Hit:
    """A listing that fits. `stay` and its `total`, when dates were asked for; `distance_m` when there is a centre."""

    listing: Listing
    stay: Stay | None = None
    total: Money | None = None
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """By which columns, all in one direction; the last tells every row from every other.

    `types` are theirs, `end` is behind every row.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    end: tuple[str | int, ...]
    descending: bool = False

    def by(self, of: str = "") -> str:
        return ", ".join(f"{of}{column} {'DESC' if self.descending else 'ASC'}" for column in self.columns)

    def beyond(self, after: After) -> Sql:
        return Sql(f"({', '.join(self.columns)}) {'<' if self.descending else '>'} ({self._casts()})", after)

    def not_beyond(self, row: str) -> str:
        """As far as a row of a table of that name."""
        bounds = ", ".join(f"{row}.{column}" for column in self.columns)
        return f"({', '.join(self.columns)}) {'>=' if self.descending else '<='} ({bounds})"

    def end_row(self) -> Sql:
        return Sql(self._casts(), self.end)

    def _casts(self) -> str:
        return ", ".join(f"%s::{each}" for each in self.types)


_LEAST, _GREATEST = str(UUID(int=0)), str(UUID(int=2**128 - 1))
_PRICE: Final = (("currency", "nightly_minor", "property_id"), ("text", "bigint", "uuid"))
_RATING: Final = (("rating_e2", "ratings", "property_id"), ("integer", "integer", "uuid"))
_ORDERS: Final[dict[Sort, Order]] = {
    "price": Order(*_PRICE, ("ZZZZ", 2**63 - 1, _GREATEST)),
    "-price": Order(*_PRICE, ("", 0, _LEAST), descending=True),
    "rating": Order(*_RATING, (-1, -1, _LEAST), descending=True),
    "newest": Order(("created_at", "property_id"), ("timestamptz", "uuid"), ("-infinity", _LEAST), descending=True),
    "distance": Order(("distance_m", "property_id"), ("integer", "uuid"), (2**31 - 1, _GREATEST)),
}
_NEAR_M: Final = (3_000, 30_000, 300_000)
"""How far to look for the nearest before looking everywhere."""


def search(look: Look, wanted: Search, now: datetime, after: After | None = None, limit: int = 20) -> Page[Hit]:
    """One page of the published listings that fit. `limit` is at most 100; `after` is the page before's."""
    limit = min(limit, PAGE_MAX)
    hits = list[Hit]()
    for narrowed in _narrowed(wanted, after):
        asked = page_sql(narrowed, now, after, limit + 1)
        hits = [_hit(wanted, row) for row in look.rows(asked, by_index=merged_from(narrowed) is not None)]
        if len(hits) > limit:
            break
    return page_of(hits, limit, lambda hit: place_of(hit, wanted.sort))


def _narrowed(wanted: Search, after: After | None) -> Iterator[Search]:
    """The search, and before it, by distance, the same within ever larger circles: what is in one comes first."""
    around = wanted.around
    if wanted.sort == "distance" and around is not None:
        begin = 0 if after is None else int(after[0])
        for radius in _NEAR_M:
            if begin < radius and (around.radius_m is None or radius < around.radius_m):
                yield replace(wanted, around=replace(around, radius_m=radius))
    yield wanted


def page_sql(wanted: Search, now: datetime, after: After | None, rows: int) -> Sql:
    """Of each row what `listing_of` takes, the number of the stay that fits, and the distance."""
    order = _ORDERS[wanted.sort]
    metres = distance(wanted.around) if wanted.around is not None else Sql("NULL::integer")
    found = _ids(wanted, all_of([PUBLISHED, conditions(wanted, now)]), order, metres, after, rows)
    stay = _first_stay(wanted, now)
    return Sql(
        f"""SELECT {SELECTED}, {stay.text}, {metres.text} AS distance_m
            FROM ({found.text}) AS page JOIN listings USING (property_id) ORDER BY {order.by()}""",  # noqa: S608
        (*stay.values, *metres.values, *found.values),
    )


def _ids(wanted: Search, fits: Sql, order: Order, metres: Sql, after: After | None, rows: int) -> Sql:
    """Which listings are on the page: merged from the first of each square, where an index has those in order."""
    area, merged = squares(wanted), merged_from(wanted)
    if merged is not None:
        return _merged(merged, fits, order, after, rows)
    parts = [fits] if area is None else [fits, Sql(f"{area.name} = ANY (%s)", (area.numbers,))]
    source = Sql("listings")
    if wanted.sort == "distance":
        source = Sql(f"(SELECT *, {metres.text} AS distance_m FROM listings) AS listings", metres.values)  # noqa: S608
    if after is not None:
        parts.append(order.beyond(after))
    where = all_of(parts)
    return Sql(
        f"SELECT property_id FROM {source.text} WHERE {where.text} ORDER BY {order.by()} LIMIT %s",  # noqa: S608
        (*source.values, *where.values, rows),
    )


_IN_ORDER: Final[dict[str, tuple[Sort, ...]]] = {
    "cell": ("price", "-price", "rating", "newest"),
    "region": ("price", "-price"),
}
"""In which orders an index has the listings of a square."""


def merged_from(wanted: Search) -> Squares | None:
    """The squares whose listings an index has in this order; of words it has none, but knows them by another one."""
    area = squares(wanted)
    in_order = area is not None and wanted.text is None and wanted.sort in _IN_ORDER[area.name]
    return area if in_order else None


_APART_MAX: Final = 6
"""So many squares are read side by side. Each is planned apart, which takes a fifth of a millisecond."""


def _merged(area: Squares, fits: Sql, order: Order, after: After | None, rows: int) -> Sql:
    """The first rows of all squares together, from an index that has those of each in order."""
    where = fits if after is None else all_of([fits, order.beyond(after)])
    few = len(area.numbers) <= _APART_MAX
    return _side_by_side(area, where, order, rows) if few else _bounded(area, where, order, rows)


def _side_by_side(area: Squares, where: Sql, order: Order, rows: int) -> Sql:
    """Each square is read as far as the page needs: where little is free, that is a third of what `_bounded` reads.

    The limit within tells the server that each is in order already.
    """
    columns, by = ", ".join(order.columns), order.by()
    first = f"(SELECT {columns} FROM listings WHERE {area.name} = %s AND {where.text} ORDER BY {by} LIMIT %s)"  # noqa: S608
    return Sql(
        f"SELECT property_id FROM ({' UNION ALL '.join([first] * len(area.numbers))}) AS found ORDER BY {by} LIMIT %s",  # noqa: S608
        (*(value for number in area.numbers for value in (number, *where.values, rows)), rows),
    )


def _bounded(area: Squares, where: Sql, order: Order, rows: int) -> Sql:
    """A few of each square are looked up first: no row of the page can be behind the last of these that would be on it,
    so that most squares are soon done with.
    """
    columns, by, end = ", ".join(order.columns), order.by(), order.end_row()
    few = 2 * rows // len(area.numbers) + 1
    first = f"SELECT {columns} FROM listings WHERE {area.name} = square.number AND {where.text}"  # noqa: S608
    return Sql(
        f"""WITH bound AS MATERIALIZED (
                (SELECT {columns}, false AS is_end FROM unnest(%s) AS square (number)
                    CROSS JOIN LATERAL ({first} ORDER BY {by} LIMIT %s) AS few ORDER BY {by} OFFSET %s LIMIT 1)
                UNION ALL SELECT {end.text}, true ORDER BY is_end LIMIT 1)
            SELECT found.property_id FROM bound CROSS JOIN unnest(%s) AS square (number) CROSS JOIN LATERAL (
                {first} AND {order.not_beyond("bound")} ORDER BY {by} LIMIT %s) AS found
            ORDER BY {order.by("found.")} LIMIT %s""",  # noqa: S608
        (
            *(area.numbers, *where.values, few, rows - 1, *end.values),
            *(area.numbers, *where.values, rows, rows),
        ),
    )


def _first_stay(wanted: Search, now: datetime) -> Sql:
    """The number of the first of the wanted stays that fits a row that fits."""
    stays = stays_that_fit(wanted, now)
    if len(stays) <= 1:
        return Sql("%s::integer", (next(iter(stays), None),))
    cases = [Sql(f"WHEN {fits.text} THEN {number}", fits.values) for number, fits in stays.items()]
    return Sql(f"CASE {' '.join(c.text for c in cases)} END", tuple(value for c in cases for value in c.values))


def _hit(wanted: Search, row: tuple[Any, ...]) -> Hit:
    *columns, number, distance_m = row
    listing = listing_of(tuple(columns))
    if number is None:
        return Hit(listing, distance_m=distance_m)
    stay = wanted.stays[number]
    assert listing.pricing is not None, "a published listing has prices"
    price = quote(listing.pricing, stay, wanted.guests, listing.rules.cancellation_policy)
    return Hit(listing, stay, price.total, distance_m)


def place_of(hit: Hit, sort: Sort) -> After:
    """Where a hit is in its order, as `Order.beyond` takes it."""
    listing, last = hit.listing, str(hit.listing.property_id)
    match sort:
        case "price" | "-price":
            assert listing.nightly is not None, "a published listing has prices"
            return listing.nightly.currency, listing.nightly.minor, last
        case "rating":
            return listing.rating_e2, listing.ratings, last
        case "newest":
            return listing.created_at.isoformat(), last
        case "distance":
            assert hit.distance_m is not None, "sorted by it, it is known"
            return hit.distance_m, last
        case _:
            assert_never(sort)
