"""What laws are tried on: any money, stay, price list, quote and terms, kept near each other so that they meet."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from domain.bookings import BookingHeld
from domain.cancellations import Terms
from domain.money import EXPONENTS, Money
from domain.policies import BASIS_POINTS, HOLD
from domain.pricing import PriceOverride, Pricing, Quote, quote
from domain.stays import Stay
from tests.support import examples

currencies = st.sampled_from(["UGX", "USD", "KWD", "EUR", "JPY"])
amounts = st.integers(-(10**15), 10**15)
monies = st.builds(Money, amounts, st.sampled_from(sorted(EXPONENTS)))
_days = st.dates(date(2026, 3, 1), date(2026, 4, 30))
"""Two months that hold the change to summer time of both America and Europe."""


@st.composite
def stays(draw: st.DrawFn, longest: int = 365) -> Stay:
    check_in = draw(_days)
    return Stay(check_in, check_in + timedelta(days=draw(st.integers(1, longest))))


@st.composite
def overrides(draw: st.DrawFn, currency: str) -> PriceOverride:
    first = draw(_days)
    nightly = Money(draw(st.integers(1, 10**7)), currency)
    return PriceOverride(first, first + timedelta(days=draw(st.integers(1, 30))), nightly)


@st.composite
def pricings(draw: st.DrawFn) -> Pricing:
    currency = draw(currencies)
    prices = st.builds(Money, st.integers(1, 10**7), st.just(currency))
    fees = st.builds(Money, st.integers(0, 10**6), st.just(currency))
    return Pricing(
        nightly=draw(prices),
        weekend=draw(st.none() | prices),
        overrides=tuple(draw(st.lists(overrides(currency), max_size=4))),
        weekly_discount_percent=draw(st.integers(0, 100)),
        monthly_discount_percent=draw(st.integers(0, 100)),
        cleaning_fee=draw(st.none() | fees),
        extra_guest_fee=draw(st.none() | fees),
        guests_included=draw(st.integers(1, 4)),
        tax_bp=draw(st.integers(0, BASIS_POINTS)),
    )


AGREED_AT = datetime(2026, 2, 27, 12, 0, tzinfo=UTC)

guests = st.integers(1, 8)
quotes: st.SearchStrategy[Quote] = st.builds(quote, pricings(), stays(longest=35), guests)
times = st.times(time(0, 0), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))
terms = st.builds(
    Terms,
    st.just("flexible"),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Africa/Kampala", "Pacific/Kiritimati", "Pacific/Niue"]),
    times,
    times,
    st.just(AGREED_AT),
)


@st.composite
def instants(draw: st.DrawFn, stay: Stay) -> datetime:
    """Any second from four days before the stay to two days after it."""
    midnight = datetime.combine(stay.check_in, time(), UTC)
    return midnight + timedelta(seconds=draw(st.integers(-4 * 86_400, (stay.nights + 2) * 86_400)))


holds = st.builds(
    BookingHeld,
    st.just(examples.PROPERTY),
    st.just(examples.HOST),
    st.just(examples.GUEST),
    quotes,
    terms,
    st.just(AGREED_AT + HOLD),
)
