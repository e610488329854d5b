"""That searches read the indexes made for them: which they do among millions, and here when nothing else is offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.stays import Stay
from projections.geography import Around, Box
from projections.listings import LISTINGS
from projections.look import Look
from projections.projection import Cursor
from projections.search import page_sql
from projections.search_sql import Sql
from projections.totals import count
from projections.wanted import Search, Sort
from tests.support.examples import PROPERTY, PUBLISHED
from tests.support.tales import BEGIN, Tale

VIEW = Search(
    box=Box(42_170_000, -73_910_000, 42_270_000, -73_810_000),
    stays=(Stay(date(2026, 7, 1), date(2026, 7, 8)),),
    guests=2,
)
REGION = Search(box=Box(42_000_000, -74_000_000, 42_400_000, -73_600_000))
COUNTRY = Search(box=Box(40_000_000, -80_000_000, 50_000_000, -70_000_000))
WORLD = Search()


class Explained(Look):
    """A look that keeps the plans of what it is asked."""

    def rows(self, asked: Sql, *, by_index: bool = False) -> list[tuple[object, ...]]:
        plan = super().rows(Sql(f"EXPLAIN {asked.text}", asked.values), by_index=by_index)
        self.plans = [*getattr(self, "plans", []), "\n".join(line for (line,) in plan)]
        return super().rows(asked, by_index=by_index)


@pytest.fixture
def look(cursor: Cursor) -> Look:
    """Among some thousands: of a single one any index is as good as any other."""
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED))
    cursor.execute(
        """INSERT INTO listings (
               property_id, host_id, created_at, updated_at, revision, minimum_nights, maximum_nights,
               advance_notice_days, latitude_e6, longitude_e6, nightly_minor, guests, status, currency, booking_mode,
               cancellation_policy, city_key, words, rating_e2)
           SELECT gen_random_uuid(), host_id, created_at + n * interval '1 min', updated_at, 1, 1, 365, 0,
                  42000000 + 7919 * n % 500000, -74000000 + 104729 * n % 500000, 1000 + n, 2, 'published', 'USD',
                  'instant', 'flexible', 'city ' || n % 50, ' a' || n || ' word', 100 + n % 400
           FROM listings, generate_series(1, 4000) AS n"""
    )
    cursor.execute("ANALYZE listings; SET LOCAL enable_seqscan TO off")
    return Look(cursor)


PAGES: list[tuple[Search, Sort, str]] = [
    (VIEW, "price", "listings_cell_price"),
    (VIEW, "-price", "listings_cell_price"),
    (VIEW, "rating", "listings_cell_rating"),
    (VIEW, "newest", "listings_cell_newest"),
    (REGION, "price", "listings_cell_price"),
    (REGION, "-price", "listings_cell_price"),
    (REGION, "rating", "listings_cell_rating"),
    (COUNTRY, "price", "listings_region_price"),
    (WORLD, "price", "listings_price"),
    (WORLD, "-price", "listings_price"),
    (WORLD, "rating", "listings_rating"),
    (WORLD, "newest", "listings_newest"),
    (Search(city="City 7"), "price", "listings_city_price"),
]


def test_every_search_reads_the_index_made_for_it(cursor: Cursor, look: Look) -> None:
    for wanted, sort, index in PAGES:
        plan = explained(look, replace(wanted, sort=sort), by_index=True)
        assert f"using {index} on" in plan, plan
    assert "cell = ANY" in explained(look, Search(around=Around(42_217_300, -73_864_600, 3_000), sort="distance"))
    keeping = Explained(cursor)
    count(keeping, VIEW, BEGIN)
    assert "Index Only Scan using listings_sample on listings" in keeping.plans[0], (
        "of the sample nothing but its index"
    )


def test_the_few_squares_of_a_view_are_read_side_by_side_and_not_sorted(look: Look) -> None:
    plan = explained(look, VIEW, by_index=True)
    page = plan[plan.index("Merge Append") :]
    assert page.count("using listings_cell_price on") == 4
    assert "Sort  (" not in page


def test_words_have_an_index_of_their_own(cursor: Cursor, look: Look) -> None:
    others = ("cell_price", "cell_rating", "cell_newest", "region_price", "city_price", "price", "rating", "newest")
    cursor.execute(f"DROP INDEX {', '.join(f'listings_{other}' for other in others)}")  # which would do among so few
    assert "listings_words" in explained(look, Search(text="quiet cabin"))


def explained(look: Look, wanted: Search, *, by_index: bool = False) -> str:
    asked = page_sql(wanted, BEGIN, None, 21)
    return "\n".join(line for (line,) in look.rows(Sql(f"EXPLAIN {asked.text}", asked.values), by_index=by_index))
