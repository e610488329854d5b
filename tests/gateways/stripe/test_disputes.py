"""Disputes through the adapter, with what they cost. The fake's bank takes a fee of 15.00."""

from __future__ import annotations

import pytest
import stripe

from domain.money import Money
from domain.payments import Evidence
from domain.rejections import Rejected
from infrastructure.gateways.stripe import disputes
from tests.gateways.stripe.payer import Shop

pytestmark = pytest.mark.slow

NOTHING, FEE = Money(0, "USD"), Money(15_00, "USD")


def test_a_dispute_takes_the_money_and_a_fee(shop: Shop) -> None:
    reference = shop.captured()
    dispute_id = shop.fake.dispute(reference, amount=100_00)

    charge, report = shop.gateway.look_up_dispute(dispute_id)

    assert charge == reference
    assert (report.dispute_id, report.outcome, report.reason) == (dispute_id, "opened", "fraudulent")
    assert (report.amount, report.fee, report.fee_returned) == (Money(100_00, "USD"), FEE, NOTHING)


def test_a_dispute_that_is_won_gives_the_fee_back(shop: Shop) -> None:
    dispute_id = shop.fake.dispute(shop.captured())
    shop.fake.close_dispute(dispute_id, "won")

    _, report = shop.gateway.look_up_dispute(dispute_id)

    assert (report.outcome, report.amount) == ("won", Money(129_50, "USD"))
    assert (report.fee, report.fee_returned) == (FEE, FEE)


def test_a_dispute_that_is_lost_gives_nothing_back(shop: Shop) -> None:
    dispute_id = shop.fake.dispute(shop.captured())
    shop.fake.close_dispute(dispute_id, "lost")

    _, report = shop.gateway.look_up_dispute(dispute_id)

    assert (report.outcome, report.fee, report.fee_returned) == ("lost", FEE, NOTHING)


@pytest.mark.parametrize("dispute_id", ["du_0000", "an inquiry"])
def test_what_takes_no_money_is_no_dispute(shop: Shop, dispute_id: str) -> None:
    if dispute_id == "an inquiry":
        dispute_id = shop.fake.dispute(shop.captured(), inquiry=True)

    with pytest.raises(Rejected) as refused:
        shop.gateway.look_up_dispute(dispute_id)

    assert refused.value.code == "dispute_not_found"


def test_a_fee_in_another_currency_is_told_in_the_payment_s() -> None:
    """100.00 USD were taken back as 80.00 GBP, with a fee of 20.00 GBP: a fourth, so 25.00 USD."""
    values = {
        "id": "du_1",
        "object": "dispute",
        "amount": 100_00,
        "currency": "usd",
        "status": "needs_response",
        "reason": "fraudulent",
        "balance_transactions": [{"object": "balance_transaction", "amount": -80_00, "fee": 20_00, "currency": "gbp"}],
    }

    report = disputes.report_of(stripe.Dispute.construct_from(values, "sk_test_1"), Evidence("stripe", "du_1", "0"))

    assert report.fee == Money(25_00, "USD")
