"""Albany's three snapshots, where somebody has them: price history, openings and closings, and review trends are the
queries of docs/analysts.md as they stand there, and answer what a plain comparison of the files says.

All listings come in, without their calendars, and the reviews of every tenth or so; in the long profile all of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from application.imported_listings import property_id_of
from infrastructure.workers.projector import Projector
from projections.analytics import ANALYTICS
from projections.reviews import REVIEWS
from tests.analysts.test_views import QUERIES
from tests.imports.city import as_csv, in_larkville, put, run
from tests.imports.test_real_snapshots import SAMPLES, listings, reviews
from tests.support.world import World

SNAPSHOTS: Final = {
    SAMPLES / "albany-2024-11": date(2024, 11, 5),
    SAMPLES / "albany-2025-03": date(2025, 3, 2),
    SAMPLES / "albany-2025-10": date(2025, 10, 5),
}
"""And on which day each is imported."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(folder.is_dir() for folder in SNAPSHOTS), reason=f"not all of Albany in {SAMPLES} (LODGER_DATA_SAMPLES)"
    ),
]


@pytest.fixture(scope="module")
def albany(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    into = tmp_path_factory.mktemp("snapshots")
    world = in_larkville(World(shared_database_url, noon(next(iter(SNAPSHOTS.values())))))
    for folder, day in SNAPSHOTS.items():
        world.clock.time = noon(day)
        run(world.wired, world.lodger, without_calendar(folder, into / folder.name))
    Projector(world.wired.projecting, world.log, [ANALYTICS, REVIEWS]).run()
    assert world.execute("SELECT count(*) FROM parked_events") == [(0,)]
    yield world
    world.close()


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def without_calendar(folder: Path, into: Path) -> Path:
    into.mkdir()
    (into / "listings.csv.gz").symlink_to(folder / "listings.csv.gz")
    put(into, "calendar", as_csv([]))
    put(into, "reviews", as_csv(list(reviews(folder).values())), gzipped=True)
    return into


def answered(world: World, words: str) -> list[tuple[Any, ...]]:
    """What the one query of the page that has these words answers the analyst."""
    (query,) = (each for each in QUERIES if words in each)
    return world.execute(f"SET ROLE lodger_analyst; {query}")


def test_how_prices_went_is_what_the_files_say_one_after_the_other(albany: World) -> None:
    latest: dict[str, str] = {}
    expected = set()
    for folder, day in SNAPSHOTS.items():
        for listing_id, row in listings(folder).items():
            price = row["price"]
            if price and latest.get(listing_id) != price:
                latest[listing_id] = price
                minor = int(100 * Decimal(price.replace("$", "").replace(",", "")))
                expected.add((str(property_id_of(listing_id)), noon(day), minor, "USD"))

    found = answered(albany, "lag(nightly_minor)")

    assert {(str(property_id), *row) for property_id, *row in found} == expected
    assert len(found) == len(expected) == 384 + 322 + 370, "first prices and later ones, snapshot by snapshot"


def test_openings_and_closings_are_who_came_and_went(albany: World) -> None:
    """What has a price, now or before, is offered while it is in the files."""
    priced, offered = set[str](), [set[str]()]
    for folder in SNAPSHOTS:
        there = listings(folder)
        priced |= {listing_id for listing_id, row in there.items() if row["price"]}
        offered.append(there.keys() & priced)
    expected = [(len(after - before), len(before - after)) for before, after in pairwise(offered)]

    opened, closed = Counter[date](), Counter[date]()
    for month, _city, came, went in answered(albany, "AS opened"):
        opened[month] += came
        closed[month] += went

    assert sorted(opened) == [day.replace(day=1) for day in SNAPSHOTS.values()]
    assert [(opened[month], closed[month]) for month in sorted(opened)] == expected
    assert expected == [(384, 0), (54, 40), (122, 71)], "as docs/importing.md has it"


def test_review_trends_are_the_reviews_of_all_three_by_month(albany: World) -> None:
    """A later file has most of an earlier one's: each counts once."""
    written = {each["id"]: each["date"][:7] for folder in SNAPSHOTS for each in reviews(folder).values()}

    found = answered(albany, "AS written")

    assert {(f"{month:%Y-%m}", by, overall): count for month, by, count, overall in found} == {
        (month, "inside-airbnb", None): count for month, count in Counter(written.values()).items()
    }
    assert len(found) > 80, "months"
