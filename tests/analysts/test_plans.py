"""What dashboards ask for is found by indexes, and not by reading everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, cast

import pytest

from infrastructure.database import Database
from projections.analytics_metrics import Cancellations, Performance, Revenue, Stays, Wanted, page
from projections.projection import Cursor
from tests.analysts.telling import ask

MARKET = """
    INSERT INTO analytics_clock (today) VALUES ('2026-06-01');
    INSERT INTO analytics_properties (property_id, version, valid_from, host_id, status, city, city_key, country,
        currency, nightly_minor, minimum_nights, maximum_nights, cancellation_policy, booking_mode)
    SELECT md5('p' || n)::uuid, 1, '2024-01-01', md5('h' || n)::uuid, 'published', 'City ' || n % 100,
        'city ' || n % 100, 'US', 'USD', 10000, 1, 365, 'flexible', 'instant' FROM generate_series(1, 1000) n;
    INSERT INTO analytics_calendars (property_id, first_night, listed)
    SELECT property_id, '2024-01-01', '{[2024-01-01,)}' FROM analytics_properties;
    INSERT INTO analytics_bookings (booking_id, property_id, host_id, guest_id, status, made_at, made_on, check_in,
        check_out, guests, policy, currency, price_minor, bought_at, given_back_minor, accommodation_minor,
        extras_minor, service_fee_minor, tax_minor, host_minor, platform_minor, kind, state)
    SELECT md5('b' || n)::uuid, md5('p' || n % 1000 + 1)::uuid, md5('h' || n % 1000 + 1)::uuid, md5('g' || n)::uuid,
        'completed', '2024-01-01', '2024-01-01', date '2024-01-01' + n % 900, date '2024-01-03' + n % 900, 2,
        'flexible', 'USD', 20000, '2024-01-01', 0, 20000, 0, 0, 0, 20000, 0, 'Completed', '{}'
    FROM generate_series(1, 9000) n;
    INSERT INTO analytics_nights (booking_id, night, property_id, is_sold, currency, accommodation_minor,
        extras_minor, service_fee_minor, tax_minor)
    SELECT booking_id, check_in + i, property_id, true, 'USD', 10000, 0, 0, 0
    FROM analytics_bookings, generate_series(0, 1) i;
    ANALYZE analytics_properties, analytics_calendars, analytics_bookings, analytics_nights, analytics_clock;
"""


class Explained:
    """Executes nothing, and keeps how it would have been done."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.plan = ""

    def execute(self, query: str, values: Any = None) -> None:
        self.plan = "\n".join(line for (line,) in ask(self._cursor, f"EXPLAIN {query}", *values))

    def fetchall(self) -> list[Any]:
        return []


@pytest.fixture(scope="module")
def market(shared_database_url: str) -> Iterator[Cursor]:
    """1,000 properties in 100 cities, with 18,000 nights in 30 months."""
    database = Database(shared_database_url, pool_size=1, role=None)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(MARKET)
        yield cursor
    database.close()


A_MONTH = Wanted(date(2026, 5, 1), date(2026, 5, 1))
A_CITY = Wanted(date(2026, 1, 1), date(2026, 5, 1), city="city 7")


@pytest.mark.parametrize(
    ("kind", "wanted", "indexes", "unread"),
    [
        (Performance, A_CITY, {"analytics_properties_city", "analytics_nights_property"}, "analytics_nights"),
        (Performance, A_MONTH, {"analytics_nights_property"}, "analytics_nights"),
        (Revenue, A_MONTH, {"analytics_nights_month"}, "analytics_nights"),
        (Cancellations, A_MONTH, {"analytics_bookings_month"}, "analytics_bookings"),
        (Stays, A_MONTH, {"analytics_bookings_month"}, "analytics_bookings"),
    ],
)
def test_a_dashboards_query_reads_what_it_asks_for(
    market: Cursor, kind: type[Any], wanted: Wanted, indexes: set[str], unread: str
) -> None:
    explained = Explained(market)
    page(cast("Cursor", explained), kind, wanted)
    assert indexes <= set(re.findall(r"(?:on|using) (analytics_\w+)", explained.plan)), explained.plan
    assert f"Seq Scan on {unread}" not in explained.plan, explained.plan


def test_the_nights_of_some_days_are_found_by_their_days(market: Cursor) -> None:
    plan = "\n".join(
        line
        for (line,) in ask(
            market, "EXPLAIN SELECT * FROM analytics.fact_nights WHERE night BETWEEN '2026-05-01' AND '2026-05-03'"
        )
    )
    assert "analytics_nights_night" in plan, plan


def test_and_it_is_quick(market: Cursor) -> None:
    """A month of 1,000 properties, and a city's five months, in a fraction of what they may take."""
    market.execute("SET statement_timeout = '2s'")
    assert len(page(market, Performance, A_MONTH, limit=1000).items) == 100
    assert len(page(market, Performance, A_CITY).items) == 5
    market.execute("RESET statement_timeout")
