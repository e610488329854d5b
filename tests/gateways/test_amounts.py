"""Amounts as providers write them, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import EXPONENTS, Money
from infrastructure.gateways.amounts import (
    Inexpressible,
    Provider,
    from_decimal,
    from_units,
    to_decimal,
    to_units,
)


@pytest.mark.parametrize(
    ("money", "units"),
    [
        (Money(5_000, "UGX"), 500_000),  # 5,000 shillings, written as if they had cents
        (Money(1_200, "JPY"), 1_200),
        (Money(1_230, "KWD"), 1_230),  # 1.230 dinars: the last digit has to be a zero
        (Money(12_950, "USD"), 12_950),
        (Money(100, "ISK"), 10_000),
        (Money(50_000, "MGA"), 500),  # 500.00 ariary, written without digits after the point
        (Money(0, "USD"), 0),
    ],
    ids=str,
)
def test_stripe_s_units(money: Money, units: int) -> None:
    assert to_units("stripe", money) == units
    assert from_units("stripe", units, money.currency.lower()) == money


@pytest.mark.parametrize("money", [Money(1_234, "KWD"), Money(50_050, "MGA"), Money(1, "XTS")], ids=repr)
def test_what_stripe_does_not_take_is_refused(money: Money) -> None:
    with pytest.raises(Inexpressible):
        to_units("stripe", money)


def test_half_a_shilling_is_no_amount() -> None:
    with pytest.raises(Inexpressible):
        from_units("stripe", 550, "ugx")


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(5_000, "UGX"), "5000"),
        (Money(1_200, "JPY"), "1200"),
        (Money(1_234, "KWD"), "1.234"),
        (Money(12_950, "EUR"), "129.50"),
        (Money(5, "EUR"), "0.05"),
    ],
)
def test_mtn_s_decimals(money: Money, text: str) -> None:
    assert to_decimal("mtn_momo", money) == text
    assert from_decimal("mtn_momo", text, money.currency) == money


@pytest.mark.parametrize(("text", "minor"), [("5000.0", 5_000), ("5E3", 5_000), ("05000", 5_000)])
def test_a_decimal_may_be_written_otherwise(text: str, minor: int) -> None:
    assert from_decimal("mtn_momo", text, "UGX") == Money(minor, "UGX")


@pytest.mark.parametrize(
    ("text", "currency"),
    [("0.5", "UGX"), ("1.005", "EUR"), ("NaN", "EUR"), ("Infinity", "EUR"), ("", "EUR"), ("1", "XTS")],
)
def test_a_decimal_that_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(Inexpressible):
        from_decimal("mtn_momo", text, currency)


@given(
    provider=st.sampled_from(("stripe", "mtn_momo")),
    money=st.builds(Money, st.integers(0, 10**15), st.sampled_from(sorted(EXPONENTS))),
)
def test_every_amount_comes_back_as_it_went_or_does_not_go(provider: Provider, money: Money) -> None:
    try:
        units, text = to_units(provider, money), to_decimal(provider, money)
    except Inexpressible:
        return
    assert from_units(provider, units, money.currency) == money
    assert from_decimal(provider, text, money.currency) == money
