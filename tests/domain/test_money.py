"""Money: exact, of one currency, and never a unit lost."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import EXPONENTS, CurrencyMismatch, Money, total
from domain.rejections import Rejected
from tests.domain.strategies import amounts, monies


@given(monies)
def test_a_decimal_string_reads_back_as_the_same_money(money: Money) -> None:
    assert Money.parse(money.decimal(), money.currency) == money


@given(monies)
def test_a_decimal_string_means_minor_units_over_ten_to_the_exponent(money: Money) -> None:
    exponent = EXPONENTS[money.currency]
    text = money.decimal()
    assert Fraction(text) == Fraction(money.minor, 10**exponent)
    assert len(text.partition(".")[2]) == exponent


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (5000, "UGX", "5000"),
        (12950, "USD", "129.50"),
        (12950, "KWD", "12.950"),
        (7, "USD", "0.07"),
        (-7, "KWD", "-0.007"),
        (0, "UGX", "0"),
    ],
)
def test_each_currency_is_written_with_its_own_digits(minor: int, currency: str, text: str) -> None:
    assert Money(minor, currency).decimal() == text
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("129.5", "USD"),
        ("129.500", "USD"),
        ("129", "USD"),
        ("5000.0", "UGX"),
        ("5000.", "UGX"),
        ("12.95", "KWD"),
        ("1e3", "UGX"),
        ("01.00", "USD"),
        (".50", "USD"),
        ("+1.00", "USD"),
        (" 1.00", "USD"),
        ("1.00\n", "USD"),
        ("1,000.00", "USD"),
        ("١.00", "USD"),
        ("NaN", "UGX"),
        ("", "UGX"),
        ("1" * 19, "UGX"),
    ],
)
def test_any_other_spelling_of_an_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(Rejected) as refused:
        Money.parse(text, currency)
    assert refused.value.code == "amount_malformed"


@pytest.mark.parametrize("currency", ["XXX", "usd", "", "BTC"])
def test_a_code_that_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(Rejected) as refused:
        Money.parse("1.00", currency)
    assert refused.value.code == "currency_unknown"


@given(monies, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_a_split_adds_up_to_the_whole_and_each_part_is_within_a_unit_of_its_share(
    money: Money, weights: list[int]
) -> None:
    parts = money.split(weights)
    assert len(parts) == len(weights)
    assert total(parts, money.currency) == money
    fair = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, fair, strict=True):
        assert abs(part.minor - Fraction(money.minor * weight, sum(fair))) < 1


def test_the_odd_units_of_a_split_go_to_the_largest_remainders() -> None:
    # 10.00 by 1:2:4 → 142 6/7, 285 5/7, 571 3/7: two cents are left, for the 6/7 and the 5/7.
    parts = Money(1000, "USD").split([1, 2, 4])
    assert [part.minor for part in parts] == [143, 286, 571]


def test_equal_remainders_are_served_in_order() -> None:
    assert [part.minor for part in Money(2, "UGX").split([1, 1, 1])] == [1, 1, 0]


def test_weights_that_are_all_zero_divide_evenly() -> None:
    assert [part.minor for part in Money(5, "UGX").split([0, 0])] == [3, 2]


@given(monies, st.integers(0, 10_000))
def test_a_portion_rounds_half_to_even(money: Money, basis_points: int) -> None:
    with localcontext(prec=40):
        exact = Decimal(money.minor) * basis_points / 10_000
        expected = int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
    assert money.portion(basis_points) == Money(expected, money.currency)


@pytest.mark.parametrize(
    ("minor", "expected"),
    [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)],
)
def test_half_a_unit_goes_to_the_even_neighbour(minor: int, expected: int) -> None:
    # 50% of 1, 3, 5, 7 is 0.5, 1.5, 2.5, 3.5.
    assert Money(minor, "UGX").portion(5_000) == Money(expected, "UGX")


@given(amounts, amounts, st.integers(-1000, 1000))
def test_arithmetic_is_that_of_integers(a: int, b: int, times: int) -> None:
    left, right = Money(a, "USD"), Money(b, "USD")
    assert left + right == Money(a + b, "USD")
    assert left - right == Money(a - b, "USD")
    assert -left == Money(-a, "USD")
    assert left * times == Money(a * times, "USD")


def test_two_currencies_never_meet_in_one_sum() -> None:
    dollars, shillings = Money(1, "USD"), Money(1, "UGX")
    with pytest.raises(CurrencyMismatch):
        dollars + shillings
    with pytest.raises(CurrencyMismatch):
        dollars - shillings
    with pytest.raises(CurrencyMismatch):
        total([dollars, shillings], "USD")
    with pytest.raises(CurrencyMismatch):
        total([dollars], "UGX")


def test_the_sum_of_nothing_is_zero_of_its_currency() -> None:
    assert total([], "KWD") == Money(0, "KWD")
