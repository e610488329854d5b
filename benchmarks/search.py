"""Search among a million listings with thirteen stays each, beside the best naive SQL and what an index alone takes."""

from __future__ import annotations

import gc
import json
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import Final, TypeVar
from uuid import UUID

from benchmarks.harness import Bench, Contender, Figures
from benchmarks.listings import LISTINGS, NOW, STAYS, City, cities, fill
from benchmarks.marketplace import marketplace, standing_still
from benchmarks.report import Bar, Report
from benchmarks.servers import disk_folder, durable_postgres
from domain.stays import Stay
from infrastructure.database import Database
from projections.geography import CELL_E6, Box
from projections.look import looking
from projections.nights_bitmap import mask
from projections.projection import Cursor
from projections.search import search
from projections.totals import Total, count
from projections.wanted import Search

T = TypeVar("T")

NAIVE: Final = "NOT EXISTS over bookings, btree"
LIMIT: Final = "index-only count of what fits"
OURS: Final = "Lodger: page and total"
HTTP: Final = "Lodger, through HTTP"
KINDS: Final = ("wide near", "wide far", "view near", "view far")
WAYS: Final = {NAIVE: "naive", LIMIT: "limit", OURS: "ours", HTTP: "http"}
_HALF_E6: Final = {"wide": 200_000, "view": 50_000}
_AHEAD_DAYS: Final = {"near": (3, 14, 7), "far": (60, 150, 3)}
"""Check-in so many days ahead at least and at most, and nights."""

_QUERIES: Final = 100
"""Of each kind in a round."""

_WARM_UP: Final = 3

_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    box: Box
    stay: Stay

    @property
    def wanted(self) -> Search:
        return Search(box=self.box, stays=(self.stay,), guests=2)


def run(bench: Bench) -> Report:
    """Each question is asked of everybody, one after the other, before the next one is."""
    listings = 20_000 if bench.quick else LISTINGS * bench.scale // 100
    with ExitStack() as opened:
        server = opened.enter_context(durable_postgres(shared_buffers="2GB"))
        folder = opened.enter_context(disk_folder())
        stack, _, url = opened.enter_context(marketplace(server, "search", folder))
        fill(url, listings, bench.console)
        database = Database(url, pool_size=1, transaction_timeout=0)
        opened.callback(database.close)
        opened.enter_context(standing_still(stack))
        # As the API does (`infrastructure/cli/serve.py`): else the collector's pauses would be everybody's slowest.
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        race = Race(database, stack.url, cities(listings), 3 if bench.quick else _QUERIES)
        found = bench.measure([Contender("all", "ours", race.round)])["all"]
    return _report(found, race, listings)


class Race:
    """The same questions for everybody; every answer is held against the naive one."""

    def __init__(self, database: Database, url: str, places: Sequence[City], queries: int) -> None:
        self._database, self._url, self._places, self._queries = database, url, places, queries
        self._dice = Random(42)  # noqa: S311 - the same every time
        self.errors: list[float] = []
        """Of each total that was reckoned, how far off it was."""
        self.compared = 0

    def round(self, _seconds: float) -> Figures:
        figures: dict[str, float] = {}
        for kind in KINDS * _WARM_UP:
            self._ask(self._asked(kind))
        for kind in KINDS:
            times: dict[str, list[float]] = {way: [] for way in WAYS.values()}
            for _ in range(self._queries):
                for way, seconds in self._ask(self._asked(kind)).items():
                    times[way].append(seconds)
            for way, taken in times.items():
                taken.sort()
                figures[f"{way} {kind} p50"] = 1e3 * median(taken)
                figures[f"{way} {kind} p99"] = 1e3 * taken[int(0.99 * (len(taken) - 1))]
        return figures

    def _asked(self, kind: str) -> Asked:
        size, when = kind.split()
        half, (least, most, nights) = _HALF_E6[size], _AHEAD_DAYS[when]
        place = self._dice.choice(self._places)
        centre = (place.latitude_e6, place.longitude_e6)
        latitude, longitude = (each + self._dice.randrange(-30_000, 30_000) for each in centre)
        check_in = NOW.date() + timedelta(days=self._dice.randint(least, most))
        box = Box(latitude - half, longitude - half, latitude + half, longitude + half)
        return Asked(box, Stay(check_in, check_in + timedelta(days=nights)))

    def _ask(self, asked: Asked) -> dict[str, float]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            (total, ids), naive = _timed(lambda: _naive(cursor, asked))
            counted, limit = _timed(lambda: _limit(cursor, asked))
            (reckoned, found), ours = _timed(lambda: _ours(cursor, asked))
        over_http, http = _timed(lambda: _over_http(self._url, asked))
        assert ids == found == over_http, f"other answers to {asked}"
        assert counted == total
        if reckoned.is_exact:
            assert reckoned.count == total, f"{reckoned} of {total}"
        else:
            self.errors.append(abs(reckoned.count - total) / total)
        self.compared += 1
        return {"naive": naive, "limit": limit, "ours": ours, "http": http}


def _timed(ask: Callable[[], T]) -> tuple[T, float]:
    begin = perf_counter()
    answer = ask()
    return answer, perf_counter() - begin


def _naive(cursor: Cursor, asked: Asked) -> tuple[int, list[UUID]]:
    """What somebody writes who has listings and bookings, at its best: page and total in one statement."""
    cursor.execute(
        f"""WITH fitting AS MATERIALIZED (
                SELECT id, currency, nightly_minor FROM peer_listings l
                WHERE {_IN_BOX} AND guests >= 2 AND %s BETWEEN minimum_nights AND maximum_nights
                AND NOT EXISTS (SELECT FROM peer_bookings b
                                WHERE b.listing_id = l.id AND b.check_in < %s AND b.check_out > %s))
            SELECT (SELECT count(*) FROM fitting), id
            FROM fitting ORDER BY currency, nightly_minor, id LIMIT {_PAGE}""",  # noqa: S608 - constants
        [*_edges(asked.box), asked.stay.nights, asked.stay.check_out, asked.stay.check_in],
    )
    rows = cursor.fetchall()
    return (rows[0][0] if rows else 0), [property_id for _, property_id in rows]


def _limit(cursor: Cursor, asked: Asked) -> int:
    """How many fit, from one index that has all that is asked, each calendar as bits; no page is made."""
    nights, bits = asked.stay.nights, mask(asked.stay.check_in, asked.stay.check_out)
    free = " AND ".join(f"{column} & %s::bigint = 0" for column in bits)
    cursor.execute(
        f"""SELECT count(*) FROM limit_listings
            WHERE {_IN_BOX} AND guests >= 2 AND minimum_nights <= %s AND maximum_nights >= %s AND {free}""",  # noqa: S608
        [*_edges(asked.box), nights, nights, *map(str, bits.values())],
    )
    ((number,),) = cursor.fetchall()
    return int(number)


_IN_BOX: Final = "cell = ANY (%s) AND latitude_e6 BETWEEN %s AND %s AND longitude_e6 BETWEEN %s AND %s"


def _edges(box: Box) -> list[object]:
    return [box.numbers(CELL_E6), box.south_e6, box.north_e6, box.west_e6, box.east_e6]


def _ours(cursor: Cursor, asked: Asked) -> tuple[Total, list[UUID]]:
    """What the API does for a page: the listings with what the stay costs, and how many there are."""
    with looking(cursor, 60) as look:
        page = search(look, asked.wanted, NOW, limit=_PAGE)
        return count(look, asked.wanted, NOW), [hit.listing.property_id for hit in page.items]


def _over_http(url: str, asked: Asked) -> list[UUID]:
    box, stay = asked.box, asked.stay
    edges = ",".join(f"{edge / 1e6:.6f}" for edge in (box.west_e6, box.south_e6, box.east_e6, box.north_e6))
    query = f"bbox={edges}&check_in={stay.check_in}&check_out={stay.check_out}&guests=2"
    with urllib.request.urlopen(f"{url}/v1/properties?{query}&limit={_PAGE}") as answer:  # noqa: S310 - ours
        return [UUID(each["id"]) for each in json.load(answer)["properties"]]


_TIMES_FASTER: Final = (("wide", "p50", 12), ("wide", "p99", 8), ("view", "p50", 6), ("view", "p99", 5))


def _report(found: Figures, race: Race, listings: int) -> Report:
    def times(kind: str, percentile: str, other: str) -> float:
        return found[f"{other} {kind} {percentile}"] / found[f"ours {kind} {percentile}"]

    def worst(size: str, percentile: str, other: str) -> float:
        return min(times(kind, percentile, other) for kind in KINDS if kind.startswith(size))

    bars = [
        *(
            Bar(f"{size} {percentile}, naive / ours", worst(size, percentile, "naive"), wanted)
            for size, percentile, wanted in _TIMES_FASTER
        ),
        *(
            Bar(f"{size} p99, ours / index-only", 1 / worst(size, "p99", "limit"), wanted, at_most=True)
            for size, wanted in (("wide", 1.2), ("view", 4))
        ),
    ]
    errors = sorted(race.errors) or [0.0]
    return Report(
        title=f"a page and a total of {listings:,} listings with {listings * STAYS:,} stays, p50 / p99 ms",
        columns=["", *KINDS],
        rows=[
            [name, *(f"{found[f'{way} {kind} p50']:.1f} / {found[f'{way} {kind} p99']:.1f}" for kind in KINDS)]
            for name, way in WAYS.items()
        ],
        bars=bars,
        notes=[
            "wide: ±0.2°, view: ±0.05° about a city; near: 7 nights in 3 to 14 days, far: 3 nights in 60 to 150.",
            "Each question is asked of everybody in turn before the next one; near or far, the worse one is judged.",
            f"All {race.compared:,} pages were the naive one's, in its order; and so are totals that were counted.",
            f"Totals reckoned from the sample were off by {median(errors):.1%} (median), {errors[-1]:.1%} at most.",
            "Ours includes Python: the statements made, twenty listings decoded, each stay priced as a quote is.",
        ],
    )
