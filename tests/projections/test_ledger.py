"""The ledger as it is kept: what stands where after any position, its pages, and what the database refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from application import bookings, payouts
from domain.bookings import BookingCancelled
from domain.events import Event
from domain.ledger import Account
from domain.money import Money
from domain.payments import RefundStarted, RefundSucceeded
from infrastructure.database import Database
from infrastructure.workers.projector import Projector
from projections.ledger import EVERYTHING, LEDGER, Moved, Wanted, entries, standings
from projections.projection import Cursor
from tests.domain.test_ledger import MOVES, bought, postings
from tests.support.examples import BOOKING, EVIDENCE, FULL_REFUND, HELD, HOST, PAYMENT, REFUND, STRANGER, usd
from tests.support.ledger_checkers import money_apart, out_of_balance
from tests.support.money_tales import Marketplace, marketplaces
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.tales import Tale, minute
from tests.support.world import World


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    LEDGER.apply(cursor, [event for event in events if isinstance(event.fact, MOVES)])


def standing(cursor: Cursor, wanted: Wanted = EVERYTHING) -> dict[Account, str]:
    """What stands at the end, by account, in dollars."""
    found = standings(cursor, wanted)
    return {each.account: each.closing.decimal() for each in found if each.closing.minor}


def everything(cursor: Cursor, wanted: Wanted = EVERYTHING, limit: int = 100) -> list[Moved]:
    """All pages, one after the other."""
    found, after = list[Moved](), None
    while True:
        page = entries(cursor, wanted, after, limit)
        found += page.items
        if page.after is None:
            return found
        after = page.after


BOUGHT: dict[Account, str] = {
    "processor_clearing": "501.11",
    "host_payable": "-402.55",
    "platform_revenue": "-62.25",
    "tax_payable": "-36.31",
}


def cancelled() -> Tale:
    """Bought at the 7th minute, cancelled by its host at the 8th, everything sent back at the 10th."""
    tale = bought()
    tale.tell(BOOKING, BookingCancelled("host", FULL_REFUND))
    tale.tell(PAYMENT, RefundStarted(REFUND, usd("501.11"), "x"), RefundSucceeded(REFUND, EVIDENCE))
    return tale


def test_what_stands_in_the_accounts_is_known_after_every_position(cursor: Cursor) -> None:
    tale = cancelled()
    for event in tale.events:  # one by one: what was remembered is enough to go on
        apply(cursor, [event])
    refundable: dict[Account, str] = {"processor_clearing": "501.11", "guest_funds": "-501.11"}
    assert [standing(cursor, Wanted(upto=position)) for position in (1, 5, 6, 7, 8, 9, 10)] == [
        {},
        {},
        refundable,
        BOUGHT,
        refundable,
        refundable,
        {},
    ]
    assert standing(cursor) == {}
    assert {moved.position for moved in everything(cursor, Wanted(upto=8))} == {6, 7, 8}


def test_by_host_by_booking_and_by_account(cursor: Cursor) -> None:
    apply(cursor, bought().events)
    assert standing(cursor, Wanted(host_id=HOST)) == standing(cursor, Wanted(booking_id=BOOKING)) == BOUGHT
    assert standing(cursor, Wanted(host_id=STRANGER)) == standing(cursor, Wanted(booking_id=STRANGER)) == {}
    assert standing(cursor, Wanted(accounts=("tax_payable", "guest_funds"))) == {"tax_payable": "-36.31"}


def test_a_time_has_what_stood_before_it_and_what_stands_at_its_end(cursor: Cursor) -> None:
    apply(cursor, cancelled().events)
    eighth = Wanted(since=minute(8), until=minute(9))
    assert {(each.account, each.opening.decimal(), each.closing.decimal()) for each in standings(cursor, eighth)} == {
        ("processor_clearing", "501.11", "501.11"),
        ("guest_funds", "0.00", "-501.11"),
        ("host_payable", "-402.55", "0.00"),
        ("platform_revenue", "-62.25", "0.00"),
        ("tax_payable", "-36.31", "0.00"),
    }
    assert [(moved.position, moved.account) for moved in everything(cursor, eighth)] == [
        (8, "guest_funds"),
        (8, "host_payable"),
        (8, "platform_revenue"),
        (8, "tax_payable"),
    ]


def test_an_entry_says_what_happened_when_and_to_whom(cursor: Cursor) -> None:
    tale = bought()
    apply(cursor, tale.events)
    first, second, *_ = everything(cursor)
    captured = tale.events[5]
    assert first == Moved(
        6,
        1,
        captured.event_id,
        "PaymentCaptured",
        "processor_clearing",
        usd("501.11"),
        BOOKING,
        PAYMENT,
        HOST,
        minute(6),
    )
    assert (second.line, second.account, second.amount) == (2, "guest_funds", usd("-501.11"))


def test_nothing_held_and_unpaid_is_in_the_ledger(cursor: Cursor) -> None:
    apply(cursor, Tale().tell(BOOKING, HELD))
    assert standings(cursor) == []


@given(market=marketplaces, batch=st.integers(1, 40), limit=st.integers(1, 50))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happened_the_kept_ledger_is_what_the_facts_move_and_balances_everywhere(
    shared_database_url: str, market: Marketplace, batch: int, limit: int
) -> None:
    """Whatever the sizes of the projector's batches and of the pages."""
    expected = [
        (event.position, entry.account, entry.amount, entry.booking_id, entry.payment_id, entry.host_id)
        for event, posting in postings(market.tale.events)
        for entry in posting
    ]
    database = Database(shared_database_url, pool_size=1, role=None)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for begin in range(0, len(market.tale.events), batch):
            apply(cursor, market.tale.events[begin : begin + batch])
        kept = everything(cursor, limit=limit)
        assert [(m.position, m.account, m.amount, m.booking_id, m.payment_id, m.host_id) for m in kept] == expected
        assert out_of_balance(cursor) == []
        _must_agree(cursor, kept)
        cursor.execute("ROLLBACK")
    database.close()


def _must_agree(cursor: Cursor, kept: Sequence[Moved]) -> None:
    """What stands is what was before, and everything in between."""
    if not kept:
        return
    middle = kept[len(kept) // 2].occurred_at
    sums: dict[tuple[Account, str], int] = defaultdict(int)
    for moved in kept:
        sums[moved.account, moved.amount.currency] += moved.amount.minor if moved.occurred_at < middle else 0
    for each in standings(cursor, Wanted(since=middle)):
        assert each.opening == Money(sums[each.account, each.opening.currency], each.opening.currency)
    before = {(each.account, each.closing) for each in standings(cursor, Wanted(until=middle)) if each.closing.minor}
    opened = {(each.account, each.opening) for each in standings(cursor, Wanted(since=middle)) if each.opening.minor}
    assert before == opened


def test_entries_that_do_not_balance_are_refused_by_the_database(cursor: Cursor) -> None:
    apply(cursor, bought().events)
    with pytest.raises(CheckViolation, match="off by -501 minor units of USD"):
        cursor.execute(
            "INSERT INTO ledger_entries VALUES (9, 1, %s, 'X', 'guest_funds', 'USD', -501, %s, NULL, %s, now())",
            [REFUND, BOOKING, HOST],
        )


def test_a_currency_does_not_make_up_for_another(cursor: Cursor) -> None:
    with pytest.raises(CheckViolation):
        cursor.execute(
            """INSERT INTO ledger_entries VALUES
               (9, 1, %(x)s, 'X', 'guest_funds', 'USD', -501, NULL, NULL, %(x)s, now()),
               (9, 2, %(x)s, 'X', 'processor_clearing', 'UGX', 501, NULL, NULL, %(x)s, now())""",
            {"x": REFUND},
        )


def test_live_and_rebuilt_the_ledger_is_the_same(database_url: str) -> None:
    world = World(database_url)
    projector = Projector(world.wired.projecting, world.log, [LEDGER])
    listing = world.listing()
    world.confirmed(listing)
    projector.run()
    world.cancel(world.confirmed(listing, ("2026-07-10", "2026-07-12")), by="host")
    world.clock.pass_(timedelta(minutes=1))
    world.react()
    projector.run()
    assert unlike_rebuilt(world.wired.projecting, world.log, LEDGER) == []
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        # 300.00 a stay of three nights: 336.00 with the guest's fee of 12%; the host's are 300.00 less 3%.
        assert standing(cursor, Wanted(host_id=world.host)) == {
            "processor_clearing": "336.00",
            "host_payable": "-291.00",
            "platform_revenue": "-45.00",
        }
    world.close()


def test_a_refund_after_the_payout_is_owed_by_the_host_until_the_next_one(database_url: str) -> None:
    """Over the real log, with the host's account as it decides: nobody posts by hand."""
    world = World(database_url)
    projector = Projector(world.wired.projecting, world.log, [LEDGER])

    def after(action: str) -> dict[Account, str]:
        world.react()
        projector.run()
        with world.wired.database.connection() as connection, connection.cursor() as cursor:
            assert out_of_balance(cursor) == [], action
            return standing(cursor)

    def pay_out() -> None:
        for payout_id in payouts.schedule(world.lodger, world.call(), world.host):
            payouts.carry_out(world.lodger, world.call(), world.host, payout_id)

    payouts.choose_destination(world.lodger, world.call(world.host), world.host, "bank", None)
    listing = world.listing()
    # 300.00 for three nights: 336.00 with the guest's fee; the host's 3% is 9.00.
    first = world.confirmed(listing, ("2026-07-01", "2026-07-04"))
    world.at("2026-07-02 19:00:00")  # a day after 15:00 in New York
    pay_out()
    assert after("paid out") == {"processor_clearing": "45.00", "platform_revenue": "-45.00"}

    bookings.cancel_by_platform(world.lodger, world.call(), first, "a fire")
    assert after("cancelled") == {"processor_clearing": "-291.00", "host_receivable": "291.00"}

    # 1,000.00 for ten nights: 1,120.00, of which the host's are 970.00; 291.00 of them are owed.
    world.confirmed(listing, ("2026-07-10", "2026-07-20"))
    world.at("2026-07-11 19:00:00")
    pay_out()
    assert after("netted") == {"processor_clearing": "150.00", "platform_revenue": "-150.00"}
    assert unlike_rebuilt(world.wired.projecting, world.log, LEDGER) == []
    assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []
    world.close()
