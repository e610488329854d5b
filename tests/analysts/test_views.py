"""The views: described, of one currency each, of nobody's person; and the queries of docs/analysts.md."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from domain.events import Event
from domain.money import EXPONENTS
from domain.pricing import Pricing
from domain.properties import PropertyErased, PropertyPricingChanged
from domain.reviews import ReviewRevealed
from domain.users import UserErased
from infrastructure.settings import ROOT
from projections.projection import Cursor
from tests.analysts.example import june
from tests.analysts.telling import ask, tell
from tests.support.examples import BOOKING, GUEST, HOST, PROPERTY, REVIEW_OF_GUEST, instant, usd
from tests.support.tales import Tale

PAGE = (ROOT / "docs" / "analysts.md").read_text()
QUERIES = [
    query.strip() for block in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL) for query in block.split(";\n") if query
]
CHANGES = (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture
def told(cursor: Cursor) -> Cursor:
    tell(cursor, june())
    return cursor


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_page_runs_as_it_stands_as_the_analyst(told: Cursor, query: str) -> None:
    told.execute("INSERT INTO exchange_rates VALUES ('2026-05-29', 'EUR', 'USD', 1.25, 'a test')")
    tell(told, _reviewed())
    told.execute("SET LOCAL ROLE lodger_analyst")
    assert ask(told, query)


def _reviewed() -> list[Event]:
    tale = Tale()
    tale.tell(UUID(int=9), REVIEW_OF_GUEST, ReviewRevealed("guest"))
    return tale.events


def test_every_view_and_column_is_described_and_every_view_is_on_the_page(cursor: Cursor) -> None:
    undescribed = ask(
        cursor,
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
           WHERE relnamespace = 'analytics'::regnamespace
             AND (coalesce(obj_description(c.oid), '') = '' OR coalesce(col_description(c.oid, attnum), '') = '')""",
    )
    assert undescribed == []
    views = {name for (name,) in ask(cursor, "SELECT viewname FROM pg_views WHERE schemaname = 'analytics'")}
    assert [view for view in views if f"`{view}`" not in PAGE] == []
    kinds = ask(cursor, "SELECT DISTINCT relkind::text FROM pg_class WHERE relnamespace = 'analytics'::regnamespace")
    assert kinds == [("v",)]


def test_the_version_is_on_the_page_and_in_the_changelog(cursor: Cursor) -> None:
    ((version,),) = ask(cursor, "SELECT version FROM analytics.version")
    assert f"This page is about {version}." in PAGE
    assert f"Views for analysts {version}" in CHANGES


def test_whatever_has_an_amount_has_a_currency_and_nothing_is_a_float(cursor: Cursor) -> None:
    columns: dict[str, dict[str, str]] = {}
    for view, column, kind in ask(
        cursor,
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'analytics'",
    ):
        columns.setdefault(view, {})[column] = kind
    for view, kinds in columns.items():
        assert not {"double precision", "real", "money"} & set(kinds.values()), view
        amounts = {column for column in kinds if column == "minor" or column.endswith("_minor")}
        assert "currency" in kinds or not amounts, view
        assert {kinds[column] for column in amounts} <= {"bigint", "numeric"}, view


def test_two_currencies_are_never_added_up(cursor: Cursor) -> None:
    """A cabin in Catskill that is paid in shillings has a row of its own beside the one that is paid in dollars."""
    tell(cursor, june())
    cursor.execute(
        """UPDATE analytics_nights SET currency = 'UGX' WHERE night = '2026-06-04';
           UPDATE analytics_bookings SET currency = 'UGX' WHERE check_in = '2026-06-04'"""
    )
    for view in ("revenue", "cancellations"):
        found = ask(cursor, f"SELECT currency FROM analytics.{view} ORDER BY currency")
        assert found == [("UGX",), ("USD",)]


def test_currencies_have_the_digits_that_the_domain_knows(cursor: Cursor) -> None:
    found = ask(cursor, "SELECT currency, exponent, minor_per_unit FROM analytics.dim_currency ORDER BY 1")
    assert found == [(code, digits, 10**digits) for code, digits in sorted(EXPONENTS.items())]


def test_a_night_is_told_in_another_currency_by_the_rate_of_the_day_it_was_bought(told: Cursor) -> None:
    """Bought on Monday 1 June 2026; the rate of Friday counts, the one of the 2nd comes too late."""
    told.execute(
        """INSERT INTO exchange_rates VALUES ('2026-05-29', 'EUR', 'USD', 1.25, 'a bank'),
           ('2026-06-02', 'EUR', 'USD', 2, 'a bank'), ('2026-05-20', 'KWD', 'USD', 3, 'too long ago')"""
    )
    rows = ask(
        told,
        """SELECT base, rate_day::text, rate, rate_source, accommodation, total_minor, total
           FROM analytics.nights_converted WHERE booking_id = %s AND night = '2026-06-11' ORDER BY base""",
        BOOKING,
    )
    # 100.00 / 1.25 = 80; 147.39 / 1.25 = 117.912
    assert rows == [
        ("EUR", "2026-05-29", Decimal("1.25"), "a bank", Decimal("80.00000000"), 14_739, Decimal("117.91200000")),
        ("KWD", None, None, None, None, 14_739, None),
    ]


def test_a_property_has_a_version_for_each_time_it_was_otherwise(told: Cursor) -> None:
    (dearer,) = Tale().tell(PROPERTY, PropertyPricingChanged(Pricing(usd("150.00"))))
    tell(told, [replace(dearer, occurred_at=instant("2026-07-05 12:00:00"))])
    rows = ask(
        told,
        """SELECT version, status, nightly_minor, city, valid_from, valid_to FROM analytics.dim_property
           ORDER BY version""",
    )
    assert rows[0][:4] == (1, "draft", None, None)
    assert [row[5] for row in rows[:-1]] == [row[4] for row in rows[1:]]
    assert [(row[1], row[2]) for row in rows[-2:]] == [("unpublished", 10_000), ("unpublished", 15_000)]
    assert rows[-1][5] is None


def test_people_are_keys_and_who_is_forgotten_is_nobody(told: Cursor) -> None:
    ((host, guest),) = ask(told, "SELECT DISTINCT host_key, guest_key FROM analytics.fact_bookings")
    assert len(host) == len(guest) == 32
    assert host != guest
    assert {key for (key,) in ask(told, "SELECT user_key FROM analytics.dim_user")} == {host, guest}
    texts = str([ask(told, f"TABLE analytics.{view}") for view in ("fact_bookings", "dim_user", "revenue", "ledger")])
    assert str(HOST) not in texts
    assert str(GUEST) not in texts

    tale = Tale()
    tale.tell(HOST, UserErased())
    tale.tell(PROPERTY, PropertyErased())
    tell(told, tale.events)
    assert ask(told, "SELECT DISTINCT host_key, guest_key FROM analytics.fact_bookings") == [(None, guest)]
    assert ask(told, "SELECT user_key FROM analytics.dim_user") == [(guest,)]
    assert ask(told, "SELECT DISTINCT city FROM analytics.dim_property WHERE city IS NOT NULL") == [("",)]
    # What was earned still counts.
    assert ask(told, "SELECT DISTINCT city, host_key, total_minor FROM analytics.revenue") == [("", "", 132_573)]
    assert ask(told, "SELECT * FROM analytics.reconciliation WHERE difference_minor <> 0") == []


def test_a_sealed_review_is_in_no_view(told: Cursor) -> None:
    def everything() -> dict[str, list[tuple[object, ...]]]:
        names = ask(told, "SELECT viewname FROM pg_views WHERE schemaname = 'analytics' AND viewname <> 'dim_date'")
        return {name: ask(told, f"SELECT * FROM analytics.{name}") for (name,) in names}

    before = everything()
    (sealed,) = Tale().tell(UUID(int=9), REVIEW_OF_GUEST)
    tell(told, [sealed])
    assert everything() == before
