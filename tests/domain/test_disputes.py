"""Disputes: opened, and won or lost once, in whatever order that is heard of."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from domain.disputes import DisputeOutcome, DisputeReport, report_dispute
from domain.payments import (
    DisputeLost,
    DisputeWon,
    Payment,
    PaymentCaptured,
    PaymentContradicted,
    PaymentFact,
    PaymentFailed,
    evolve,
    must_be_started,
)
from tests.support.examples import CAPTURED, DISPUTED, EVIDENCE, STARTED, usd
from tests.support.spec import Spec

PAYMENTS = Spec[Payment | None, PaymentFact](evolve, None)
WON = DisputeWon("dp_1", usd("15.00"), EVIDENCE)
LOST = DisputeLost("dp_1", EVIDENCE)

Decision = Callable[[Payment | None], tuple[PaymentFact, ...]]


def told(outcome: DisputeOutcome, amount: str = "501.11", dispute_id: str = "dp_1") -> Decision:
    returned = usd("15.00" if outcome == "won" else "0.00")
    said = DisputeReport(dispute_id, outcome, usd(amount), usd("15.00"), returned, "fraudulent", EVIDENCE)
    return lambda state: report_dispute(state, said)


def differs(outcome: DisputeOutcome, amount: str = "501.11") -> PaymentContradicted:
    return PaymentContradicted("dispute_differs", outcome, usd(amount), EVIDENCE)


def test_a_dispute_opens_once() -> None:
    PAYMENTS.given(*CAPTURED).when(told("opened")).then(DISPUTED)
    PAYMENTS.given(*CAPTURED, DISPUTED).when(told("opened")).then_nothing()


@pytest.mark.parametrize(("outcome", "end"), [("won", WON), ("lost", LOST)])
def test_a_dispute_ends_once(outcome: DisputeOutcome, end: PaymentFact) -> None:
    PAYMENTS.given(*CAPTURED, DISPUTED).when(told(outcome)).then(end)
    PAYMENTS.given(*CAPTURED, DISPUTED, end).when(told(outcome)).then_nothing()
    PAYMENTS.given(*CAPTURED, DISPUTED, end).when(told("opened")).then_nothing()


@pytest.mark.parametrize(("outcome", "end"), [("won", WON), ("lost", LOST)])
def test_an_end_heard_of_before_its_beginning_is_both(outcome: DisputeOutcome, end: PaymentFact) -> None:
    PAYMENTS.given(*CAPTURED).when(told(outcome)).then(DISPUTED, end)


@pytest.mark.parametrize(("end", "other"), [(WON, "lost"), (LOST, "won")])
def test_a_dispute_that_ends_both_ways_is_a_contradiction(end: PaymentFact, other: DisputeOutcome) -> None:
    PAYMENTS.given(*CAPTURED, DISPUTED, end).when(told(other)).then(differs(other))
    PAYMENTS.given(*CAPTURED, DISPUTED, end, differs(other)).when(told(other)).then_nothing()


@pytest.mark.parametrize("outcome", ["opened", "won", "lost"])
def test_a_dispute_about_another_amount_than_before_is_a_contradiction(outcome: DisputeOutcome) -> None:
    PAYMENTS.given(*CAPTURED, DISPUTED).when(told(outcome, "500.00")).then(differs(outcome, "500.00"))


@pytest.mark.parametrize("past", [(STARTED,), (STARTED, PaymentFailed("declined", EVIDENCE))])
def test_a_dispute_about_money_that_was_not_taken_is_a_contradiction(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(told("opened")).then(differs("opened"))


def test_a_part_may_be_disputed_and_then_another() -> None:
    first = PAYMENTS.given(*CAPTURED).when(told("opened", "100.00"))
    PAYMENTS.given(*CAPTURED, *first.facts).when(told("opened", "50.00", "dp_2")).then(
        *PAYMENTS.given(*CAPTURED).when(told("opened", "50.00", "dp_2")).facts
    )


@pytest.mark.parametrize("order", list(permutations(["opened", "won", "opened", "won"])))
def test_whatever_the_order_the_end_is_the_same(order: tuple[DisputeOutcome, ...]) -> None:
    payment = PAYMENTS.fold((STARTED, PaymentCaptured(EVIDENCE)))
    for outcome in order:
        for fact in told(outcome)(payment):
            payment = evolve(payment, fact)
    assert must_be_started(payment) == PAYMENTS.fold((STARTED, PaymentCaptured(EVIDENCE), DISPUTED, WON))
    assert must_be_started(payment).contradictions == {}


def test_there_is_nothing_to_say_of_a_payment_never_started() -> None:
    PAYMENTS.given().when(told("opened")).then_rejected("payment_not_found")
