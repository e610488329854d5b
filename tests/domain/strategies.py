"""What laws are tried on: any money, stay, price list, quote and terms, kept near each other so that they meet."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

from hypothesis import strategies as st

from domain.bookings import Agreement
from domain.cancellations import Terms
from domain.money import EXPONENTS, Money
from domain.policies import BASIS_POINTS
from domain.pricing import CancellationPolicy, PriceOverride, Pricing, Quote, quote
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


guests = st.integers(1, 8)
policies: st.SearchStrategy[CancellationPolicy] = st.sampled_from(get_args(CancellationPolicy))
quotes: st.SearchStrategy[Quote] = st.builds(quote, pricings(), stays(longest=35), guests, policies)
times = st.times(time(0, 0), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))
terms = st.builds(
    Terms,
    policies,
    st.sampled_from(
        (
            *("America/New_York", "America/Santiago", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Kampala"),
            *("Pacific/Kiritimati", "Pacific/Niue"),
        )
    ),
    times,
    times,
    st.datetimes(datetime(2026, 2, 1), datetime(2026, 4, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds it
)


@st.composite
def instants(draw: st.DrawFn, stay: Stay, terms: Terms) -> datetime:
    """Any second from 18 days before the stay to two days after it, or of the three days after booking."""
    midnight = datetime.combine(stay.check_in, time(), UTC)
    around_the_stay = st.integers(-18 * 86_400, (stay.nights + 2) * 86_400).map(
        lambda s: midnight + timedelta(seconds=s)
    )
    after_booking = st.integers(0, 3 * 86_400).map(lambda s: terms.agreed_at + timedelta(seconds=s))
    return draw(around_the_stay | after_booking)


agreements = st.builds(
    Agreement,
    st.just(examples.PROPERTY),
    st.just(examples.HOST),
    st.just(examples.GUEST),
    quotes,
    terms,
)
