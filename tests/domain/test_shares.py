"""Shares: whose the money of a booking is. Amounts are worked out by hand from the example's quote of 501.11 dollars:
nights 340.00, extra guests 45.00, cleaning 30.00, service fee 49.80, tax 36.31."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings import Booking, BookingCancelled, BookingConfirmed, BookingExpired, BookingFact, evolve
from domain.cancellations import Refund, RefundLine
from domain.money import Money
from domain.policies import MINOR_MAX
from domain.shares import Shares, release_at, shares
from tests.support.examples import FULL_REFUND, HELD, NO_REFUND, PAYMENT, REQUESTED, usd

NOTHING = Shares(usd("0.00"), usd("0.00"), usd("0.00"))
CONFIRMED = (HELD, BookingConfirmed(PAYMENT))
HALF = Refund(
    (
        RefundLine("night", usd("170.00")),
        RefundLine("extra_guests", usd("22.50")),
        RefundLine("cleaning_fee", usd("30.00")),
        RefundLine("occupancy_tax", usd("19.46")),
    ),
    usd("241.96"),
)


def booking(*facts: BookingFact) -> Booking:
    state: Booking | None = None
    for fact in facts:
        state = evolve(state, fact)
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((REQUESTED,), NOTHING),
        ((HELD,), NOTHING),
        ((HELD, BookingExpired()), NOTHING),
        ((HELD, BookingCancelled("guest", NO_REFUND)), NOTHING),
        # 415.00 less 3% (12.45); 49.80 and 12.45
        (CONFIRMED, Shares(usd("402.55"), usd("62.25"), usd("36.31"))),
        ((*CONFIRMED, BookingCancelled("host", FULL_REFUND)), NOTHING),
        ((*CONFIRMED, BookingCancelled("guest", NO_REFUND)), Shares(usd("402.55"), usd("62.25"), usd("36.31"))),
        # 415.00 − 222.50 = 192.50, of which 3% are 5.775: half to even is 5.78
        ((*CONFIRMED, BookingCancelled("guest", HALF)), Shares(usd("186.72"), usd("55.58"), usd("16.85"))),
    ],
)
def test_the_money_of_a_booking_belongs_to(history: tuple[BookingFact, ...], expected: Shares) -> None:
    assert shares(booking(*history)) == expected


@given(*[st.integers(0, MINOR_MAX)] * 2)
def test_shares_add_up_to_what_was_paid_and_is_not_sent_back(nights: int, tax: int) -> None:
    kept = Refund(
        (
            RefundLine("night", Money(min(nights, 34_000), "USD")),
            RefundLine("occupancy_tax", Money(min(tax, 3_631), "USD")),
        ),
        Money(min(nights, 34_000) + min(tax, 3_631), "USD"),
    )
    split = shares(booking(*CONFIRMED, BookingCancelled("guest", kept)))
    assert split.total == usd("501.11") - kept.total
    assert min(split.host.minor, split.platform.minor, split.tax.minor) >= 0


def test_a_host_is_paid_a_day_after_check_in() -> None:
    assert release_at(booking(*CONFIRMED)) == datetime(2026, 6, 12, 19, 0, tzinfo=UTC)
