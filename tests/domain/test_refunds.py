"""Refunds that fail and are tried again, and contradictions that an operator resolves. 501.11 was captured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refunds
from domain.money import Money
from domain.payments import (
    Payment,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFact,
    PaymentFailed,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
    Resolution,
    evolve,
    must_be_started,
)
from domain.refunds import RefundOutcome, RefundReport, pay_back, retriable, retry_id
from domain.rejections import Rejected
from tests.support.examples import CAPTURED, EVIDENCE, REFUND, STARTED, usd
from tests.support.spec import Spec

PAYMENTS = Spec[Payment | None, PaymentFact](evolve, None)
UNDER_WAY = (*CAPTURED, RefundStarted(REFUND, usd("400.00"), "late"))
FAILED = (*UNDER_WAY, RefundFailed(REFUND, "account_closed", EVIDENCE))
RETURNED = (*UNDER_WAY, RefundSucceeded(REFUND, EVIDENCE))
AGAIN = retry_id(REFUND)
OTHER = UUID(int=9)
LOST = PaymentContradicted("lost_after_capture", "failed", None, EVIDENCE)

Decision = Callable[[Payment | None], tuple[PaymentFact, ...]]


def told(outcome: RefundOutcome, code: str | None = None, amount: Money | None = None) -> Decision:
    return lambda state: refunds.report_refund(state, REFUND, RefundReport(outcome, EVIDENCE, code, amount))


def retrying(refund_id: UUID = REFUND) -> Decision:
    return lambda state: refunds.retry(state, refund_id)


def resolving(resolution: Resolution) -> Decision:
    return lambda state: refunds.resolve(state, "lost_after_capture", resolution, OTHER, "the bank says so")


def fold(past: tuple[PaymentFact, ...]) -> Payment:
    return must_be_started(PAYMENTS.fold(past))


# What a provider says of a refund.


def test_a_refund_fails_once_with_the_providers_reason() -> None:
    PAYMENTS.given(*UNDER_WAY).when(told("failed", "account_closed")).then(
        RefundFailed(REFUND, "account_closed", EVIDENCE)
    )
    PAYMENTS.given(*UNDER_WAY).when(told("failed")).then(RefundFailed(REFUND, "failed", EVIDENCE))
    PAYMENTS.given(*FAILED).when(told("failed", "account_closed")).then_nothing()


@pytest.mark.parametrize("past", [UNDER_WAY, FAILED, RETURNED])
def test_a_pending_refund_is_no_news(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(told("pending")).then_nothing()


def test_money_that_came_back_after_all_is_back() -> None:
    PAYMENTS.given(*FAILED).when(told("succeeded")).then(RefundSucceeded(REFUND, EVIDENCE))


def test_money_that_came_back_after_it_was_sent_again_is_a_contradiction() -> None:
    again = (*FAILED, RefundStarted(AGAIN, usd("400.00"), "late"))
    twice = PaymentContradicted("refund_differs", "succeeded", None, EVIDENCE)
    PAYMENTS.given(*again).when(told("succeeded")).then(twice)
    PAYMENTS.given(*again, twice).when(told("succeeded")).then_nothing()


def test_a_refund_that_is_undone_is_a_contradiction_and_stays_as_it_is() -> None:
    undone = PaymentContradicted("refund_undone", "failed", None, EVIDENCE)
    PAYMENTS.given(*RETURNED).when(told("failed", "account_closed")).then(undone)
    PAYMENTS.given(*RETURNED, undone).when(told("failed", "account_closed")).then_nothing()
    assert fold((*RETURNED, undone)).refunded == usd("400.00")


@pytest.mark.parametrize("amount", [usd("399.99"), usd("400.01"), Money(40_000, "UGX")])
def test_a_refund_of_another_amount_is_a_contradiction_and_not_applied(amount: Money) -> None:
    PAYMENTS.given(*UNDER_WAY).when(told("succeeded", amount=amount)).then(
        PaymentContradicted("refund_differs", "succeeded", amount, EVIDENCE)
    )
    PAYMENTS.given(*UNDER_WAY).when(told("succeeded", amount=usd("400.00"))).then(RefundSucceeded(REFUND, EVIDENCE))


# Trying again.


def test_a_refund_that_failed_is_tried_again_under_an_id_of_its_own() -> None:
    PAYMENTS.given(*FAILED).when(retrying()).then(RefundStarted(AGAIN, usd("400.00"), "late"))
    assert AGAIN != REFUND


def test_trying_again_twice_sends_the_money_back_once() -> None:
    again = (*FAILED, RefundStarted(AGAIN, usd("400.00"), "late"))
    PAYMENTS.given(*again).when(retrying()).then_nothing()
    PAYMENTS.given(*again, RefundSucceeded(AGAIN, EVIDENCE)).when(retrying()).then_nothing()


def test_what_failed_again_is_tried_again_by_its_own_id() -> None:
    twice = (*FAILED, RefundStarted(AGAIN, usd("400.00"), "late"), RefundFailed(AGAIN, "account_closed", EVIDENCE))
    PAYMENTS.given(*twice).when(retrying(AGAIN)).then(RefundStarted(retry_id(AGAIN), usd("400.00"), "late"))
    assert list(retriable(fold(twice))) == [AGAIN]


@pytest.mark.parametrize(("past", "outcome"), [(UNDER_WAY, "started"), (RETURNED, "succeeded")])
def test_only_what_failed_is_tried_again(past: tuple[PaymentFact, ...], outcome: str) -> None:
    PAYMENTS.given(*past).when(retrying()).then_rejected("refund_not_failed", outcome=outcome)


def test_there_is_no_such_refund_and_no_such_payment() -> None:
    PAYMENTS.given(*FAILED).when(retrying(OTHER)).then_rejected("refund_not_found")
    PAYMENTS.given().when(retrying()).then_rejected("payment_not_found")


def test_money_that_went_back_otherwise_is_not_sent_again() -> None:
    otherwise = (*FAILED, RefundStarted(OTHER, usd("101.12"), "all that is left but one cent"))
    PAYMENTS.given(*otherwise).when(retrying()).then_rejected("refund_exceeds_capture")
    assert retriable(fold(otherwise)) == {}
    just_fits = (*FAILED, RefundStarted(OTHER, usd("101.11"), "the rest"))
    assert list(retriable(fold(just_fits))) == [REFUND]


# A booking's money, over several payments.


def test_paying_back_again_after_a_retry_pays_nothing_more() -> None:
    """As when a reaction is repeated after a worker's death, and an operator had tried the refund again meanwhile."""
    first = fold((*FAILED, RefundStarted(AGAIN, usd("400.00"), "late")))
    second = fold(CAPTURED)
    assert pay_back([first, second], usd("400.00"), [REFUND, OTHER], "late") == [(), ()]


def test_paying_back_again_after_a_failure_pays_nothing_more() -> None:
    assert pay_back([fold(FAILED), fold(CAPTURED)], usd("400.00"), [REFUND, OTHER], "late") == [(), ()]


def test_paying_back_takes_from_the_first_payment_that_has_it_and_the_rest_from_the_next() -> None:
    paid = [fold(CAPTURED), None, fold((STARTED, PaymentFailed("declined", EVIDENCE))), fold(CAPTURED)]
    ids = [UUID(int=n) for n in range(1, 5)]
    facts = pay_back(paid, usd("600.00"), ids, "late")
    assert facts == [
        (RefundStarted(ids[0], usd("501.11"), "late"),),
        (),
        (),
        (RefundStarted(ids[3], usd("98.89"), "late"),),
    ]


# Contradictions.


def test_an_operator_dismisses_a_contradiction_once() -> None:
    resolved = PaymentContradictionResolved("lost_after_capture", "dismissed", "the bank says so")
    PAYMENTS.given(*CAPTURED, LOST).when(resolving("dismissed")).then(resolved)
    PAYMENTS.given(*CAPTURED, LOST, resolved).when(resolving("dismissed")).then_rejected("contradiction_not_open")
    PAYMENTS.given(*CAPTURED).when(resolving("dismissed")).then_rejected("contradiction_not_open")
    PAYMENTS.given().when(resolving("dismissed")).then_rejected("payment_not_found")


def test_refunding_sends_back_what_is_left() -> None:
    resolved = PaymentContradictionResolved("lost_after_capture", "refunded", "the bank says so")
    PAYMENTS.given(*CAPTURED, LOST).when(resolving("refunded")).then(
        resolved, RefundStarted(OTHER, usd("501.11"), "the bank says so")
    )
    PAYMENTS.given(*RETURNED, LOST).when(resolving("refunded")).then(
        resolved, RefundStarted(OTHER, usd("101.11"), "the bank says so")
    )
    PAYMENTS.given(*FAILED, LOST).when(resolving("refunded")).then(
        resolved, RefundStarted(OTHER, usd("501.11"), "the bank says so")
    )


def test_nothing_is_sent_back_of_what_was_not_captured() -> None:
    contradicted = (STARTED, PaymentContradicted("lost_after_capture", "failed", None, EVIDENCE))
    PAYMENTS.given(*contradicted).when(resolving("refunded")).then_rejected("payment_not_captured")
    PAYMENTS.given(*contradicted).when(resolving("dismissed")).then(
        PaymentContradictionResolved("lost_after_capture", "dismissed", "the bank says so")
    )


def test_a_resolved_contradiction_is_not_found_again() -> None:
    resolved = PaymentContradictionResolved("refund_undone", "dismissed", "a mistake of theirs")
    past = (*RETURNED, PaymentContradicted("refund_undone", "failed", None, EVIDENCE), resolved)
    PAYMENTS.given(*past).when(told("failed")).then_nothing()


# A law over any order of what operators and providers do.


def _steps(refund_id: UUID) -> list[Decision]:
    def said(outcome: RefundOutcome) -> Decision:
        return lambda state: (
            refunds.report_refund(state, refund_id, RefundReport(outcome, EVIDENCE))
            if refund_id in must_be_started(state).refunds
            else ()
        )

    return [said("pending"), said("failed"), said("succeeded"), retrying(refund_id)]


IDS = list(accumulate(range(3), lambda refund_id, _: retry_id(refund_id), initial=REFUND))
decisions = st.sampled_from([step for refund_id in IDS for step in _steps(refund_id)] + [resolving("refunded")])


@given(st.lists(decisions, max_size=30), st.sampled_from([1, 25_055, 25_056, 50_111]))
def test_no_more_goes_back_than_was_captured_whatever_fails_and_is_tried_again(
    steps: list[Decision], cents: int
) -> None:
    payment = fold((*CAPTURED, LOST, RefundStarted(REFUND, replace(STARTED.amount, minor=cents), "late")))
    for decide in steps:
        try:
            facts = decide(payment)
        except Rejected:
            continue
        for fact in facts:
            payment = must_be_started(evolve(payment, fact))
        assert 0 <= payment.refunded.minor <= STARTED.amount.minor
