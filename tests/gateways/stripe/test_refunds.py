"""Refunds through the adapter: at once, later, not at all, and never twice."""

from __future__ import annotations

from uuid import uuid4

import pytest

from application.payment_ports import GatewayUnavailable, RefundOrder
from domain.money import Money
from tests.gateways.stripe.payer import Shop

pytestmark = pytest.mark.slow

PART = Money(50_00, "USD")


def test_a_refund_that_takes_a_while_is_told_as_it_stands_now(shop: Shop) -> None:
    order = shop.refund(PART, "pm_card_pendingRefund")
    begun = shop.gateway.refund(order)
    assert begun.outcome == "pending"
    assert shop.gateway.totals(order.reference, "USD").refunded == Money(0, "USD")

    shop.fake.settle_refund(begun.evidence.reference, "succeeded")

    assert shop.gateway.refund(order).outcome == "succeeded"
    assert shop.gateway.totals(order.reference, "USD").refunded == PART


def test_a_refund_that_took_a_while_and_failed_says_so_to_the_same_key(shop: Shop) -> None:
    order = shop.refund(PART, "pm_card_pendingRefund")
    shop.fake.settle_refund(shop.gateway.refund(order).evidence.reference, "failed")

    report = shop.gateway.refund(order)

    assert (report.outcome, report.failure_code) == ("failed", "refund_failed")
    assert shop.fake.ledger()[order.reference]["refunded"] == 0


def test_a_refund_that_had_succeeded_and_failed_later_says_so(shop: Shop) -> None:
    order = shop.refund(PART, "pm_card_refundFail")
    done = shop.gateway.refund(order)
    shop.fake.settle_refund(done.evidence.reference, "failed")

    assert done.outcome == "succeeded"
    assert shop.gateway.refund(order).outcome == "failed"


@pytest.mark.parametrize("acts", [False, True], ids=["undone", "done all the same"])
def test_a_failure_that_stripe_repeats_for_its_key_refunds_once(shop: Shop, acts: bool) -> None:
    order = shop.refund(PART)
    shop.fake.fail("refunds.create", "error", acts=acts)
    with pytest.raises(GatewayUnavailable):
        shop.gateway.refund(order)

    outcomes = [shop.gateway.refund(order).outcome for _ in range(2)]

    assert outcomes == ["succeeded", "succeeded"]
    assert (shop.fake.ledger()[order.reference]["refunded"], shop.fake.ledger()[order.reference]["refunds"]) == (
        50_00,
        1,
    )


def test_ten_lost_answers_refund_once(shop: Shop) -> None:
    order = shop.refund(PART)
    shop.fake.fail("refunds.create", "close", times=10)
    shop.fake.fail("refunds.list", "close", times=9)

    for _ in range(10):
        with pytest.raises(GatewayUnavailable):
            shop.gateway.refund(order)

    assert shop.gateway.refund(order).outcome == "succeeded"
    assert shop.fake.ledger()[order.reference]["refunded"] == 50_00


def test_two_refunds_of_the_same_amount_are_two(shop: Shop) -> None:
    first = shop.refund(PART)
    second = RefundOrder(uuid4(), first.payment_id, first.reference, PART)

    assert [shop.gateway.refund(order).outcome for order in (first, second)] == ["succeeded", "succeeded"]
    assert shop.fake.ledger()[first.reference]["refunded"] == 100_00


def test_nothing_is_sent_back_of_what_was_not_captured(shop: Shop) -> None:
    report = shop.gateway.refund(RefundOrder(uuid4(), uuid4(), shop.confirmed(), PART))

    assert (report.outcome, report.failure_code) == ("failed", "not_captured")


def test_nothing_is_sent_back_of_a_charge_that_nobody_knows(shop: Shop) -> None:
    report = shop.gateway.refund(RefundOrder(uuid4(), uuid4(), "pi_0000000000000000000000", PART))

    assert (report.outcome, report.failure_code) == ("failed", "unknown_to_provider")


def test_nothing_is_sent_back_while_the_bank_disputes(shop: Shop) -> None:
    order = shop.refund(PART, "pm_card_createDispute")

    report = shop.gateway.refund(order)

    assert (report.outcome, report.failure_code) == ("failed", "charge_disputed")


def test_an_amount_that_stripe_cannot_send_back_fails(shop: Shop) -> None:
    reference = shop.captured(amount=Money(12_340, "KWD"))

    report = shop.gateway.refund(RefundOrder(uuid4(), uuid4(), reference, Money(1_234, "KWD")))

    assert (report.outcome, report.failure_code) == ("failed", "amount_refused")
