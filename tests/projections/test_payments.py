"""What operators see of payments: what is open, for how long, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from typing import get_args
from uuid import UUID

import pytest

from application import settlement
from domain.disputes import undecided
from domain.payments import (
    DisputeWon,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFact,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
    evolve,
    is_settled,
    must_be_started,
)
from domain.refunds import retry_id
from infrastructure.workers.projector import Projector
from projections.payments import PAYMENTS, TOO_LONG, Kind, needs, under_way, waiting
from projections.projection import Cursor
from tests.support.examples import (
    BOOKING,
    CAPTURED,
    DISPUTED,
    EVIDENCE,
    PAYMENT,
    PAYMENT_HISTORIES,
    REFUND,
    STARTED,
    usd,
)
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.tales import Tale, minute
from tests.support.world import World

CONTRADICTED = PaymentContradicted("amount_differs", "captured", usd("1.00"), EVIDENCE)
REFUSED = (RefundStarted(REFUND, usd("400.00"), "late"), RefundFailed(REFUND, "account_closed", EVIDENCE))


def tell(cursor: Cursor, *facts: PaymentFact, payment_id: UUID = PAYMENT, tale: Tale | None = None) -> None:
    PAYMENTS.apply(cursor, (tale or Tale()).tell(payment_id, *facts))


def kinds(cursor: Cursor) -> list[tuple[Kind, str]]:
    return [(need.kind, need.subject) for need in needs(cursor).items]


def age(cursor: Cursor, span: timedelta) -> None:
    """As if the last event had been recorded so long ago."""
    cursor.execute("UPDATE payments SET left_at = clock_timestamp() - %s", [span])


def test_a_contradiction_waits_with_what_was_said_until_somebody_has_resolved_it(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, *CAPTURED, CONTRADICTED, tale=tale)
    (need,) = needs(cursor).items
    assert (need.kind, need.subject, need.open.said, need.open.amount) == (
        *("contradiction", "amount_differs", "captured"),
        usd("1.00"),
    )
    assert (need.payment_id, need.booking_id, need.amount, need.reference) == (PAYMENT, BOOKING, usd("501.11"), "ch_1")
    assert (need.provider, need.payment_method, need.stage) == ("sandbox", "card", "captured")
    assert need.open.since == minute(6)
    tell(cursor, PaymentContradictionResolved("amount_differs", "dismissed", "a rounding"), tale=tale)
    assert kinds(cursor) == []


def test_a_refund_that_failed_waits_until_it_is_tried_again_and_waits_again_when_that_fails(cursor: Cursor) -> None:
    tale, again = Tale(), retry_id(REFUND)
    tell(cursor, *CAPTURED, *REFUSED, tale=tale)
    assert kinds(cursor) == [("refund_failed", str(REFUND))]
    assert needs(cursor).items[0].open.amount == usd("400.00")
    tell(cursor, RefundStarted(again, usd("400.00"), "late"), tale=tale)
    assert needs(cursor, "refund_failed").items == []
    assert under_way(cursor) == [PAYMENT]
    tell(cursor, RefundFailed(again, "account_closed", EVIDENCE), tale=tale)
    assert kinds(cursor) == [("refund_failed", str(again))]


def test_a_refund_that_failed_waits_for_nobody_once_its_money_went_back_otherwise(cursor: Cursor) -> None:
    other = UUID(int=9)
    tell(
        cursor,
        *(*CAPTURED, *REFUSED),
        *(RefundStarted(other, usd("501.11"), "all of it"), RefundSucceeded(other, EVIDENCE)),
    )
    assert kinds(cursor) == []


def test_a_dispute_waits_until_it_is_decided(cursor: Cursor) -> None:
    tale = Tale()
    tell(cursor, *CAPTURED, DISPUTED, tale=tale)
    assert kinds(cursor) == [("disputed", "dp_1")]
    tell(cursor, DisputeWon("dp_1", usd("15.00"), EVIDENCE), tale=tale)
    assert kinds(cursor) == []


def test_what_is_under_way_is_an_operators_matter_once_nothing_has_happened_for_an_hour(cursor: Cursor) -> None:
    tell(cursor, STARTED)
    assert under_way(cursor) == [PAYMENT]
    age(cursor, TOO_LONG - timedelta(seconds=30))
    assert kinds(cursor) == []
    age(cursor, TOO_LONG)
    assert kinds(cursor) == [("under_way", "started")]
    assert waiting(cursor) == {"contradiction": 0, "refund_failed": 0, "disputed": 0, "under_way": 1}


def test_one_kind_is_asked_for(cursor: Cursor) -> None:
    tell(cursor, *CAPTURED, CONTRADICTED, DISPUTED, *REFUSED)
    assert kinds(cursor) == [("contradiction", "amount_differs"), ("disputed", "dp_1"), ("refund_failed", str(REFUND))]
    for kind in get_args(Kind):
        assert {need.kind for need in needs(cursor, kind).items} <= {kind}
    assert waiting(cursor) == {"contradiction": 1, "refund_failed": 1, "disputed": 1, "under_way": 0}


def test_pages_go_from_what_waits_longest_without_a_gap(cursor: Cursor) -> None:
    tale, ids = Tale(), [UUID(int=n) for n in range(1, 6)]
    for payment_id in reversed(ids):
        tell(cursor, *CAPTURED, CONTRADICTED, DISPUTED, payment_id=payment_id, tale=tale)
    seen, after = list[tuple[UUID, str]](), None
    while True:
        page = needs(cursor, after=after, limit=3)
        seen += [(need.payment_id, need.kind) for need in page.items]
        after = page.after
        if after is None:
            break
    assert seen == [(payment_id, kind) for payment_id in reversed(ids) for kind in ("contradiction", "disputed")]


def test_payments_under_way_are_paged_by_id(cursor: Cursor) -> None:
    ids = [UUID(int=n) for n in range(1, 4)]
    for payment_id in ids:
        tell(cursor, STARTED, payment_id=payment_id)
    assert under_way(cursor, limit=2) == ids[:2]
    assert under_way(cursor, after=ids[1], limit=2) == ids[2:]


@pytest.mark.parametrize("history", PAYMENT_HISTORIES)
def test_a_payment_is_under_way_until_charge_refunds_and_disputes_have_ended(
    cursor: Cursor, history: Sequence[PaymentFact]
) -> None:
    tale = Tale()
    for count, fact in enumerate(history, start=1):
        tell(cursor, fact, tale=tale)
        payment = must_be_started(reduce(evolve, history[:count], None))
        assert bool(under_way(cursor)) is (not is_settled(payment) or undecided(payment) != [])


@pytest.mark.parametrize("history", PAYMENT_HISTORIES)
def test_one_page_of_events_makes_the_rows_that_single_events_make(
    cursor: Cursor, history: Sequence[PaymentFact]
) -> None:
    events = Tale().tell(PAYMENT, *history)
    PAYMENTS.apply(cursor, events)
    whole = _rows(cursor)
    cursor.execute("DELETE FROM payments; DELETE FROM payment_needs")
    for event in events:
        PAYMENTS.apply(cursor, [event])
    assert _rows(cursor) == whole


def _rows(cursor: Cursor) -> list[tuple[object, ...]]:
    cursor.execute("SELECT * FROM payments LEFT JOIN payment_needs USING (payment_id) ORDER BY kind, subject")
    return cursor.fetchall()


def test_a_rebuild_makes_the_rows_that_are_there(database_url: str) -> None:
    """Of payments that are under way, contradicted, refunded in vain and disputed, projected bit by bit."""
    provider, world = ScriptedGateway(), World(database_url)
    world.lodger = provider.serve(world.lodger)
    projector = Projector(world.wired.projecting, world.log, [PAYMENTS])
    provider.refunds_wait = True
    for number in range(4):
        payment = world.pay(world.hold(world.listing()))
        projector.run()
        if number == 0:
            continue
        provider.approve(payment)
        settlement.look(world.lodger, world.call(), payment)
        world.react()
        projector.run()
        provider.says(payment, "captured" if number > 1 else "failed")
        settlement.look(world.lodger, world.call(), payment)
        if number == 2:
            world.cancel(world.payment(payment).started.booking_id)
            world.react()
            projector.run()
            provider.finish_refunds("failed")
            settlement.carry_out(world.lodger, world.call(), payment)
        if number == 3:
            provider.dispute(payment)
            said = provider.look_up_dispute("dp_1")[1]
            settlement.record_dispute(world.lodger, world.call(), payment, said)
        projector.run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM payment_needs ORDER BY kind")
        found = [kind for (kind,) in cursor.fetchall()]
    assert found == ["contradiction", "disputed", "refund_failed", "under_way"]
    assert unlike_rebuilt(world.wired.projecting, world.log, PAYMENTS) == []
    world.close()
