"""Our log beside a provider's books: what is missing there, unexpected, or another amount."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.payment_ports import Gateway, GatewayUnavailable, Totals
from application.provider_books import Books, Difference, Kind, Line, Period, beside_statement, beside_totals
from domain.money import Money
from domain.payments import Evidence, PaymentFact, PaymentStarted, RefundFailed, RefundStarted, RefundSucceeded
from tests.support.examples import BOOKING, CAPTURED, EVIDENCE, HELD, PAYMENT, REFUND, STARTED, usd
from tests.support.tales import Tale, minute

REFUNDED: tuple[PaymentFact, ...] = (
    *CAPTURED,
    RefundStarted(REFUND, usd("100.00"), "x"),
    RefundSucceeded(REFUND, Evidence("sandbox", "re_1", "0" * 64)),
)
"""Taken at the 5th minute, in part sent back at the 7th."""


def books(*facts: PaymentFact, period: Period = Period()) -> Books:  # noqa: B008 - frozen
    tale, found = Tale(), Books(period)
    for event in tale.tell(PAYMENT, *facts):
        found.take(event)
    return found


@dataclass
class Provider:
    """One that says the same of every charge."""

    totals_: Totals | None

    def totals(self, reference: str, currency: str) -> Totals:
        assert (reference, currency) == ("ch_1", "USD")
        if self.totals_ is None:
            raise GatewayUnavailable
        return self.totals_


def differences(found: Books, captured: str, refunded: str) -> list[Difference]:
    (payment,) = found.asked_about(None)
    provider = cast("Gateway", Provider(Totals(usd(captured), usd(refunded))))
    return list(beside_totals(payment, {"sandbox": provider}))


def difference(what: Any, kind: Kind, ours: str | None, theirs: str | None) -> Difference:
    return Difference(what, "sandbox", "ch_1", kind, usd(ours) if ours else None, usd(theirs) if theirs else None)


@pytest.mark.parametrize(
    ("captured", "refunded", "expected"),
    [
        ("501.11", "100.00", []),
        ("501.11", "0.00", [difference("missing", "refund", "100.00", None)]),
        (
            "0.00",
            "0.00",
            [difference("missing", "charge", "501.11", None), difference("missing", "refund", "100.00", None)],
        ),
        ("1002.22", "100.00", [difference("different", "charge", "501.11", "1002.22")]),
        ("501.11", "501.11", [difference("different", "refund", "100.00", "501.11")]),
    ],
)
def test_totals_are_compared_charge_and_refund_apart(captured: str, refunded: str, expected: list[Difference]) -> None:
    assert differences(books(*REFUNDED), captured, refunded) == expected


def test_what_a_provider_took_for_a_payment_that_failed_is_unexpected() -> None:
    found = books(STARTED, CAPTURED[1])
    assert differences(found, "501.11", "0.00") == [difference("unexpected", "charge", None, "501.11")]
    assert differences(found, "0.00", "0.00") == []


def test_a_refund_that_failed_was_not_sent_back() -> None:
    failed = books(*CAPTURED, RefundStarted(REFUND, usd("1.00"), "x"), RefundFailed(REFUND, "closed", EVIDENCE))
    assert differences(failed, "501.11", "0.00") == []


@pytest.mark.parametrize("providers", [{}, {"sandbox": cast("Gateway", Provider(None))}])
def test_a_provider_that_does_not_answer_or_is_not_set_up_is_a_difference(providers: dict[str, Gateway]) -> None:
    (payment,) = books(*CAPTURED).asked_about("sandbox")
    assert list(beside_totals(payment, providers)) == [difference("unanswered", "charge", "501.11", None)]


def test_a_provider_that_counts_in_another_currency_differs() -> None:
    (payment,) = books(*CAPTURED).asked_about(None)
    shillings = Totals(Money(50_111, "UGX"), Money(0, "UGX"))
    found = list(beside_totals(payment, {"sandbox": cast("Gateway", Provider(shillings))}))
    assert [(each.what, each.theirs) for each in found] == [("different", Money(50_111, "UGX"))]


def test_nobody_is_asked_about_what_no_provider_has_named() -> None:
    assert books(STARTED).asked_about(None) == []
    assert books(*CAPTURED).asked_about("stripe") == []
    other = Tale()
    found = Books()
    for event in other.tell(BOOKING, HELD):
        found.take(event)
    assert found.payments == {}


CHARGE, BACK = Line("ch_1", "charge", usd("501.11")), Line("ch_1", "refund", usd("100.00"))


@pytest.mark.parametrize(
    ("period", "lines", "asked"),
    [
        (Period(), [CHARGE, BACK], 1),
        (Period(since=minute(6)), [BACK], 1),
        (Period(until=minute(7)), [CHARGE], 1),
        (Period(minute(5), minute(6)), [CHARGE], 1),
        (Period(since=minute(8)), [], 0),
    ],
)
def test_a_period_has_its_own_lines_of_payments_that_began_before(
    period: Period, lines: list[Line], asked: int
) -> None:
    found = books(*REFUNDED, period=period)
    assert found.lines.get("sandbox", []) == lines
    assert len(found.asked_about(None)) == asked


def test_a_refund_is_a_line_of_the_charge_that_it_is_of() -> None:
    assert books(*REFUNDED).lines == {"sandbox": [CHARGE, BACK]}


# Statements, line by line.


def compared(ours: list[Line], theirs: list[Line]) -> list[Difference]:
    return list(beside_statement("sandbox", ours, theirs))


def test_the_same_lines_in_any_order_are_no_difference() -> None:
    assert compared([CHARGE, BACK, BACK], [BACK, CHARGE, BACK]) == []


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([BACK, BACK], [difference("missing", "charge", "501.11", None)]),
        ([CHARGE, BACK], [difference("missing", "refund", "100.00", None)]),
        ([CHARGE, CHARGE, BACK, BACK], [difference("unexpected", "charge", None, "501.11")]),
        (
            [CHARGE, BACK, replace(BACK, amount=usd("10.00"))],
            [difference("different", "refund", "100.00", "10.00")],
        ),
        (
            [CHARGE, BACK, BACK, Line("ch_2", "charge", usd("5.00"))],
            [Difference("unexpected", "sandbox", "ch_2", "charge", None, usd("5.00"))],
        ),
    ],
)
def test_a_line_too_few_too_many_or_of_another_amount_is_told(theirs: list[Line], expected: list[Difference]) -> None:
    assert compared([CHARGE, BACK, BACK], theirs) == expected


statement_lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(["ch_1", "ch_2"]),
        st.sampled_from(["charge", "refund"]),
        st.builds(Money, st.integers(1, 3), st.sampled_from(["USD", "UGX"])),
    ),
    max_size=8,
)


@given(ours=statement_lines, theirs=statement_lines)
def test_the_differences_are_exactly_what_makes_one_of_the_other(ours: list[Line], theirs: list[Line]) -> None:
    found = compared(ours, theirs)
    left = [Line(each.reference, each.kind, each.ours) for each in found if each.ours]
    added = [Line(each.reference, each.kind, each.theirs) for each in found if each.theirs]
    assert sorted([*theirs, *left], key=str) == sorted([*ours, *added], key=str)
    assert not {*left} & {*added}


def test_the_intent_says_the_provider() -> None:
    started = replace(cast("PaymentStarted", CAPTURED[0]), provider="mtn_momo")
    assert books(started, *CAPTURED[1:]).lines == {"mtn_momo": [CHARGE]}
