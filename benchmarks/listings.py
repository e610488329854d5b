"""A million listings with thirteen stays each, in cities, as their read model has them, made by COPY."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import RawIOBase
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID

import psycopg2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from projections.nights_bitmap import COLUMNS, window, words

LISTINGS: Final = 1_000_000
PER_CITY: Final = 66_000
STAYS: Final = 13
AGO_DAYS: Final = 90
EVERY_DAYS: Final = 30
NOW: Final = datetime.now(UTC)
"""As the clock of a server says it that is asked for these."""

_SPREAD_E6: Final = 120_000
"""A city's listings are spread around its centre like this (standard deviation)."""

_COLUMNS: Final = (
    *("property_id", "host_id", "created_at", "updated_at", "revision", "minimum_nights", "maximum_nights"),
    *("advance_notice_days", "nights_from", *COLUMNS, "latitude_e6", "longitude_e6", "nightly_minor", "guests"),
    *("status", "currency", "booking_mode", "cancellation_policy", "unavailable", "beds", "property_type"),
    *("room_type", "zone", "country_key", "city_key", "amenity_keys", "weekly_discount_percent"),
    *("monthly_discount_percent", "guests_included", "tax_bp", "override_firsts", "override_untils"),
    *("override_minors", "title", "address", "city", "country", "amenities", "words", "description"),
)
_ROOMS: Final = ("entire_place", "entire_place", "private_room", "shared_room")
_AMENITIES: Final = ("wifi", "kitchen", "washer", "pool", "parking", "garden", "heating", "balcony")
_WORDS: Final = "quiet sunny cosy river old town garden view near station family modern wooden terrace sea hill".split()


@dataclass(frozen=True, slots=True)
class City:
    latitude_e6: int
    longitude_e6: int


def cities(listings: int) -> list[City]:
    """So many that each has about as many listings as a large one."""
    dice = Random(7)  # noqa: S311 - the same every time
    count = max(1, listings // PER_CITY)
    return [
        City(dice.randrange(-50_000_000, 60_000_000), dice.randrange(-170_000_000, 170_000_000)) for _ in range(count)
    ]


def fill(url: str, listings: int, console: Console) -> None:
    """Fill `listings`, and for the peer `peer_listings` and `peer_bookings` with the same."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor, _progress(console) as progress:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'listings' AND indexname <> 'listings_pkey'")
        indexes = [definition for (definition,) in cursor.fetchall()]
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'listings' AND indexname <> 'listings_pkey'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
        task = progress.add_task("listings", total=listings)
        rows = _Rows(_lines(listings), lambda count: progress.advance(task, count))
        cursor.copy_expert(f"COPY listings ({', '.join(_COLUMNS)}) FROM STDIN", rows)
        statements = [*_PEER, *indexes]
        task = progress.add_task("the peer's tables, indexes", total=len(statements) + 1)
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in statements:
            cursor.execute(statement)
            progress.advance(task)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
        progress.advance(task)


_ASKED: Final = ("latitude_e6", "longitude_e6", "guests", "minimum_nights", "maximum_nights", *COLUMNS)
_PEER: Final = (
    """CREATE TABLE peer_listings AS
       SELECT property_id AS id, latitude_e6, longitude_e6, nightly_minor, currency, guests, minimum_nights,
              maximum_nights, title, description, cell
       FROM listings""",
    "ALTER TABLE peer_listings ADD PRIMARY KEY (id)",
    """CREATE TABLE peer_bookings AS
       SELECT property_id AS listing_id, lower(stay) AS check_in, upper(stay) AS check_out
       FROM listings CROSS JOIN LATERAL unnest(unavailable) AS stay""",
    "CREATE INDEX ON peer_bookings (listing_id, check_in, check_out)",
    # Of the indexes on a place the best: by squares as ours, with what else a search of places compares in it.
    "CREATE INDEX ON peer_listings (cell, latitude_e6, longitude_e6)",
    # The limit: everything that is asked, in one index.
    f"CREATE TABLE limit_listings AS SELECT cell, {', '.join(_ASKED)} FROM listings",  # noqa: S608 - constants
    f"CREATE INDEX ON limit_listings (cell) INCLUDE ({', '.join(_ASKED)})",
    "GRANT SELECT ON peer_listings, peer_bookings, limit_listings TO PUBLIC",
)


def _lines(listings: int) -> Iterator[str]:
    dice = Random(1)  # noqa: S311 - the same every time
    places, since = cities(listings), window(NOW)
    for number in range(listings):
        place = number % len(places)
        yield "\t".join(map(str, _row(dice, number, place, places[place], since))) + "\n"


def _row(dice: Random, number: int, place: int, city: City, since: date) -> tuple[object, ...]:
    stays = _stays(dice, since)
    # Ids are drawn, as ours are: the sample goes by their last digit.
    property_id = UUID(int=dice.getrandbits(128))
    created = NOW - timedelta(seconds=number)
    amenities = "{" + ",".join(dice.sample(_AMENITIES, 4)) + "}"
    text = dice.sample(_WORDS, 6)
    return (
        *(property_id, property_id, created, created, 1, dice.choice((1, 1, 2, 3)), 365),
        *(0, since, *words(stays)),
        *(_near(dice, city.latitude_e6), _near(dice, city.longitude_e6)),
        *(round(math.exp(dice.gauss(9.2, 0.6))), dice.choice((1, 2, 2, 2, 4, 4, 6, 8)), "published", "USD", "instant"),
        *("flexible", "{" + ",".join(f"[{first},{until})" for first, until in stays) + "}", 1, "apartment"),
        *(dice.choice(_ROOMS), "UTC", "us", f"city {place}", amenities, 0, 0, 1, 0, "{}", "{}", "{}"),
        *(" ".join(text[:3]), "1 Street", f"City {place}", "US", amenities, " " + " ".join(sorted(text))),
        " ".join(text) * 4,
    )


def _near(dice: Random, centre_e6: int) -> int:
    return centre_e6 + round(dice.gauss(0, _SPREAD_E6))


def _stays(dice: Random, since: date) -> list[tuple[date, date]]:
    """One in every month or so, from some months ago on, each somewhere in its month."""
    begin = since - timedelta(days=AGO_DAYS)
    found = []
    for month in range(STAYS):
        first = begin + timedelta(days=month * EVERY_DAYS + dice.randrange(12))
        found.append((first, first + timedelta(days=dice.randrange(2, 18))))
    return found


class _Rows(RawIOBase):
    """Lines as the file that COPY reads; who asked is told how many it took."""

    def __init__(self, lines: Iterator[str], taken: Callable[[int], None]) -> None:
        super().__init__()
        self._lines, self._taken = lines, taken

    def read(self, size: int = -1, /) -> bytes:
        parts = list(islice(self._lines, max(1, size // 1_000)))
        self._taken(len(parts))
        return "".join(parts).encode()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
