"""Every figure of the views is the ledger's, to the minor unit, whatever happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application import payouts
from infrastructure.database import Database
from infrastructure.workers.projector import Projector
from projections.analytics import ANALYTICS
from projections.projection import Cursor
from tests.analysts.telling import BEHIND, ask, tell
from tests.domain.test_ledger import bought, postings
from tests.support.effort import SHORT, effort, is_long
from tests.support.money_tales import Marketplace, marketplaces
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.world import World

BOUGHT = {"BookingConfirmed", "BookingReinstated", "BookingAltered", "BookingCancelled"}
DIFFERING = "SELECT * FROM analytics.reconciliation WHERE difference_minor <> 0"
FIGURES = {
    *("bookings.total", "bookings.host", "bookings.platform", "bookings.tax", "nights.total", "revenue.total"),
    *("payments.captured", "payments.refunded", "payments.dispute_taken", "payments.dispute_back", "payouts.paid"),
    "ledger.balance",
}


@given(market=marketplaces, batch=st.integers(1, 40))
@settings(effort() if is_long() else settings(SHORT, max_examples=12))
def test_whatever_happened_the_views_say_what_the_ledger_says(
    shared_database_url: str, market: Marketplace, batch: int
) -> None:
    """And what the facts themselves move, reckoned without the database."""
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for event, posting in postings(market.tale.events):
        for entry in posting:
            if event.fact.TOPIC in BOUGHT and entry.account == "guest_funds":
                moved["nights", entry.amount.currency] += entry.amount.minor
            if event.fact.TOPIC == "PaymentCaptured" and entry.account == "processor_clearing":
                moved["captured", entry.amount.currency] += entry.amount.minor
    database = Database(shared_database_url, pool_size=1, role=None)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        tell(cursor, market.tale.events, batch)
        assert ask(cursor, DIFFERING) == []
        said = ask(
            cursor,
            """SELECT 'nights', currency, sum(total_minor)::bigint FROM analytics.fact_nights
               WHERE booking_id IS NOT NULL GROUP BY 2
               UNION ALL
               SELECT 'captured', currency, sum(captured_minor)::bigint FROM analytics.fact_payments GROUP BY 2""",
        )
        assert {(what, currency): minor for what, currency, minor in said if minor} == {
            key: minor for key, minor in moved.items() if minor
        }
        cursor.execute("ROLLBACK")
    database.close()


def test_each_figure_is_compared_in_each_currency(cursor: Cursor) -> None:
    tell(cursor, bought().events)
    found = ask(cursor, "SELECT figure, currency, views_minor, ledger_minor FROM analytics.reconciliation")
    # 501.11: the host's 402.55, the platform's 62.25, the tax office's 36.31; nothing was sent back or paid out.
    assert {figure: views for figure, _, views, _ in found if views} == {
        **dict.fromkeys(("bookings.total", "nights.total", "revenue.total", "payments.captured"), 50_111),
        "bookings.host": 40_255,
        "bookings.platform": 6_225,
        "bookings.tax": 3_631,
    }
    assert {figure for figure, *_ in found} == FIGURES - {"payouts.paid"}
    assert {currency for _, currency, _, _ in found} == {"USD"}


@pytest.mark.parametrize(
    ("forgery", "figure"),
    [
        ("UPDATE analytics_nights SET tax_minor = tax_minor + 1 WHERE night = '2026-06-11'", "nights.total"),
        ("UPDATE analytics_bookings SET tax_minor = tax_minor + 1", "bookings.tax"),
        ("UPDATE analytics_payments SET captured_minor = 0", "payments.captured"),
        ("DELETE FROM analytics_nights", "nights.total"),
        ("DELETE FROM analytics_bookings", "bookings.host"),
    ],
)
def test_a_minor_unit_that_is_not_the_ledgers_is_named(cursor: Cursor, forgery: str, figure: str) -> None:
    tell(cursor, bought().events)
    cursor.execute(forgery)
    assert figure in {row[0] for row in ask(cursor, DIFFERING)}


def test_a_life_over_the_real_log_reconciles_after_each_step(database_url: str) -> None:
    """Paid, altered, cancelled, refunded and paid out; and made anew the rows are the same."""
    world = World(database_url)
    projector = Projector(world.wired.projecting, world.log, BEHIND)

    def must_agree(step: str) -> dict[str, int]:
        world.react()
        projector.run()
        with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            positions = ask(cursor, "SELECT DISTINCT position FROM analytics.positions")
            assert positions == [(world.log.safe_position(),)], step
            assert ask(cursor, DIFFERING) == [], step
            found = ask(cursor, "SELECT figure, views_minor FROM analytics.reconciliation")
            cursor.execute("SET ROLE lodger_projector")
        return dict(found)

    payouts.choose_destination(world.lodger, world.call(world.host), world.host, "bank", None)
    listing = world.listing()
    first = world.confirmed(listing, ("2026-07-01", "2026-07-04"))
    # 300.00 for three nights and 12% for the guest; the host's 3% is 9.00.
    assert must_agree("bought")["bookings.total"] == 33_600
    world.alter(first, ("2026-07-01", "2026-07-03"))
    assert must_agree("shortened")["nights.total"] == 22_400
    world.cancel(world.confirmed(listing, ("2026-08-01", "2026-08-03")), by="host")
    found = must_agree("cancelled")
    # 224.00 of the second booking, and what shortening gave back: 112.00.
    assert (found["revenue.total"], found["payments.refunded"]) == (22_400, 33_600)
    world.at("2026-07-02 19:00:00")
    for payout_id in payouts.schedule(world.lodger, world.call(), world.host):
        payouts.carry_out(world.lodger, world.call(), world.host, payout_id)
    assert must_agree("paid out")["payouts.paid"] == 19_400
    world.clock.pass_(timedelta(days=3))
    assert unlike_rebuilt(world.wired.projecting, world.log, ANALYTICS) == []
    world.close()
