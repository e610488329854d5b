"""Payments: attempts, what providers report, and money going back; forwards only, whatever the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import charges, payments, refunds
from domain.charges import Outcome, Report
from domain.money import Money
from domain.payments import (
    DisputeLost,
    DisputeWon,
    Evidence,
    Payment,
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentContradicted,
    PaymentFact,
    PaymentFailed,
    PaymentVoided,
    PaymentVoidStarted,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
    attempt_id,
    evolve,
    must_be_started,
)
from domain.policies import PAYMENT_ATTEMPTS_MAX
from domain.refunds import RefundReport
from domain.rejections import Rejected
from tests.support.examples import BOOKING, CAPTURED, DISPUTED, EVIDENCE, NEXT_ACTION, REFUND, STARTED, usd
from tests.support.spec import Spec

PAYMENTS = Spec[Payment | None, PaymentFact](evolve, None)
ACTION_REQUIRED = (STARTED, PaymentActionRequired(NEXT_ACTION, EVIDENCE))
AUTHORIZED = (STARTED, PaymentAuthorized(EVIDENCE))
CAPTURE_STARTED = (*AUTHORIZED, PaymentCaptureStarted())
FAILED = (STARTED, PaymentFailed("declined", EVIDENCE))
VOID_STARTED = (*AUTHORIZED, PaymentVoidStarted("hold_lapsed"))
VOIDED = (*VOID_STARTED, PaymentVoided(EVIDENCE))
EVERY_STAGE = ((STARTED,), ACTION_REQUIRED, AUTHORIZED, CAPTURE_STARTED, CAPTURED, FAILED, VOID_STARTED, VOIDED)

Decision = Callable[[Payment | None], tuple[PaymentFact, ...]]


def starting(*attempts: tuple[PaymentFact, ...]) -> Decision:
    return lambda _: charges.start([PAYMENTS.fold(attempt) for attempt in attempts], STARTED)


def reporting(outcome: Outcome, amount: Money | None = None) -> Decision:
    return lambda state: charges.report(state, Report(outcome, EVIDENCE, NEXT_ACTION, "expired", amount))


def proceeding(*, booking_waits: bool) -> Decision:
    return lambda state: charges.proceed(state, booking_waits=booking_waits)


def voiding(state: Payment | None) -> tuple[PaymentFact, ...]:
    return charges.void(state, "booking_cancelled")


def refunding(amount: str, refund_id: UUID = REFUND) -> Decision:
    return lambda state: refunds.refund(state, refund_id, usd(amount), "booking_cancelled")


def returning(refund_id: UUID = REFUND) -> Decision:
    return lambda state: refunds.report_refund(state, refund_id, RefundReport("succeeded", EVIDENCE))


# Starting.


def test_a_first_attempt_starts() -> None:
    PAYMENTS.given().when(starting()).then(STARTED)


@pytest.mark.parametrize("before", [FAILED, VOIDED])
def test_another_attempt_starts_after_one_that_came_to_nothing(before: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given().when(starting(FAILED, before)).then(STARTED)


@pytest.mark.parametrize("before", [stage for stage in EVERY_STAGE if stage not in (FAILED, VOIDED)])
def test_no_second_attempt_starts_beside_one_that_may_still_take_money(before: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given().when(starting(before)).then_rejected("payment_in_progress")
    PAYMENTS.given().when(starting(before, FAILED)).then_rejected("payment_in_progress")


def test_a_booking_is_tried_to_be_paid_so_often_and_no_more() -> None:
    PAYMENTS.given().when(starting(*[FAILED] * (PAYMENT_ATTEMPTS_MAX - 1))).then(STARTED)
    PAYMENTS.given().when(starting(*[FAILED] * PAYMENT_ATTEMPTS_MAX)).then_rejected("too_many_attempts", maximum=20)


def test_two_requests_for_one_attempt_meet_in_one_stream() -> None:
    assert attempt_id(BOOKING, 1) == attempt_id(UUID(str(BOOKING)), 1)
    assert len({attempt_id(BOOKING, n) for n in range(1, PAYMENT_ATTEMPTS_MAX + 1)}) == PAYMENT_ATTEMPTS_MAX
    assert attempt_id(BOOKING, 1) != attempt_id(REFUND, 1)


# What providers report.

TOLD: dict[Outcome, PaymentFact] = {
    "action_required": PaymentActionRequired(NEXT_ACTION, EVIDENCE),
    "authorized": PaymentAuthorized(EVIDENCE),
    "captured": PaymentCaptured(EVIDENCE),
    "failed": PaymentFailed("expired", EVIDENCE),
    "voided": PaymentVoided(EVIDENCE),
}
ENDS: set[Outcome] = {"captured", "failed", "voided"}


@pytest.mark.parametrize(
    ("past", "news"),
    [
        ((STARTED,), {"action_required", "authorized", *ENDS}),
        (ACTION_REQUIRED, {"authorized", *ENDS}),
        (AUTHORIZED, ENDS),
        (CAPTURE_STARTED, ENDS),
        (VOID_STARTED, ENDS),
        (FAILED, {"captured"}),
        (VOIDED, {"captured"}),
    ],
)
@pytest.mark.parametrize("outcome", TOLD)
def test_a_report_is_recorded_only_when_it_leads_forward(
    past: tuple[PaymentFact, ...], news: set[Outcome], outcome: Outcome
) -> None:
    expected = (TOLD[outcome],) if outcome in news else ()
    PAYMENTS.given(*past).when(reporting(outcome)).then(*expected)


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_a_captured_payment_moves_no_further_and_its_loss_is_a_contradiction(outcome: Outcome) -> None:
    lost = PaymentContradicted("lost_after_capture", outcome, None, EVIDENCE)
    PAYMENTS.given(*CAPTURED).when(reporting(outcome)).then(*[lost] * (outcome in ("failed", "voided")))


def test_a_pending_charge_is_no_news() -> None:
    for past in EVERY_STAGE:
        PAYMENTS.given(*past).when(reporting("pending")).then_nothing()


@pytest.mark.parametrize("past", EVERY_STAGE)
@pytest.mark.parametrize("outcome", ["authorized", "captured"])
@pytest.mark.parametrize("amount", ["501.10", "501.12", "0.00"])
def test_another_amount_than_was_asked_for_is_recorded_and_not_applied(
    past: tuple[PaymentFact, ...], outcome: Outcome, amount: str
) -> None:
    said = PaymentContradicted("amount_differs", outcome, usd(amount), EVIDENCE)
    PAYMENTS.given(*past).when(reporting(outcome, usd(amount))).then(said)
    PAYMENTS.given(*past, said).when(reporting(outcome, usd(amount))).then_nothing()


@pytest.mark.parametrize("past", EVERY_STAGE)
@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_another_currency_than_was_asked_for_is_recorded_whatever_is_said(
    past: tuple[PaymentFact, ...], outcome: Outcome
) -> None:
    shillings = Money(50_111, "UGX")  # the same number of minor units
    PAYMENTS.given(*past).when(reporting(outcome, shillings)).then(
        PaymentContradicted("currency_differs", outcome, shillings, EVIDENCE)
    )


def test_the_amount_that_was_asked_for_is_as_good_as_none() -> None:
    PAYMENTS.given(STARTED).when(reporting("captured", STARTED.amount)).then(PaymentCaptured(EVIDENCE))


def test_what_is_left_of_a_charge_that_failed_is_not_compared() -> None:
    """A provider may say of a charge that came to nothing that it took nothing."""
    PAYMENTS.given(STARTED).when(reporting("failed", usd("0.00"))).then(PaymentFailed("expired", EVIDENCE))


def test_a_failure_without_a_reason_is_a_declined_one() -> None:
    PAYMENTS.given(STARTED).when(lambda state: charges.report(state, Report("failed", EVIDENCE))).then(
        PaymentFailed("declined", EVIDENCE)
    )


def test_money_captured_while_it_was_being_given_up_is_recorded_as_captured() -> None:
    PAYMENTS.given(*VOID_STARTED).when(reporting("captured")).then(PaymentCaptured(EVIDENCE))


def test_the_next_action_is_shown_until_it_is_done() -> None:
    assert _fold(ACTION_REQUIRED).next_action == NEXT_ACTION
    for fact in (*TOLD.values(), PaymentVoidStarted("hold_lapsed")):
        if not isinstance(fact, PaymentActionRequired | PaymentVoided):
            assert _fold((*ACTION_REQUIRED, fact)).next_action is None


def test_the_providers_reference_is_known_after_its_first_answer() -> None:
    assert _fold((STARTED,)).reference is None
    assert _fold(ACTION_REQUIRED).reference == "ch_1"
    assert _fold((STARTED, PaymentCaptured(Evidence("sandbox", "ch_2", "1" * 64)))).reference == "ch_2"


# Capture or void.


def test_an_authorisation_within_the_hold_is_captured() -> None:
    PAYMENTS.given(*AUTHORIZED).when(proceeding(booking_waits=True)).then(PaymentCaptureStarted())


def test_an_authorisation_that_came_too_late_is_voided() -> None:
    PAYMENTS.given(*AUTHORIZED).when(proceeding(booking_waits=False)).then(PaymentVoidStarted("hold_lapsed"))


@pytest.mark.parametrize("past", [stage for stage in EVERY_STAGE if stage != AUTHORIZED])
def test_only_an_authorisation_proceeds(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(proceeding(booking_waits=True)).then_nothing()


@pytest.mark.parametrize("past", EVERY_STAGE)
def test_what_nobody_waits_for_is_given_up_while_it_is_open(past: tuple[PaymentFact, ...]) -> None:
    is_open = past in ((STARTED,), ACTION_REQUIRED, AUTHORIZED)
    given_up = (PaymentVoidStarted("hold_lapsed"),) if is_open else ()
    PAYMENTS.given(*past).when(proceeding(booking_waits=False)).then(*given_up)


@pytest.mark.parametrize("past", [(STARTED,), ACTION_REQUIRED, AUTHORIZED])
def test_a_charge_that_is_not_about_to_be_captured_is_given_up(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(voiding).then(PaymentVoidStarted("booking_cancelled"))


@pytest.mark.parametrize("past", [(), CAPTURE_STARTED, CAPTURED, FAILED, VOID_STARTED, VOIDED])
def test_any_other_charge_is_left_as_it_is(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(voiding).then_nothing()


# Refunds: 501.11 was captured.


def test_everything_captured_can_go_back() -> None:
    PAYMENTS.given(*CAPTURED).when(refunding("501.11")).then(RefundStarted(REFUND, usd("501.11"), "booking_cancelled"))


def test_parts_go_back_until_nothing_is_left() -> None:
    half_way = PAYMENTS.given(*CAPTURED, RefundStarted(REFUND, usd("400.00"), "late"))
    half_way.when(refunding("101.12", UUID(int=1))).then_rejected("refund_exceeds_capture")
    half_way.when(refunding("101.11", UUID(int=1))).then(RefundStarted(UUID(int=1), usd("101.11"), "booking_cancelled"))


def test_the_same_refund_is_started_once_whatever_its_amount() -> None:
    once = PAYMENTS.given(*CAPTURED, RefundStarted(REFUND, usd("400.00"), "late"))
    once.when(refunding("400.00")).then_nothing()
    once.when(refunding("1.00")).then_nothing()


def test_a_refund_of_nothing_is_nothing() -> None:
    PAYMENTS.given(*CAPTURED).when(refunding("0.00")).then_nothing()
    PAYMENTS.given(STARTED).when(refunding("0.00")).then_nothing()


def test_a_negative_refund_is_refused() -> None:
    PAYMENTS.given(*CAPTURED).when(refunding("-0.01")).then_rejected("refund_negative")


@pytest.mark.parametrize("past", [stage for stage in EVERY_STAGE if stage != CAPTURED])
def test_what_was_not_captured_does_not_go_back(past: tuple[PaymentFact, ...]) -> None:
    PAYMENTS.given(*past).when(refunding("0.01")).then_rejected("refund_exceeds_capture")


def test_a_refund_comes_back_once() -> None:
    under_way = (*CAPTURED, RefundStarted(REFUND, usd("400.00"), "late"))
    PAYMENTS.given(*under_way).when(returning()).then(RefundSucceeded(REFUND, EVIDENCE))
    PAYMENTS.given(*under_way, RefundSucceeded(REFUND, EVIDENCE)).when(returning()).then_nothing()


@pytest.mark.parametrize(
    "decide",
    [reporting("captured"), proceeding(booking_waits=True), refunding("1.00"), returning()],
)
def test_there_is_nothing_to_say_of_a_payment_never_started(decide: Decision) -> None:
    PAYMENTS.given().when(decide).then_rejected("payment_not_found")


# What clients see.


@pytest.mark.parametrize(
    ("past", "status"),
    [
        ((STARTED,), "pending"),
        (ACTION_REQUIRED, "pending"),
        (AUTHORIZED, "authorized"),
        (CAPTURE_STARTED, "authorized"),
        (VOID_STARTED, "authorized"),
        ((STARTED, PaymentVoidStarted("booking_cancelled")), "pending"),
        (VOIDED, "failed"),
        (FAILED, "failed"),
        (CAPTURED, "paid"),
        ((*CAPTURED, RefundStarted(REFUND, usd("501.11"), "late")), "paid"),
        (
            (*CAPTURED, RefundStarted(REFUND, usd("1.11"), "late"), RefundSucceeded(REFUND, EVIDENCE)),
            "partially_refunded",
        ),
        ((*CAPTURED, RefundStarted(REFUND, usd("501.11"), "late"), RefundSucceeded(REFUND, EVIDENCE)), "refunded"),
        (
            (*CAPTURED, RefundStarted(REFUND, usd("1.11"), "late"), RefundFailed(REFUND, "account_closed", EVIDENCE)),
            "paid",
        ),
        ((*CAPTURED, DISPUTED), "disputed"),
        ((*CAPTURED, DISPUTED, DisputeLost("dp_1", EVIDENCE)), "disputed"),
        ((*CAPTURED, DISPUTED, DisputeWon("dp_1", usd("15.00"), EVIDENCE)), "paid"),
        ((*CAPTURED, PaymentContradicted("lost_after_capture", "failed", None, EVIDENCE)), "paid"),
    ],
)
def test_each_history_has_its_status(past: tuple[PaymentFact, ...], status: str) -> None:
    assert payments.status(_fold(past)) == status


def _fold(past: tuple[PaymentFact, ...]) -> Payment:
    return must_be_started(PAYMENTS.fold(past))


# Laws over any order of commands.

RANK = {"pending": 0, "authorized": 1, "failed": 2, "paid": 2.5, "partially_refunded": 3, "refunded": 4}
refund_ids = st.integers(1, 4).map(lambda n: UUID(int=n))
cents = st.integers(-60_000, 60_000)


def _refund_of(minor: int, refund_id: UUID) -> Decision:
    return lambda state: refunds.refund(state, refund_id, replace(STARTED.amount, minor=minor), "late")


def _return_if_under_way(refund_id: UUID) -> Decision:
    return lambda state: returning(refund_id)(state) if refund_id in must_be_started(state).refunds else ()


reports = st.sampled_from(sorted(TOLD)).map(reporting)
commands = st.one_of(
    reports,
    st.booleans().map(lambda waits: proceeding(booking_waits=waits)),
    st.just(voiding),
    st.builds(_refund_of, cents, refund_ids),
    st.builds(_return_if_under_way, refund_ids),
)


def _history(decisions: list[Decision]) -> list[Payment]:
    """The payment after each fact that the decisions, run one after another, came to."""
    states = [_fold((STARTED,))]
    for decide in decisions:
        try:
            facts = decide(states[-1])
        except Rejected:
            continue
        states += [must_be_started(evolve(states[-1], fact)) for fact in facts]
    return states


@given(st.lists(commands, max_size=25))
def test_statuses_move_forward_only(decisions: list[Decision]) -> None:
    ranks = [RANK[payments.status(state)] for state in _history(decisions)]
    assert ranks == sorted(ranks)


@given(st.lists(commands, max_size=25))
def test_no_stage_comes_twice_and_nothing_but_money_follows_an_end(decisions: list[Decision]) -> None:
    stages = [state.stage for state in _history(decisions)]
    moves = [after for before, after in pairwise(stages) if before != after]
    assert len(set(moves)) == len(moves)
    assert "captured" not in moves[:-1]
    assert all(after == "captured" for before, after in pairwise(moves) if before in ENDS)


@given(st.lists(reports, max_size=25))
def test_a_captured_payment_stays_captured_whatever_is_reported(later: list[Decision]) -> None:
    last = _history([reporting("captured"), *later])[-1]
    assert replace(last, contradictions={}) == _fold((STARTED, PaymentCaptured(EVIDENCE)))


@given(st.lists(commands, max_size=12), reports)
def test_a_report_said_twice_is_recorded_once(before: list[Decision], said: Decision) -> None:
    assert _history([*before, said]) == _history([*before, said, said])


@given(st.lists(st.builds(_refund_of, cents, refund_ids) | st.builds(_return_if_under_way, refund_ids), max_size=25))
def test_refunds_never_exceed_the_capture_and_each_starts_once(decisions: list[Decision]) -> None:
    states = _history([reporting("captured"), *decisions])
    for before, after in pairwise(states):
        assert all(refund.amount.minor > 0 for refund in after.refunds.values())
        assert 0 <= after.refunded.minor <= after.refunding.minor <= STARTED.amount.minor
        assert all(after.refunds[refund_id].amount == refund.amount for refund_id, refund in before.refunds.items())
