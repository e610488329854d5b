"""Kept searches beside found ones, through HTTP; and why the page of a property is not kept."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from random import Random
from statistics import median
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from benchmarks.harness import Bench, Contender, Figures
from benchmarks.listings import LISTINGS, NOW, City, cities, fill
from benchmarks.marketplace import listed, marketplace, registered, standing_still, token
from benchmarks.report import Bar, Report
from benchmarks.servers import disk_folder, durable_postgres
from infrastructure.database import Database
from infrastructure.event_store.recorder import PostgresRecorder
from infrastructure.redis_client import redis_client

KINDS: Final = ("wide", "wide, facets", "view", "view, facets")
_HALF: Final = {"wide": 0.2, "view": 0.05}
_QUERIES: Final = 40
"""Of each kind in a round: each is asked once to be found, and once more."""


def run(bench: Bench) -> Report:
    listings = 20_000 if bench.quick else LISTINGS * bench.scale // 100
    with ExitStack() as opened:
        server = opened.enter_context(durable_postgres(shared_buffers="2GB"))
        folder = opened.enter_context(disk_folder())
        stack, api, url = opened.enter_context(marketplace(server, "cache", folder, LODGER_CACHE="true"))
        ada = token(api, registered(api, "ada"))
        api.call("POST", "/v1/users/me/hosting", token=ada)
        property_id = UUID(listed(api, ada))
        fill(url, listings, bench.console)
        opened.enter_context(standing_still(stack))
        database = Database(url, pool_size=1, transaction_timeout=0)
        opened.callback(database.close)
        race = Race(stack.url, stack.settings.redis_url, database, property_id, cities(listings))
        found = bench.measure([Contender("all", "ours", race.round)])["all"]
    return _report(found, listings)


class Race:
    """The same question twice in a row: what is kept must be what was found."""

    def __init__(self, url: str, redis_url: str, database: Database, property_id: UUID, places: Sequence[City]) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._http = http.client.HTTPConnection(address.hostname, address.port)
        self._redis = redis_client(redis_url)
        self._recorder = PostgresRecorder(database)
        self._property_id, self._places = property_id, places
        self._dice = Random(42)  # noqa: S311 - the same every time

    def round(self, _: float) -> Figures:
        figures = dict[str, float]()
        for kind in KINDS:
            times: dict[str, list[float]] = {"found": [], "kept": []}
            for _query in range(_QUERIES):
                path, answers = self._path(kind), []
                for taken in times.values():
                    begin = perf_counter()
                    answers.append(self._get(path))
                    taken.append(perf_counter() - begin)
                assert answers[0]["properties"] == answers[1]["properties"]
                assert answers[0]["facets"] == answers[1]["facets"]
            figures.update({f"{way} {kind}": 1e3 * median(taken) for way, taken in times.items()})
        return {**figures, **self._property()}

    def _property(self) -> Figures:
        page = f"/v1/properties/{self._property_id}"
        self._redis.set("bench", json.dumps(self._get(page)))
        return {
            "page": self._median(lambda: self._get(page)),
            "stream": self._median(lambda: self._recorder.load([self._property_id], None, 6)),
            "bytes": self._median(lambda: self._redis.get("bench")),
        }

    def _median(self, ask: Callable[[], object]) -> float:
        taken = list[float]()
        for _ in range(_QUERIES * 5):
            begin = perf_counter()
            ask()
            taken.append(perf_counter() - begin)
        return 1e3 * median(taken)

    def _path(self, kind: str) -> str:
        place, half = self._dice.choice(self._places), _HALF[kind.partition(",")[0]]
        centre = (place.latitude_e6, place.longitude_e6)
        latitude, longitude = (each / 1e6 + self._dice.uniform(-0.03, 0.03) for each in centre)
        edges = (longitude - half, latitude - half, longitude + half, latitude + half)
        check_in = NOW.date() + timedelta(days=30)
        dates = f"check_in={check_in}&check_out={check_in + timedelta(days=3)}"
        asked = f"bbox={','.join(f'{edge:.6f}' for edge in edges)}&{dates}&guests=2"
        return f"/v1/properties?{asked}&facets={'true' if 'facets' in kind else 'false'}"

    def _get(self, path: str) -> dict[str, object]:
        self._http.request("GET", path)
        answer = self._http.getresponse()
        body: dict[str, object] = json.loads(answer.read())
        assert answer.status == 200, body
        return body


def _report(found: Figures, listings: int) -> Report:
    rows = [
        (kind, f"{found[f'found {kind}']:.1f}", f"{found[f'kept {kind}']:.1f}", f"{_times(found, kind):.1f} ×")
        for kind in KINDS
    ]
    return Report(
        title=f"Searches kept in Redis, {listings:,} listings, through HTTP: p50 ms",
        columns=("Search", "found", "kept", "faster"),
        rows=rows,
        bars=[Bar("kept, wide with facets: times faster than found", _times(found, "wide, facets"), 2)],
        notes=[
            "Each question is asked twice: found the first time, kept the second.",
            (
                f"The page of a property takes {found['page']:.2f} ms. Its stream comes from the database in "
                f"{found['stream']:.2f} ms of these, and would come from Redis in {found['bytes']:.2f}: it is not kept."
            ),
        ],
    )


def _times(found: Figures, kind: str) -> float:
    return found[f"found {kind}"] / found[f"kept {kind}"]
