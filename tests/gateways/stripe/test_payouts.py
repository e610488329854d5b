"""Hosts paid through connected accounts: once, and money that did not arrive comes back."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from application.payment_ports import GatewayUnavailable, PayoutOrder
from domain.money import Money
from tests.gateways.stripe.payer import Shop

pytestmark = pytest.mark.slow

AMOUNT = Money(80_00, "USD")


def order_for(shop: Shop, *, complete: bool = True, funds: int = 1_000_00) -> PayoutOrder:
    """An order to a host's new account."""
    account = shop.gateway.open_account(uuid4(), "host@example.org").reference
    if complete:
        shop.fake.complete_account(account)
    shop.fake.top_up(funds, "USD")
    return PayoutOrder(uuid4(), uuid4(), AMOUNT, account)


def made(shop: Shop, order: PayoutOrder) -> tuple[list[int], list[str]]:
    """What is left of each transfer, and the status of each payout."""
    account = shop.fake.payouts()[order.destination]
    left = [transfer["amount"] - transfer["amount_reversed"] for transfer in account["transfers"]]
    return left, [payout["status"] for payout in account["payouts"]]


def test_an_account_is_opened_once_and_shown_a_page_each_time(shop: Shop) -> None:
    host_id = UUID("00000000-0000-4000-8000-000000000001")

    first, again = (shop.gateway.open_account(host_id, "host@example.org") for _ in range(2))

    assert first.reference == again.reference
    assert shop.gateway.open_account(host_id, "another@example.org").url is not None
    assert first.url == f"{shop.fake.url}/onboarding/{first.reference}"


def test_a_payout_is_pending_until_it_has_arrived(shop: Shop) -> None:
    order = order_for(shop)
    begun = shop.gateway.pay_out(order)
    shop.fake.settle_payout(order.destination, begun.evidence.reference, "in_transit")
    under_way = shop.gateway.pay_out(order)
    shop.fake.settle_payout(order.destination, begun.evidence.reference, "paid")

    assert [begun.outcome, under_way.outcome, shop.gateway.pay_out(order).outcome] == ["pending", "pending", "paid"]
    assert made(shop, order) == ([80_00], ["paid"])


def test_a_payout_that_failed_is_taken_back_so_that_the_next_does_not_pay_twice(shop: Shop) -> None:
    order = order_for(shop)
    begun = shop.gateway.pay_out(order)
    shop.fake.settle_payout(order.destination, begun.evidence.reference, "failed")

    reports = [shop.gateway.pay_out(order) for _ in range(2)]

    assert [report.outcome for report in reports] == ["failed", "failed"]
    assert reports[0].failure_code == "bank_account_closed"
    assert made(shop, order) == ([0], ["failed"])


@pytest.mark.parametrize("kind", ["close", "error"])
def test_money_that_did_not_arrive_is_taken_back_once_though_the_answer_was_lost(shop: Shop, kind: str) -> None:
    order = order_for(shop)
    begun = shop.gateway.pay_out(order)
    shop.fake.settle_payout(order.destination, begun.evidence.reference, "failed")
    shop.fake.fail("transfers.reverse", kind, acts=True)  # type: ignore[arg-type]
    with pytest.raises(GatewayUnavailable):
        shop.gateway.pay_out(order)

    assert shop.gateway.pay_out(order).outcome == "failed"
    assert made(shop, order) == ([0], ["failed"])


def test_an_account_that_is_not_complete_is_not_paid_and_its_money_comes_back(shop: Shop) -> None:
    order = order_for(shop, complete=False)

    report = shop.gateway.pay_out(order)

    assert (report.outcome, report.failure_code) == ("failed", "account_incomplete")
    assert made(shop, order) == ([0], [])


def test_nobody_is_paid_from_nothing(shop: Shop) -> None:
    order = order_for(shop)
    more = PayoutOrder(uuid4(), uuid4(), Money(1_000_000_00, "USD"), order.destination)

    report = shop.gateway.pay_out(more)

    assert (report.outcome, report.failure_code) == ("failed", "provider_balance_insufficient")
    assert made(shop, order) == ([], [])


def test_an_account_that_stripe_does_not_know_is_not_paid(shop: Shop) -> None:
    report = shop.gateway.pay_out(PayoutOrder(uuid4(), uuid4(), AMOUNT, "acct_0000"))

    assert (report.outcome, report.failure_code) == ("failed", "account_unknown")


@pytest.mark.parametrize("call", ["transfers.create", "payouts.create"])
@pytest.mark.parametrize("kind", ["close", "error"])
def test_a_lost_answer_pays_once(shop: Shop, call: str, kind: str) -> None:
    order = order_for(shop)
    shop.fake.fail(call, kind, acts=True)  # type: ignore[arg-type]
    with pytest.raises(GatewayUnavailable):
        shop.gateway.pay_out(order)

    assert shop.gateway.pay_out(order).outcome == "pending"
    assert made(shop, order) == ([80_00], ["pending"])
