"""Singapore, where somebody has it: a search by box, dates and price finds what a scan of the files finds.

The clock shows the day of the scrape. One listing in ten is imported; in the long profile all 3,483 of them.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from application.imported_listings import property_id_of
from tests.api.stack import Stack, json_of, running
from tests.imports.city import as_csv, put, run
from tests.imports.test_real_snapshots import SAMPLES, scanned
from tests.support.effort import is_long
from tests.support.servers import Databases

SINGAPORE: Final = SAMPLES / "singapore-2023-09"
SCRAPED: Final = date(2023, 9, 23)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SINGAPORE.is_dir(), reason=f"no real snapshot in {SINGAPORE} (LODGER_DATA_SAMPLES)"),
]


@dataclass(frozen=True)
class City:
    """What the files say of the listings that were imported, and the API over them."""

    stack: Stack
    listings: Mapping[str, Mapping[str, str]]
    free: frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def city(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    wanted = {row["id"]: row for row in scanned(SINGAPORE, "listings") if is_long() or row["id"].endswith("7")}
    calendar = list(calendar_of(wanted))
    folder = tmp_path_factory.mktemp("files") / SINGAPORE.name
    folder.mkdir()
    put(folder, "listings", as_csv(list(wanted.values())))
    put(folder, "calendar", "listing_id,date,available\n" + "\n".join(map(",".join, calendar)))
    url = postgres.create()
    with running(url, LODGER_CLOCK=f"{SCRAPED}T12:00:00Z") as stack:
        run(stack.wired, stack.wired.lodger, folder)
        stack.projector.run()
        assert stack.count("SELECT count(*) FROM parked_events") == 0
        free = frozenset((listing_id, day) for listing_id, day, available in calendar if available == "t")
        yield City(stack, wanted, free)
    postgres.drop(url)


def calendar_of(listing_ids: Container[str]) -> Iterator[tuple[str, str, str]]:
    """Listing, date and whether it is free, of 1.27 million lines: no field of these is quoted but for prices."""
    with gzip.open(SINGAPORE / "calendar.csv.gz", "rt", encoding="utf-8") as file:
        for line in file:
            listing_id, day, available = line.split(",", 3)[:3]
            if listing_id in listing_ids:
                yield listing_id, day, available


@dataclass(frozen=True)
class Asked:
    """A part of the map in degrees, a stay, and what a night may cost at most, in dollars."""

    west: Decimal
    south: Decimal
    east: Decimal
    north: Decimal
    check_in: date
    nights: int
    price_max: Decimal

    @property
    def query(self) -> str:
        stay = f"check_in={self.check_in}&check_out={self.check_in + timedelta(days=self.nights)}"
        box = f"{self.west},{self.south},{self.east},{self.north}"
        return f"bbox={box}&{stay}&currency=SGD&price_max={self.price_max}.00&limit=100"


def scan(city: City, asked: Asked) -> set[str]:
    """Listings in the box with a price up to that, whose every night is free, and which take so many nights.

    The calendars go as far as these stays: of later nights they say nothing, and Lodger takes them for free.
    """
    stay = [f"{asked.check_in + timedelta(days=n)}" for n in range(asked.nights)]
    return {
        listing_id
        for listing_id, row in city.listings.items()
        if asked.west <= Decimal(row["longitude"]) <= asked.east
        and asked.south <= Decimal(row["latitude"]) <= asked.north
        and row["price"]
        and Decimal(row["price"].replace("$", "").replace(",", "")) <= asked.price_max
        and int(row["minimum_nights"]) <= asked.nights <= int(row["maximum_nights"])
        and all((listing_id, night) in city.free for night in stay)
    }


def first_page(city: City, asked: Asked) -> dict[str, Any]:
    answer = city.stack.anybody().get(f"/v1/properties?{asked.query}")
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def search(city: City, asked: Asked) -> list[dict[str, Any]]:
    """Every page."""
    page = first_page(city, asked)
    found: list[dict[str, Any]] = page["properties"]
    while page["next_cursor"]:
        page = json_of(city.stack.anybody().get(f"/v1/properties?{asked.query}&cursor={page['next_cursor']}"))
        found += page["properties"]
    return found


def random_searches(number: int) -> Iterator[Asked]:
    chosen = random.Random(20230923)
    for _ in range(number):
        west, south = chosen.randrange(103_650, 103_950), chosen.randrange(1_240, 1_400)
        yield Asked(
            west=Decimal(west) / 1_000,
            south=Decimal(south) / 1_000,
            east=Decimal(west + chosen.randrange(10, 250)) / 1_000,
            north=Decimal(south + chosen.randrange(10, 250)) / 1_000,
            check_in=SCRAPED + timedelta(days=chosen.randrange(1, 270)),
            nights=chosen.choice((1, 2, 3, 7, 28, 92)),
            price_max=Decimal(chosen.randrange(40, 900)),
        )


def test_a_search_by_box_dates_and_price_finds_what_a_scan_of_the_files_finds(city: City) -> None:
    hits = 0
    for asked in random_searches(400 if is_long() else 60):
        found = search(city, asked)
        expected = scan(city, asked)
        assert {each["id"] for each in found} == {str(property_id_of(each)) for each in expected}, asked
        assert len(found) == len(expected), "none is found twice"
        prices = [Decimal(each["price_per_night"]["amount"]) for each in found]
        assert prices == sorted(prices)
        hits += len(found)
    assert hits > 100, "they would agree on nothing, too"


def test_the_whole_city_on_a_day_is_counted_as_the_files_count_it(city: City) -> None:
    west, south, east, north = map(Decimal, ("103.5", "1.1", "104.2", "1.6"))
    everywhere = Asked(west, south, east, north, SCRAPED + timedelta(days=30), 3, Decimal(100_000))
    expected = scan(city, everywhere)
    total = first_page(city, everywhere)["total"]
    if total["is_exact"]:
        assert total["count"] == len(expected)
    else:
        assert abs(total["count"] - len(expected)) <= len(expected) / 4  # a sample of a sixteenth of some thousand
