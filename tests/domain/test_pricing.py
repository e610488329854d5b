"""Pricing: laws that hold for every price list, stay and party, and the prices that are refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given

from domain.money import Money
from domain.policies import MINOR_MAX, OVERRIDES_MAX
from domain.pricing import CancellationPolicy, LineKind, PriceOverride, Pricing, Quote, keeping, must_be_sound, quote
from domain.rejections import Rejected
from domain.stays import Stay
from tests.domain import strategies
from tests.support.examples import usd

PLAIN = Pricing(usd("100.00"))


@given(strategies.quotes)
def test_the_lines_add_up_to_the_total(priced: Quote) -> None:
    assert sum(line.amount.minor for line in priced.lines) == priced.total.minor
    assert {line.amount.currency for line in priced.lines} == {priced.total.currency}


@given(strategies.quotes)
def test_no_quote_is_negative_and_only_discounts_take_off(priced: Quote) -> None:
    assert priced.total.minor >= 0
    for line in priced.lines:
        assert line.amount.minor <= 0 if line.kind.endswith("_discount") else line.amount.minor >= 0


@given(strategies.quotes)
def test_every_night_is_itemised_once_and_in_order(priced: Quote) -> None:
    assert [line.night for line in priced.lines if line.kind == "night"] == list(priced.stay.dates())
    assert all(line.night is None for line in priced.lines if line.kind != "night")


@given(strategies.quotes)
def test_whatever_is_not_a_night_or_a_tax_is_one_line(priced: Quote) -> None:
    counted = Counter(line.kind for line in priced.lines if line.kind not in ("night", "occupancy_tax"))
    assert set(counted.values()) == {1}
    assert not {"weekly_discount", "monthly_discount"} <= set(counted)
    taxed = Counter(line.taxes for line in priced.lines if line.kind == "occupancy_tax")
    assert all(times == 1 for times in taxed.values())
    assert None not in taxed


@given(strategies.pricings(), strategies.stays(longest=35))
def test_the_latest_override_of_a_night_wins_then_the_weekend_then_the_base(pricing: Pricing, stay: Stay) -> None:
    for night in stay.dates():
        prices = [pricing.nightly]
        if pricing.weekend is not None and night.strftime("%A") in ("Friday", "Saturday"):
            prices.append(pricing.weekend)
        prices += [o.nightly for o in pricing.overrides if night in _nights_of(o)]
        assert pricing.nightly_price(night) == prices[-1]


def _nights_of(override: PriceOverride) -> set[date]:
    return {override.first + timedelta(days=n) for n in range((override.until - override.first).days)}


@given(strategies.pricings(), strategies.stays(longest=35), strategies.guests, strategies.policies)
def test_fees_discounts_and_taxes_are_the_exact_percentage_rounded_once(
    pricing: Pricing, stay: Stay, guests: int, policy: CancellationPolicy
) -> None:
    priced = quote(pricing, stay, guests, policy)
    nights = sum(pricing.nightly_price(night).minor for night in stay.dates())
    discount = 0
    if stay.nights >= 28 and pricing.monthly_discount_percent:
        discount = _percent(nights, Fraction(pricing.monthly_discount_percent))
    elif stay.nights >= 7:
        discount = _percent(nights, Fraction(pricing.weekly_discount_percent))
    less = _percent(nights - discount, Fraction(10)) if policy == "non_refundable" else 0
    extra = (pricing.extra_guest_fee or Money(0, "")).minor * max(0, guests - pricing.guests_included) * stay.nights
    cleaning = (pricing.cleaning_fee or Money(0, "")).minor
    tax = Fraction(pricing.tax_bp, 100)

    assert _sum_of(priced, "night") == nights
    assert _sum_of(priced, "weekly_discount", "monthly_discount") == -discount
    assert _sum_of(priced, "non_refundable_discount") == -less
    assert _sum_of(priced, "extra_guests") == extra
    assert _sum_of(priced, "cleaning_fee") == cleaning
    assert _sum_of(priced, "service_fee") == _percent(nights - discount - less + extra + cleaning, Fraction(12))
    taxed = (nights - discount - less, extra, cleaning)
    assert _sum_of(priced, "occupancy_tax") == sum(_percent(part, tax) for part in taxed)


def _percent(minor: int, percent: Fraction) -> int:
    """`round` of a fraction is half-even."""
    return round(minor * percent / 100)


def _sum_of(priced: Quote, *kinds: LineKind) -> int:
    return sum(line.amount.minor for line in priced.lines if line.kind in kinds)


@given(strategies.pricings(), strategies.stays(longest=35), strategies.guests, strategies.policies)
def test_one_more_guest_is_never_cheaper(pricing: Pricing, stay: Stay, guests: int, policy: CancellationPolicy) -> None:
    assert quote(pricing, stay, guests, policy).total.minor <= quote(pricing, stay, guests + 1, policy).total.minor


@given(strategies.pricings(), strategies.stays(longest=35), strategies.guests, strategies.policies)
def test_the_same_question_has_the_same_price(
    pricing: Pricing, stay: Stay, guests: int, policy: CancellationPolicy
) -> None:
    assert quote(pricing, stay, guests, policy) == quote(pricing, stay, guests, policy)


@given(strategies.pricings(), strategies.stays(longest=35), strategies.guests)
def test_getting_nothing_back_is_never_dearer(pricing: Pricing, stay: Stay, guests: int) -> None:
    prices = [quote(pricing, stay, guests, p).total.minor for p in ("non_refundable", "flexible", "moderate", "strict")]
    assert prices == sorted(prices)
    assert prices[1] == prices[2] == prices[3]


@given(strategies.quotes, strategies.pricings(), strategies.stays(longest=35))
def test_nights_that_were_bought_keep_their_price_and_others_cost_what_they_cost_now(
    agreed: Quote, pricing: Pricing, stay: Stay
) -> None:
    now = _in_the_currency_of(agreed, pricing)
    bought = {line.night: line.amount for line in agreed.lines if line.night}

    altered = quote(keeping(now, agreed), stay, agreed.guests, "flexible")

    nights = [(line.night, line.amount) for line in altered.lines if line.night]
    assert nights == [(night, bought.get(night, now.nightly_price(night))) for night in stay.dates()]


@given(strategies.pricings(), strategies.stays(longest=35), strategies.guests, strategies.policies)
def test_nothing_changed_costs_the_same(pricing: Pricing, stay: Stay, guests: int, policy: CancellationPolicy) -> None:
    agreed = quote(pricing, stay, guests, policy)
    assert quote(keeping(pricing, agreed), stay, guests, policy) == agreed


def _in_the_currency_of(agreed: Quote, pricing: Pricing) -> Pricing:
    """The same numbers: the currency of a property never changes."""

    def of(money: Money) -> Money:
        return Money(money.minor, agreed.total.currency)

    return replace(
        pricing,
        nightly=of(pricing.nightly),
        weekend=of(pricing.weekend) if pricing.weekend else None,
        overrides=tuple(replace(each, nightly=of(each.nightly)) for each in pricing.overrides),
        cleaning_fee=of(pricing.cleaning_fee) if pricing.cleaning_fee else None,
        extra_guest_fee=of(pricing.extra_guest_fee) if pricing.extra_guest_fee else None,
    )


@given(strategies.pricings())
def test_prices_within_the_limits_are_sound(pricing: Pricing) -> None:
    must_be_sound(pricing)


@given(strategies.pricings(), strategies.monies)
def test_a_fee_of_another_currency_is_refused(pricing: Pricing, fee: Money) -> None:
    assume(fee.currency != pricing.currency)
    assert _refusal(replace(pricing, cleaning_fee=fee)) == "currency_mixed"


CHRISTMAS = PriceOverride(date(2026, 12, 24), date(2026, 12, 27), usd("300.00"))


@pytest.mark.parametrize(
    ("pricing", "code"),
    [
        (replace(PLAIN, weekend=Money(100, "EUR")), "currency_mixed"),
        (replace(PLAIN, overrides=(replace(CHRISTMAS, nightly=Money(100, "EUR")),)), "currency_mixed"),
        (replace(PLAIN, extra_guest_fee=Money(100, "EUR")), "currency_mixed"),
        (Pricing(usd("0.00")), "price_out_of_range"),
        (Pricing(usd("-1.00")), "price_out_of_range"),
        (Pricing(Money(MINOR_MAX + 1, "USD")), "price_out_of_range"),
        (replace(PLAIN, weekend=usd("0.00")), "price_out_of_range"),
        (replace(PLAIN, overrides=(replace(CHRISTMAS, nightly=usd("0.00")),)), "price_out_of_range"),
        (replace(PLAIN, cleaning_fee=usd("-0.01")), "fee_out_of_range"),
        (replace(PLAIN, extra_guest_fee=Money(MINOR_MAX + 1, "USD")), "fee_out_of_range"),
        (replace(PLAIN, weekly_discount_percent=101), "discount_out_of_range"),
        (replace(PLAIN, monthly_discount_percent=-1), "discount_out_of_range"),
        (replace(PLAIN, tax_bp=10_001), "tax_out_of_range"),
        (replace(PLAIN, tax_bp=-1), "tax_out_of_range"),
        (replace(PLAIN, overrides=(CHRISTMAS,) * (OVERRIDES_MAX + 1)), "too_many_overrides"),
        (replace(PLAIN, overrides=(replace(CHRISTMAS, until=CHRISTMAS.first),)), "override_reversed"),
    ],
)
def test_prices_that_no_guest_should_meet_are_refused(pricing: Pricing, code: str) -> None:
    assert _refusal(pricing) == code


@pytest.mark.parametrize(
    "pricing",
    [
        Pricing(Money(1, "UGX")),
        Pricing(Money(MINOR_MAX, "USD")),
        replace(PLAIN, cleaning_fee=usd("0.00"), extra_guest_fee=Money(MINOR_MAX, "USD")),
        replace(PLAIN, weekly_discount_percent=100, monthly_discount_percent=100, tax_bp=10_000),
        replace(PLAIN, overrides=(CHRISTMAS,) * OVERRIDES_MAX),
    ],
)
def test_prices_at_the_very_limits_are_sound(pricing: Pricing) -> None:
    must_be_sound(pricing)


def _refusal(pricing: Pricing) -> str:
    with pytest.raises(Rejected) as refused:
        must_be_sound(pricing)
    return refused.value.code
