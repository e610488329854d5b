"""Being forgotten: what has to be over first."""

from __future__ import annotations

from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from domain import bookings, erasure, host_accounts, payments
from domain.bookings import BookingCancelled, BookingConfirmed, BookingDeclined, BookingExpired
from domain.cancellations import Refund
from domain.erasure import Obstacle
from domain.host_accounts import PayoutPaid
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFailed,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
)
from domain.rejections import Rejected
from tests.support.examples import (
    BOOKING,
    CAPTURED,
    EARNED,
    EVIDENCE,
    HELD,
    OWED,
    PAYMENT,
    PAYOUT,
    REQUESTED,
    SCHEDULED,
    STARTED,
    usd,
)

REFUND = UUID(int=77)
REFUNDING = (*CAPTURED, RefundStarted(REFUND, usd("10.00"), "the booking was cancelled"))
DISPUTED = (*CAPTURED, DisputeOpened("dp_1", usd("10.00"), usd("15.00"), "fraudulent", EVIDENCE))
CONTRADICTED = (*CAPTURED, PaymentContradicted("amount_differs", "captured", usd("1.00"), EVIDENCE))


def booking(*facts: Any) -> list[Obstacle]:
    return list(erasure.of_booking(BOOKING, reduce(bookings.evolve, facts, None)))


def payment(*facts: Any) -> list[Obstacle]:
    return list(erasure.of_payment(PAYMENT, reduce(payments.evolve, facts, None)))


def account(*facts: Any) -> list[Obstacle]:
    return list(erasure.of_account(reduce(host_accounts.evolve, facts, host_accounts.EMPTY)))


@pytest.mark.parametrize("live", [(REQUESTED,), (HELD,), (HELD, BookingConfirmed(PAYMENT))])
def test_a_stay_that_may_still_take_place_is_in_the_way(live: tuple[Any, ...]) -> None:
    assert booking(*live) == [Obstacle("booking", BOOKING)]


@pytest.mark.parametrize(
    "over",
    [
        (REQUESTED, BookingDeclined()),
        (HELD, BookingExpired()),
        (HELD, BookingCancelled("guest", Refund((), usd("0.00")))),
    ],
)
def test_a_stay_that_will_not_is_not(over: tuple[Any, ...]) -> None:
    assert booking(*over) == []


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        ((STARTED,), ["payment"]),
        ((STARTED, PaymentFailed("declined", EVIDENCE)), []),
        (CAPTURED, []),
        (REFUNDING, ["payment"]),
        ((*REFUNDING, RefundSucceeded(REFUND, EVIDENCE)), []),
        ((*REFUNDING, RefundFailed(REFUND, "account_closed", EVIDENCE)), ["refund"]),
        (DISPUTED, ["dispute"]),
        ((*DISPUTED, DisputeLost("dp_1", EVIDENCE)), []),
        (CONTRADICTED, ["contradiction"]),
        ((*CONTRADICTED, PaymentContradictionResolved("amount_differs", "dismissed", "seen")), []),
    ],
)
def test_money_under_way_is_in_the_way_and_money_that_has_arrived_is_not(
    facts: tuple[Any, ...], kinds: list[str]
) -> None:
    assert [each.kind for each in payment(*facts)] == kinds


def test_a_payment_that_was_never_started_is_not_in_the_way() -> None:
    assert payment() == []


def test_what_a_host_is_owed_is_in_the_way_until_it_is_paid() -> None:
    assert account(EARNED) == [Obstacle("earning", BOOKING)]
    assert account(EARNED, OWED, SCHEDULED) == [Obstacle("payout", PAYOUT)]
    assert account(EARNED, OWED, SCHEDULED, PayoutPaid(PAYOUT, EVIDENCE)) == []


def test_what_a_host_owes_is_not() -> None:
    assert account(EARNED, OWED, SCHEDULED, PayoutPaid(PAYOUT, EVIDENCE), OWED) == []


def test_the_refusal_names_what_is_in_the_way() -> None:
    with pytest.raises(Rejected) as refused:
        erasure.must_be_free([Obstacle("booking", BOOKING)])
    assert refused.value.code == "erasure_blocked"
    assert refused.value.details == {"obstacles": [{"kind": "booking", "id": str(BOOKING)}]}


def test_the_refusal_names_twenty_at_most() -> None:
    with pytest.raises(Rejected) as refused:
        erasure.must_be_free(Obstacle("booking", UUID(int=number)) for number in range(21))
    obstacles = refused.value.details["obstacles"]
    assert isinstance(obstacles, list)
    assert len(obstacles) == 20


def test_nothing_in_the_way_is_no_refusal() -> None:
    erasure.must_be_free([])
