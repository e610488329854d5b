"""Cancellation: what comes back, when, and that it always adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.bookings import Agreement, BookingCancelled, Confirmed, Held, check_in, check_out
from domain.cancellations import CancelledBy, Deadline, Refund, RefundLine, Terms, deadlines, refund
from domain.lifecycle import cancel, preview
from domain.pricing import CancellationPolicy, Pricing, Quote, quote
from domain.stays import Stay, local_instant
from tests.domain import strategies
from tests.support.examples import (
    FULL_REFUND,
    GUEST,
    GUESTS,
    HELD_UNTIL,
    HOST,
    NOW,
    PAYMENT,
    PRICING,
    PROPERTY,
    QUOTE,
    STAY,
    TERMS,
    instant,
    usd,
)

anybody = st.sampled_from(["guest", "host", "platform"])
ONE_SECOND = timedelta(seconds=1)
A_MOMENT = timedelta(microseconds=1)


@given(strategies.quotes, strategies.terms, anybody, st.data())
def test_a_refund_adds_up_and_never_exceeds_what_was_paid(
    priced: Quote, terms: Terms, by: CancelledBy, data: st.DataObject
) -> None:
    back = refund(priced, terms, by, data.draw(strategies.instants(priced.stay, terms)))
    assert sum(line.amount.minor for line in back.lines) == back.total.minor
    assert 0 <= back.total.minor <= priced.total.minor
    assert all(line.amount.minor > 0 for line in back.lines)
    assert {line.amount.currency for line in back.lines} <= {priced.total.currency}


@given(strategies.quotes, strategies.terms, st.data())
def test_a_guest_who_waits_never_gets_more_back(priced: Quote, terms: Terms, data: st.DataObject) -> None:
    early, late = sorted(data.draw(st.tuples(*[strategies.instants(priced.stay, terms)] * 2)))
    before, after = _by_kind(refund(priced, terms, "guest", early)), _by_kind(refund(priced, terms, "guest", late))
    assert all(amount <= before.get(kind, 0) for kind, amount in after.items())


def _by_kind(back: Refund) -> Mapping[str, int]:
    assert len({line.kind for line in back.lines}) == len(back.lines)
    return {line.kind: line.amount.minor for line in back.lines}


@given(strategies.quotes, strategies.terms, st.sampled_from(["host", "platform"]), st.data())
def test_a_host_or_the_platform_cancelling_gives_everything_back(
    priced: Quote, terms: Terms, by: Literal["host", "platform"], data: st.DataObject
) -> None:
    assert refund(priced, terms, by, data.draw(strategies.instants(priced.stay, terms))).total == priced.total


@given(strategies.quotes, strategies.terms, st.data())
def test_the_cleaning_fee_comes_back_before_check_in_and_the_service_fee_with_everything_only(
    priced: Quote, terms: Terms, data: st.DataObject
) -> None:
    now = data.draw(strategies.instants(priced.stay, terms))
    back = refund(priced, terms, "guest", now)
    before = now < local_instant(priced.stay.check_in, terms.check_in_time, terms.zone)
    assert _by_kind(back).get("cleaning_fee", 0) == (priced.sum_of("cleaning_fee").minor if before else 0)
    assert ("service_fee" in _by_kind(back)) <= (back.total == priced.total)


@given(strategies.agreements, anybody, st.data())
def test_a_preview_is_what_the_cancellation_then_gives(made: Agreement, by: CancelledBy, data: st.DataObject) -> None:
    booking = Confirmed(made, (PAYMENT,))
    now = data.draw(strategies.instants(made.quote.stay, made.terms))
    assume(now < check_out(made))
    (fact,) = cancel(booking, by, now)
    assert isinstance(fact, BookingCancelled)
    assert fact.refund == preview(booking, by, now)


@given(strategies.agreements, st.data())
def test_until_the_next_deadline_nothing_changes_and_after_it_less_comes_back(
    made: Agreement, data: st.DataObject
) -> None:
    stay, terms = made.quote.stay, made.terms
    now = data.draw(strategies.instants(stay, terms))
    ahead = deadlines(stay, terms, now, lambda at: _back(made, at).total)
    back, since = _back(made, now), now
    for deadline in ahead:
        in_time = since + (deadline.until - since) * data.draw(st.integers(0, 99)) / 100
        assert _back(made, in_time) == back
        back, since = _back(made, deadline.until + A_MOMENT), deadline.until + A_MOMENT
        assert back.total == deadline.refund_after
    assert [each.refund_after.minor for each in ahead] == sorted(
        (each.refund_after.minor for each in ahead), reverse=True
    )
    begins = check_in(made)
    if since < begins:
        assert _back(made, begins - A_MOMENT) == back


def _back(made: Agreement, at: datetime) -> Refund:
    return refund(made.quote, made.terms, "guest", at)


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
# Half of everything but the cleaning. The tax: half of 33.69 is 16.845 → 16.84 (half to even), and the cleaning's 2.62.
HALF = Refund(
    (
        RefundLine("night", usd("170.00")),
        RefundLine("extra_guests", usd("22.50")),
        RefundLine("cleaning_fee", usd("30.00")),
        RefundLine("occupancy_tax", usd("19.46")),
    ),
    usd("241.96"),
)
HALF_OF_FRIDAY_AND_SATURDAY = SATURDAY
HALF_OF_SATURDAY = Refund(
    (
        RefundLine("night", usd("60.00")),
        RefundLine("extra_guests", usd("7.94")),
        RefundLine("occupancy_tax", usd("5.94")),  # 11.89 / 2 = 5.945 → 5.94
    ),
    usd("73.88"),
)
CLEANING = Refund((RefundLine("cleaning_fee", usd("30.00")), RefundLine("occupancy_tax", usd("2.62"))), usd("32.62"))
MODERATE = replace(TERMS, policy="moderate")
STRICT = replace(TERMS, policy="strict")
NON_REFUNDABLE = replace(TERMS, policy="non_refundable")


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


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-06-06 19:00:00", FULL_REFUND, id="five days before"),
        pytest.param("2026-06-06 19:00:01", HALF, id="a second later"),
        pytest.param("2026-06-11 18:59:59", HALF, id="a second before check-in"),
        pytest.param("2026-06-11 19:00:00", HALF_OF_FRIDAY_AND_SATURDAY, id="at check-in"),
        pytest.param("2026-06-12 03:59:59", HALF_OF_FRIDAY_AND_SATURDAY, id="the last second of Thursday in New York"),
        pytest.param(
            "2026-06-12 04:00:00", HALF_OF_SATURDAY, id="midnight in New York: Friday's night is the next one"
        ),
        pytest.param("2026-06-13 04:00:00", NOTHING, id="Saturday: no night is left"),
    ],
)
def test_the_moderate_policy_for_a_guest_who_cancels(now: str, expected: Refund) -> None:
    assert refund(QUOTE, MODERATE, "guest", instant(now)) == expected


@pytest.mark.parametrize(
    ("agreed_at", "now", "expected"),
    [
        # Check-in is 22 days away: 48 hours to think it over.
        ("2026-05-20 12:00:00", "2026-05-22 12:00:00", FULL_REFUND),
        ("2026-05-20 12:00:00", "2026-05-22 12:00:01", HALF),
        # Fourteen days before check-in is 28 May, 19:00 UTC: earlier than 48 hours after booking.
        ("2026-05-27 12:00:00", "2026-05-28 19:00:00", FULL_REFUND),
        ("2026-05-27 12:00:00", "2026-05-28 19:00:01", HALF),
        # Booked ten days ahead: never everything.
        ("2026-06-01 12:00:00", "2026-06-01 12:00:00", HALF),
        ("2026-06-01 12:00:00", "2026-06-04 19:00:00", HALF),
        ("2026-06-01 12:00:00", "2026-06-04 19:00:01", CLEANING),
        ("2026-06-01 12:00:00", "2026-06-11 18:59:59", CLEANING),
        ("2026-06-01 12:00:00", "2026-06-11 19:00:00", NOTHING),
    ],
)
def test_the_strict_policy_for_a_guest_who_cancels(agreed_at: str, now: str, expected: Refund) -> None:
    terms = replace(STRICT, agreed_at=instant(agreed_at))
    assert refund(QUOTE, terms, "guest", instant(now)) == expected


def test_what_is_not_refundable_gives_the_cleaning_back_before_check_in_and_everything_when_the_host_cancels() -> None:
    # 340.00 less 10% is 306.00, and its tax 26.78; with the rest 460.06 (see the pricing examples).
    priced = quote(PRICING, STAY, GUESTS, "non_refundable")
    assert refund(priced, NON_REFUNDABLE, "guest", NOW) == CLEANING
    assert refund(priced, NON_REFUNDABLE, "guest", instant("2026-06-11 18:59:59")) == CLEANING
    assert refund(priced, NON_REFUNDABLE, "guest", instant("2026-06-11 19:00:00")) == NOTHING
    assert refund(priced, NON_REFUNDABLE, "host", NOW) == Refund(
        (
            RefundLine("night", usd("306.00")),
            RefundLine("extra_guests", usd("45.00")),
            RefundLine("cleaning_fee", usd("30.00")),
            RefundLine("service_fee", usd("45.72")),
            RefundLine("occupancy_tax", usd("33.34")),  # 26.78 + 3.94 + 2.62
        ),
        usd("460.06"),
    )


def test_half_a_cent_of_a_night_goes_to_the_even_cent() -> None:
    # 100.01 / 2 = 50.005 → 50.00; 100.03 / 2 = 50.015 → 50.02.
    for nightly, half in (("100.01", "50.00"), ("100.03", "50.02")):
        priced = quote(Pricing(usd(nightly)), Stay(date(2026, 6, 11), date(2026, 6, 12)), 1, "moderate")
        assert _total(priced, MODERATE, instant("2026-06-11 12:00:00")) == half


@pytest.mark.parametrize(
    ("terms", "now", "expected"),
    [
        (TERMS, "2026-06-01 12:00:00", [("2026-06-10 19:00:00", "328.16"), ("2026-06-11 19:00:00", "295.54")]),
        (TERMS, "2026-06-10 19:00:00", [("2026-06-10 19:00:00", "328.16"), ("2026-06-11 19:00:00", "295.54")]),
        (TERMS, "2026-06-10 19:00:01", [("2026-06-11 19:00:00", "295.54")]),
        (TERMS, "2026-06-11 19:00:00", [("2026-06-12 04:00:00", "147.77")]),
        (TERMS, "2026-06-13 04:00:00", []),
        (MODERATE, "2026-06-01 12:00:00", [("2026-06-06 19:00:00", "241.96"), ("2026-06-11 19:00:00", "147.77")]),
        (STRICT, "2026-06-01 12:00:00", [("2026-06-04 19:00:00", "32.62"), ("2026-06-11 19:00:00", "0.00")]),
        (NON_REFUNDABLE, "2026-06-01 12:00:00", [("2026-06-11 19:00:00", "0.00")]),
    ],
)
def test_the_deadlines_ahead_and_what_comes_back_after_each(
    terms: Terms, now: str, expected: list[tuple[str, str]]
) -> None:
    ahead = deadlines(STAY, terms, instant(now), lambda at: refund(QUOTE, terms, "guest", at).total)
    assert ahead == tuple(Deadline(instant(until), usd(after)) for until, after in expected)


def test_what_is_not_paid_and_what_the_host_gives_back_have_no_deadline() -> None:
    made = Agreement(PROPERTY, HOST, GUEST, QUOTE, TERMS)
    held, confirmed = Held(made, HELD_UNTIL), Confirmed(made, (PAYMENT,))
    assert deadlines(STAY, TERMS, NOW, lambda at: preview(held, "guest", at).total) == ()
    assert deadlines(STAY, TERMS, NOW, lambda at: preview(confirmed, "host", at).total) == ()


def test_a_single_night_within_24_hours_gives_only_the_cleaning_back() -> None:
    # One night 100.00, cleaning 30.00, tax 10%: the night's 10.00 stays, the cleaning's 3.00 comes back.
    pricing = Pricing(usd("100.00"), cleaning_fee=usd("30.00"), tax_bp=1_000)
    priced = quote(pricing, Stay(date(2026, 6, 11), date(2026, 6, 12)), 1, "flexible")
    assert refund(priced, TERMS, "guest", instant("2026-06-11 18:59:59")) == Refund(
        (RefundLine("cleaning_fee", usd("30.00")), RefundLine("occupancy_tax", usd("3.00"))), usd("33.00")
    )
    assert refund(priced, TERMS, "guest", instant("2026-06-11 19:00:00")) == NOTHING


def test_a_discount_comes_off_the_nights_that_come_back() -> None:
    # Seven nights of 100.00 less 10%: 90.00 each. Six come back within 24 hours of check-in: 540.00.
    priced = quote(
        Pricing(usd("100.00"), weekly_discount_percent=10), Stay(date(2026, 6, 11), date(2026, 6, 18)), 1, "flexible"
    )
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
    priced = quote(Pricing(usd("100.00")), Stay(check_in, check_in + timedelta(days=2)), 1, "flexible")
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
    priced = quote(Pricing(usd("100.00")), Stay(check_in, check_in + timedelta(days=3)), 1, "flexible")
    assert _total(priced, Terms("flexible", zone, time(15, 0), time(11, 0), NOW), instant(noon)) == "100.00"


@pytest.mark.parametrize(
    ("policy", "zone", "check_in_on", "agreed_at", "deadline"),
    [
        # Five days before Tuesday 10 March, 15:00 EDT (19:00 UTC), is 15:00 EST: 121 hours, not 120.
        ("moderate", "America/New_York", date(2026, 3, 10), "2026-01-01 00:00:00", "2026-03-05 20:00:00"),
        # Five days before Tuesday 3 November, 15:00 EST (20:00 UTC), is 15:00 EDT: 119 hours.
        ("moderate", "America/New_York", date(2026, 11, 3), "2026-01-01 00:00:00", "2026-10-29 19:00:00"),
        # 15:00 CEST is 13:00 UTC; five days before it was 15:00 CET.
        ("moderate", "Europe/Berlin", date(2026, 3, 31), "2026-01-01 00:00:00", "2026-03-26 14:00:00"),
        # Fourteen days before 15 March, 15:00 EDT, is 15:00 EST.
        ("strict", "America/New_York", date(2026, 3, 15), "2026-02-28 12:00:00", "2026-03-01 20:00:00"),
        # 48 hours after 15:00 EST on the day before the change are 16:00 EDT.
        ("strict", "America/New_York", date(2026, 6, 1), "2026-03-07 20:00:00", "2026-03-09 20:00:00"),
    ],
)
def test_days_are_counted_on_the_calendar_and_hours_by_the_clock_of_physics(
    policy: CancellationPolicy, zone: str, check_in_on: date, agreed_at: str, deadline: str
) -> None:
    priced = quote(Pricing(usd("100.00")), Stay(check_in_on, check_in_on + timedelta(days=2)), 1, policy)
    terms = Terms(policy, zone, time(15, 0), time(11, 0), instant(agreed_at))
    assert _total(priced, terms, instant(deadline)) == "224.00"  # both nights and the 12% fee on them
    assert _total(priced, terms, instant(deadline) + ONE_SECOND) == "100.00"  # half of the nights


def test_the_half_of_a_strict_stay_ends_seven_calendar_days_before_it_though_the_clocks_change() -> None:
    # Wednesday 28 October, 15:00 CET is 14:00 UTC; a week before it was 15:00 CEST.
    priced = quote(Pricing(usd("100.00")), Stay(date(2026, 10, 28), date(2026, 10, 30)), 1, "strict")
    terms = Terms("strict", "Europe/Berlin", time(15, 0), time(11, 0), instant("2026-10-20 00:00:00"))
    assert _total(priced, terms, instant("2026-10-21 13:00:00")) == "100.00"
    assert _total(priced, terms, instant("2026-10-21 13:00:01")) == "0.00"


def _total(priced: Quote, terms: Terms, now: datetime) -> str:
    return refund(priced, terms, "guest", now).total.decimal()
