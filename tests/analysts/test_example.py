"""The formulas of docs/analysts.md give the numbers that are worked out there by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infrastructure.settings import ROOT
from projections.projection import Cursor
from tests.analysts.example import GIVEN_UP, june
from tests.analysts.telling import ask, tell
from tests.support.examples import BOOKING

JUNE = "2026-06-01"
DOCS = (ROOT / "docs" / "analysts.md").read_text()


@pytest.fixture
def told(cursor: Cursor) -> Cursor:
    tell(cursor, june())
    return cursor


def test_each_night_of_the_month_is_in_one_state(told: Cursor) -> None:
    states = dict(
        ask(
            told,
            """SELECT state, count(*) FROM analytics.fact_nights
               WHERE night >= '2026-06-01' AND night < '2026-07-01' GROUP BY state""",
        )
    )
    assert states == {"sold": 8, "available": 14, "blocked": 2, "imported": 4, "unlisted": 2, "cancelled": 2}
    assert sum(states.values()) - states["cancelled"] == 30


def test_occupancy_adr_and_revpar(told: Cursor) -> None:
    ((city, currency, sold, available, blocked, imported, unlisted, minor, *ratios),) = ask(
        told,
        """SELECT city, currency, sold_nights, available_nights, blocked_nights, imported_nights, unlisted_nights,
                  accommodation_minor, occupancy, adr_minor, revpar_minor
           FROM analytics.performance WHERE month = %s""",
        JUNE,
    )
    assert (city, currency) == ("catskill", "USD")
    assert (sold, available, blocked, imported, unlisted, minor) == (8, 14, 2, 4, 2, 88_000)
    # 8 of 22 nights; 880.00 for 8 nights, and for 22.
    assert ratios == [Decimal("0.3636"), Decimal("11000.0000"), Decimal("4000.0000")]
    for number in ("8 / 22 = 36.36 %", "880.00 / 8 = 110.00", "880.00 / 22 = 40.00"):
        assert number in DOCS


def test_revenue_is_what_is_kept_that_of_nights_given_up_too(told: Cursor) -> None:
    assert ask(
        told,
        """SELECT sold_nights, accommodation_minor, extras_minor, service_fee_minor, tax_minor, total_minor
           FROM analytics.revenue WHERE month = %s""",
        JUNE,
    ) == [(8, 98_000, 10_500, 14_580, 9_493, 132_573)]
    assert "501.11 + 688.27 + 136.35 = 1,325.73" in DOCS
    assert ask(told, "SELECT * FROM analytics.reconciliation WHERE difference_minor <> 0") == []


def test_cancellation_rate(told: Cursor) -> None:
    assert ask(
        told,
        """SELECT bought, cancelled_by_guest, cancelled_by_host, cancelled_by_platform, cancellation_rate,
                  given_back_minor, kept_minor
           FROM analytics.cancellations WHERE month = %s""",
        JUNE,
    ) == [(3, 1, 0, 0, Decimal("0.3333"), 14_137, 13_635)]
    assert "1 / 3 = 33.33 %" in DOCS


def test_lead_time_and_length_of_stay(told: Cursor) -> None:
    assert ask(
        told,
        """SELECT bought, mean_lead_days, median_lead_days, not_cancelled, mean_nights, median_nights
           FROM analytics.stays WHERE month = %s""",
        JUNE,
    ) == [(3, Decimal("9.33"), 10, 2, Decimal("4.00"), 3)]
    for number in ("(10 + 3 + 15) / 3 = 9.33", "(3 + 5) / 2 = 4.00"):
        assert number in DOCS


def test_a_nights_share_of_a_price(told: Cursor) -> None:
    """340.00 is 100.00 + 120.00 + 120.00; everything else is shared by what the nights cost: 5 to 6 to 6."""
    rows = ask(
        told,
        """SELECT accommodation_minor, extras_minor, service_fee_minor, tax_minor, total_minor
           FROM analytics.fact_nights WHERE booking_id = %s ORDER BY night""",
        BOOKING,
    )
    # 75.00 is 22.06 + 26.47 + 26.47; 49.80 is 14.65 (14.647) + 17.58 (17.576) + 17.57; 36.31 is 10.68 + 12.82 + 12.81.
    assert rows == [
        (10_000, 2_206, 1_465, 1_068, 14_739),
        (12_000, 2_647, 1_758, 1_282, 17_687),
        (12_000, 2_647, 1_757, 1_281, 17_685),
    ]


def test_what_is_kept_of_nights_given_up_falls_on_them(told: Cursor) -> None:
    """Nobody was there: 100.00 of 200.00 is kept, and so is the fee. It is no sold night's."""
    assert ask(
        told,
        """SELECT state, sum(accommodation_minor)::int, sum(total_minor)::int FROM analytics.fact_nights
           WHERE booking_id = %s GROUP BY state""",
        GIVEN_UP,
    ) == [("cancelled", 10_000, 13_635)]
