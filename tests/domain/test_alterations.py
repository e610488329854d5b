"""Alterations: another stay, the difference paid or paid back; and no way around the cancellation policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import alterations, lifecycle
from domain.bookings import AlterationExpired, Booking, BookingAltered, BookingConfirmed, BookingFact, Confirmed, evolve
from domain.cancellations import refund
from domain.pricing import Line, PriceOverride, quote
from domain.properties import Property, PropertyFact, PropertyPricingChanged, PropertyUnpublished
from domain.properties import evolve as evolve_property
from domain.rejections import Rejected
from domain.stays import Stay
from tests.support.examples import (
    ALTERATION,
    ALTERATION_HELD,
    CHECK_IN,
    CHECK_OUT,
    GUESTS,
    HELD,
    HELD_UNTIL,
    LONGER_STAY,
    NOW,
    PAYMENT,
    PRICING,
    PUBLISHED,
    QUOTE,
    STAY,
    TERMS,
    instant,
    usd,
)
from tests.support.spec import Spec

BOOKINGS = Spec[Booking | None, BookingFact](evolve, None)
PROPERTIES = Spec[Property | None, PropertyFact](evolve_property, None)
LISTING = PROPERTIES.fold(PUBLISHED)
CONFIRMED = (HELD, BookingConfirmed(PAYMENT))
STRICT = (replace(HELD, terms=replace(TERMS, policy="strict")), BookingConfirmed(PAYMENT))
SHORTER = Stay(date(2026, 6, 12), date(2026, 6, 14))
ONE_SECOND = timedelta(seconds=1)

Decision = Callable[[Booking | None], tuple[BookingFact, ...]]


def altering(stay: Stay, guests: int = GUESTS, now: datetime = NOW, listing: Property | None = LISTING) -> Decision:
    return lambda state: alterations.alter(state, listing, stay, guests, ALTERATION, now)


def test_a_longer_stay_holds_the_nights_that_it_adds_until_the_difference_is_paid() -> None:
    # Thursday 100, Friday 120, Saturday 120 and now Sunday 100; one extra guest at 15 a night; 30 for cleaning:
    # 530.00, a fee of 63.60, taxes of 38.50 + 5.25 + 2.62: 639.97, of which 501.11 is paid.
    BOOKINGS.given(*CONFIRMED).when(altering(LONGER_STAY)).then(ALTERATION_HELD)
    assert ALTERATION_HELD.quote.total == usd("639.97")


def test_a_stay_that_costs_less_is_altered_at_once_and_the_difference_comes_back() -> None:
    # Without Thursday: nights 240.00, extra guest 30.00, cleaning 30.00; fee 36.00; taxes 21.00 + 2.62 + 2.62.
    # 2.625 rounds half-even to 2.62 twice. 362.24 of 501.11: 138.87 comes back.
    (altered,) = BOOKINGS.given(*CONFIRMED).when(altering(SHORTER)).facts
    assert isinstance(altered, BookingAltered)
    assert (altered.quote.total, altered.refund, altered.payment_id) == (usd("362.24"), usd("138.87"), None)


def test_nights_that_are_booked_already_keep_their_price_when_the_host_asks_more_now() -> None:
    dearer = PROPERTIES.fold(
        (*PUBLISHED, PropertyPricingChanged(replace(PRICING, nightly=usd("200.00"), weekend=None)))
    )
    offered = alterations.offer(BOOKINGS.fold(CONFIRMED), dearer, LONGER_STAY, GUESTS, NOW)
    nights = [line.amount for line in offered.quote.lines if line.kind == "night"]
    assert nights == [usd("100.00"), usd("120.00"), usd("120.00"), usd("200.00")]


def test_one_guest_less_gives_the_extra_guests_fee_back() -> None:
    # 45.00 for the guest, 5.40 of the fee, 3.94 of tax.
    (altered,) = BOOKINGS.given(*CONFIRMED).when(altering(STAY, guests=2)).facts
    assert isinstance(altered, BookingAltered)
    assert altered.refund == usd("54.34")


def test_a_night_less_comes_back_as_cancelling_it_would_and_the_rest_is_forfeited() -> None:
    # Moderate, less than 5 days before check-in: half of the nights. Cancelling Thursday to Saturday gives back
    # 170.00, 22.50 of the extra guest, 30.00 and taxes of 16.84 + 2.62: 241.96 (29.75 + 3.94 make 33.69, of which
    # half is 16.84). Thursday and Friday: 110.00, 15.00, 30.00 and 10.94 + 2.62: 168.56. So 73.40 comes back of what
    # the shorter stay costs less; that costs 220.00 + 30.00 + 30.00, a fee of 33.60, taxes of 19.25 + 2.62 + 2.62:
    # 338.09, which is 163.02 less than 501.11.
    late = CHECK_IN - timedelta(days=4)
    moderate = (replace(HELD, terms=replace(TERMS, policy="moderate")), BookingConfirmed(PAYMENT))
    before = BOOKINGS.fold(moderate)
    assert isinstance(before, Confirmed)
    assert lifecycle.preview(before, "guest", late).total == usd("241.96")
    fewer = Stay(STAY.check_in, STAY.check_out - timedelta(days=1))
    (altered,) = BOOKINGS.given(*moderate).when(altering(fewer, now=late)).facts
    assert isinstance(altered, BookingAltered)
    after = BOOKINGS.fold((*moderate, altered))
    assert isinstance(after, Confirmed)
    assert altered.refund == usd("73.40")
    assert altered.quote.lines[-1] == Line("forfeited", usd("89.62"))
    assert altered.quote.total == usd("427.71")
    assert lifecycle.preview(after, "guest", late).total == usd("168.56")
    assert lifecycle.preview(after, "host", late).total == usd("427.71")
    # Having the night again after all costs what came back for it.
    again = alterations.offer(after, LISTING, STAY, GUESTS, late)
    assert (again.quote, again.due) == (QUOTE, usd("73.40"))


def test_nothing_comes_back_of_a_shorter_stay_when_cancelling_it_would_give_nothing() -> None:
    late = CHECK_IN - timedelta(days=5)
    fewer = Stay(STAY.check_in, STAY.check_out - timedelta(days=1))
    offered = alterations.offer(BOOKINGS.fold(STRICT), LISTING, fewer, GUESTS, late)
    assert (offered.due, offered.refund, offered.quote.total) == (usd("0.00"), usd("0.00"), QUOTE.total)


def test_a_cheap_night_before_the_first_does_not_make_the_dear_ones_refundable() -> None:
    """In the last 24 hours the first night is lost: it cannot be swapped for one that costs next to nothing."""
    assert LISTING is not None
    assert LISTING.pricing is not None
    tonight = PriceOverride(date(2026, 6, 10), date(2026, 6, 11), usd("1.00"))
    cheap = replace(LISTING, pricing=replace(LISTING.pricing, overrides=(tonight,)))
    late = CHECK_IN - timedelta(hours=23)
    sooner = Stay(date(2026, 6, 10), STAY.check_out)
    BOOKINGS.given(*CONFIRMED).when(altering(sooner, now=late, listing=cheap)).then_rejected("alteration_too_late")
    assert BOOKINGS.given(*CONFIRMED).when(altering(sooner, now=late)).facts  # at the price of the other nights


def test_a_stay_is_not_put_off_once_cancelling_no_longer_gives_all_of_it_back() -> None:
    later = Stay(STAY.check_in + timedelta(days=10), STAY.check_out + timedelta(days=10))
    last = CHECK_IN - timedelta(hours=24)
    assert BOOKINGS.given(*CONFIRMED).when(altering(later, now=last)).facts
    BOOKINGS.given(*CONFIRMED).when(altering(later, now=last + ONE_SECOND)).then_rejected("alteration_too_late")


def test_a_stay_that_has_begun_can_end_later_but_not_begin_elsewhen() -> None:
    during = BOOKINGS.given(*CONFIRMED)
    assert during.when(altering(LONGER_STAY, now=CHECK_IN + timedelta(days=1))).facts
    sooner = Stay(date(2026, 6, 12), date(2026, 6, 15))
    during.when(altering(sooner, now=CHECK_IN)).then_rejected("alteration_too_late")
    over = Stay(STAY.check_in, date(2026, 6, 13))
    during.when(altering(over, now=instant("2026-06-13 12:00:00"))).then_rejected("alteration_too_late")


@pytest.mark.parametrize(
    ("stay", "guests", "code"),
    [
        (STAY, GUESTS, "nothing_altered"),
        (LONGER_STAY, 5, "too_many_guests"),
        (LONGER_STAY, 0, "guests_out_of_range"),
        (Stay(date(2026, 6, 11), date(2026, 6, 12)), GUESTS, "stay_too_short"),
        (Stay(date(2026, 6, 11), date(2026, 7, 10)), GUESTS, "stay_too_long"),
        (Stay(date(2026, 5, 30), date(2026, 6, 14)), GUESTS, "stay_in_past"),
    ],
)
def test_the_property_has_to_take_the_other_stay(stay: Stay, guests: int, code: str) -> None:
    BOOKINGS.given(*CONFIRMED).when(altering(stay, guests)).then_rejected(code)


def test_a_property_that_takes_no_bookings_takes_no_alterations() -> None:
    closed = PROPERTIES.fold((*PUBLISHED, PropertyUnpublished()))
    BOOKINGS.given(*CONFIRMED).when(altering(LONGER_STAY, listing=closed)).then_rejected("property_not_listed")


def test_one_alteration_at_a_time_and_one_that_lapsed_makes_room() -> None:
    held = BOOKINGS.given(*CONFIRMED, ALTERATION_HELD)
    held.when(altering(SHORTER, now=HELD_UNTIL - ONE_SECOND)).then_rejected(
        "booking_not_alterable", guest_actions=["pay", "cancel"]
    )
    first, second = held.when(altering(SHORTER, now=HELD_UNTIL)).facts
    assert first == AlterationExpired(ALTERATION)
    assert isinstance(second, BookingAltered)


@pytest.mark.parametrize("now", [CHECK_OUT, CHECK_OUT + timedelta(days=1)])
def test_nothing_is_altered_after_check_out(now: datetime) -> None:
    BOOKINGS.given(*CONFIRMED).when(altering(LONGER_STAY, now=now)).then_rejected("booking_not_alterable")


def test_only_what_is_paid_for_is_altered() -> None:
    BOOKINGS.given(HELD).when(altering(LONGER_STAY)).then_rejected("booking_not_alterable", booking_status="pending")
    BOOKINGS.given().when(altering(LONGER_STAY)).then_rejected("booking_not_found")


@given(
    st.integers(-20, 20),
    st.integers(2, 28),
    st.integers(1, 4),
    st.sampled_from(["flexible", "moderate", "strict", "non_refundable"]),
    st.integers(-10 * 86_400, 3 * 86_400),
)
def test_what_is_due_or_comes_back_settles_the_difference_and_no_more(
    shift: int, nights: int, guests: int, policy: str, seconds: int
) -> None:
    terms = replace(TERMS, policy=policy)  # type: ignore[arg-type]  # one of the four
    paid = quote(PRICING, STAY, GUESTS, terms.policy)
    booking = BOOKINGS.fold((replace(HELD, quote=paid, terms=terms), BookingConfirmed(PAYMENT)))
    assert isinstance(booking, Confirmed)
    first = STAY.check_in + timedelta(days=shift)
    now = CHECK_IN + timedelta(seconds=seconds)
    try:
        offered = alterations.offer(booking, LISTING, Stay(first, first + timedelta(days=nights)), guests, now)
    except Rejected:
        return
    assert offered.due.minor == 0 or offered.refund.minor == 0
    # The total is always what was paid and not given back.
    assert offered.quote.total == paid.total + offered.due - offered.refund
    assert sum(line.amount.minor for line in offered.quote.lines) == offered.quote.total.minor
    before = lifecycle.preview(booking, "guest", now).total.minor
    after = refund(offered.quote, terms, "guest", now).total.minor
    assert offered.refund.minor <= max(before - after, 0)
    if first != STAY.check_in:
        assert offered.refund.minor + after <= before + offered.due.minor
