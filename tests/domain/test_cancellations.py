"""Cancellation: what comes back, when, and that it always adds up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings import BookingCancelled, BookingHeld, Confirmed, cancel, check_out, preview
from domain.cancellations import CancelledBy, Refund, RefundLine, Terms, refund
from domain.pricing import Pricing, Quote, quote
from domain.stays import Stay, local_instant
from tests.domain import strategies
from tests.support import examples
from tests.support.examples import FULL_REFUND, NOW, QUOTE, TERMS, instant, usd

anybody = st.sampled_from(["guest", "host", "platform"])
ONE_SECOND = timedelta(seconds=1)


@given(strategies.quotes, strategies.terms, anybody, st.data())
def test_a_refund_adds_up_and_never_exceeds_what_was_paid(
    priced: Quote, terms: Terms, by: CancelledBy, data: st.DataObject
) -> None:
    back = refund(priced, terms, by, data.draw(strategies.instants(priced.stay)))
    assert sum(line.amount.minor for line in back.lines) == back.total.minor
    assert 0 <= back.total.minor <= priced.total.minor
    assert all(line.amount.minor > 0 for line in back.lines)
    assert {line.amount.currency for line in back.lines} <= {priced.total.currency}


@given(strategies.quotes, strategies.terms, st.data())
def test_a_guest_who_waits_never_gets_more_back(priced: Quote, terms: Terms, data: st.DataObject) -> None:
    early, late = sorted(data.draw(st.tuples(*[strategies.instants(priced.stay)] * 2)))
    before, after = _by_kind(refund(priced, terms, "guest", early)), _by_kind(refund(priced, terms, "guest", late))
    assert all(amount <= before.get(kind, 0) for kind, amount in after.items())


def _by_kind(back: Refund) -> Mapping[str, int]:
    assert len({line.kind for line in back.lines}) == len(back.lines)
    return {line.kind: line.amount.minor for line in back.lines}


@given(strategies.quotes, strategies.terms, st.sampled_from(["host", "platform"]), st.data())
def test_a_host_or_the_platform_cancelling_gives_everything_back(
    priced: Quote, terms: Terms, by: Literal["host", "platform"], data: st.DataObject
) -> None:
    assert refund(priced, terms, by, data.draw(strategies.instants(priced.stay))).total == priced.total


@given(strategies.quotes, strategies.terms)
def test_24_hours_are_the_last_moment_for_everything(priced: Quote, terms: Terms) -> None:
    deadline = local_instant(priced.stay.check_in, terms.check_in_time, terms.zone) - timedelta(hours=24)
    assert refund(priced, terms, "guest", deadline).total == priced.total
    too_late = refund(priced, terms, "guest", deadline + ONE_SECOND)
    assert "service_fee" not in _by_kind(too_late)


@given(strategies.holds, anybody, st.data())
def test_a_preview_is_what_the_cancellation_then_gives(held: BookingHeld, by: CancelledBy, data: st.DataObject) -> None:
    booking = Confirmed(held, examples.PAYMENT)
    now = min(data.draw(strategies.instants(held.quote.stay)), check_out(held) - ONE_SECOND)
    (fact,) = cancel(booking, by, now)
    assert isinstance(fact, BookingCancelled)
    assert fact.refund == preview(booking, by, now)


# Check-in of the example is Thursday 11 June 2026, 15:00 in New York: 19:00 UTC. By hand:
# nights 340.00 = 100.00 + 120.00 + 120.00; the extra guest's 45.00 falls on them by price as 13.24, 15.88, 15.88;
# the nights' tax 29.75 as 8.75, 10.50, 10.50; the extra guest's tax 3.94 as 1.16, 1.39, 1.39; the cleaning's is 2.62.
ALL_BUT_THE_FIRST_NIGHT = Refund(
    (
        RefundLine("night", usd("240.00")),
        RefundLine("extra_guests", usd("31.76")),
        RefundLine("cleaning_fee", usd("30.00")),
        RefundLine("occupancy_tax", usd("26.40")),  # 10.50 + 10.50 + 1.39 + 1.39 + 2.62
    ),
    usd("328.16"),
)
FRIDAY_AND_SATURDAY = Refund(
    (
        RefundLine("night", usd("240.00")),
        RefundLine("extra_guests", usd("31.76")),
        RefundLine("occupancy_tax", usd("23.78")),  # 10.50 + 10.50 + 1.39 + 1.39
    ),
    usd("295.54"),
)
SATURDAY = Refund(
    (
        RefundLine("night", usd("120.00")),
        RefundLine("extra_guests", usd("15.88")),
        RefundLine("occupancy_tax", usd("11.89")),  # 10.50 + 1.39
    ),
    usd("147.77"),
)
NOTHING = Refund((), usd("0.00"))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-06-01 12:00:00", FULL_REFUND, id="days before"),
        pytest.param("2026-06-10 19:00:00", FULL_REFUND, id="24 hours before"),
        pytest.param("2026-06-10 19:00:01", ALL_BUT_THE_FIRST_NIGHT, id="a second later"),
        pytest.param("2026-06-11 18:59:59", ALL_BUT_THE_FIRST_NIGHT, id="a second before check-in"),
        pytest.param("2026-06-11 19:00:00", FRIDAY_AND_SATURDAY, id="at check-in"),
        pytest.param("2026-06-12 03:59:59", FRIDAY_AND_SATURDAY, id="the last second of Thursday in New York"),
        pytest.param("2026-06-12 04:00:00", SATURDAY, id="midnight in New York: Friday's night is the next one"),
        pytest.param("2026-06-13 03:59:59", SATURDAY, id="the last second of Friday in New York"),
        pytest.param("2026-06-13 04:00:00", NOTHING, id="Saturday: no night is left"),
        pytest.param("2026-06-20 12:00:00", NOTHING, id="after the stay"),
    ],
)
def test_the_flexible_policy_for_a_guest_who_cancels(now: str, expected: Refund) -> None:
    assert refund(QUOTE, TERMS, "guest", instant(now)) == expected


def test_a_single_night_within_24_hours_gives_only_the_cleaning_back() -> None:
    # One night 100.00, cleaning 30.00, tax 10%: the night's 10.00 stays, the cleaning's 3.00 comes back.
    pricing = Pricing(usd("100.00"), cleaning_fee=usd("30.00"), tax_bp=1_000)
    priced = quote(pricing, Stay(date(2026, 6, 11), date(2026, 6, 12)), 1)
    assert refund(priced, TERMS, "guest", instant("2026-06-11 18:59:59")) == Refund(
        (RefundLine("cleaning_fee", usd("30.00")), RefundLine("occupancy_tax", usd("3.00"))), usd("33.00")
    )
    assert refund(priced, TERMS, "guest", instant("2026-06-11 19:00:00")) == NOTHING


def test_a_discount_comes_off_the_nights_that_come_back() -> None:
    # Seven nights of 100.00 less 10%: 90.00 each. Six come back within 24 hours of check-in: 540.00.
    priced = quote(Pricing(usd("100.00"), weekly_discount_percent=10), Stay(date(2026, 6, 11), date(2026, 6, 18)), 1)
    assert refund(priced, TERMS, "guest", instant("2026-06-11 12:00:00")) == Refund(
        (RefundLine("night", usd("540.00")),), usd("540.00")
    )


@pytest.mark.parametrize(
    ("zone", "check_in", "deadline"),
    [
        # The night before loses an hour: 24 hours before 15:00 EDT (19:00 UTC) is 14:00 EST.
        pytest.param("America/New_York", date(2026, 3, 8), "2026-03-07 19:00:00", id="New York, spring"),
        # It gains one: 24 hours before 15:00 EST (20:00 UTC) is 16:00 EDT.
        pytest.param("America/New_York", date(2026, 11, 1), "2026-10-31 20:00:00", id="New York, autumn"),
        # 24 hours before 15:00 CEST (13:00 UTC) is 14:00 CET.
        pytest.param("Europe/Berlin", date(2026, 3, 29), "2026-03-28 13:00:00", id="Berlin, spring"),
        # 24 hours before 15:00 CET (14:00 UTC) is 16:00 CEST.
        pytest.param("Europe/Berlin", date(2026, 10, 25), "2026-10-24 14:00:00", id="Berlin, autumn"),
    ],
)
def test_the_full_refund_ends_24_real_hours_before_check_in_though_the_clocks_change(
    zone: str, check_in: date, deadline: str
) -> None:
    priced = quote(Pricing(usd("100.00")), Stay(check_in, check_in + timedelta(days=2)), 1)
    terms = Terms("flexible", zone, time(15, 0), time(11, 0), NOW)
    assert _total(priced, terms, instant(deadline)) == "224.00"  # both nights and the 12% fee on them
    assert _total(priced, terms, instant(deadline) + ONE_SECOND) == "100.00"  # the second night


@pytest.mark.parametrize(
    ("zone", "check_in", "noon"),
    [
        ("America/New_York", date(2026, 3, 8), "2026-03-09 16:00:00"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-26 11:00:00"),
    ],
)
def test_after_check_in_nights_are_told_by_the_local_date_though_the_clocks_change(
    zone: str, check_in: date, noon: str
) -> None:
    # Noon of the second day: the second night is the next one, the third comes back.
    priced = quote(Pricing(usd("100.00")), Stay(check_in, check_in + timedelta(days=3)), 1)
    assert _total(priced, Terms("flexible", zone, time(15, 0), time(11, 0), NOW), instant(noon)) == "100.00"


def _total(priced: Quote, terms: Terms, now: datetime) -> str:
    return refund(priced, terms, "guest", now).total.decimal()
