"""How providers write amounts: the one table of exponents per provider and currency, and the ways there and back.

A provider's exponent may be another than the currency's (`domain.money.EXPONENTS`): Stripe takes shillings as if they
had cents. It may also not take every amount that it can write. No float is ever made.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from domain.money import EXPONENTS, Money

Provider = Literal["stripe", "mtn_momo"]

OTHER_EXPONENTS: Final[Mapping[Provider, Mapping[str, int]]] = {
    "stripe": {"ISK": 2, "MGA": 0, "UGX": 2},
    "mtn_momo": {},
}
"""Where a provider's digits after the point are not the currency's own."""

STEPS: Final[Mapping[Provider, Mapping[str, int]]] = {
    "stripe": {"ISK": 100, "UGX": 100} | dict.fromkeys((c for c, digits in EXPONENTS.items() if digits == 3), 10),
    "mtn_momo": {},
}
"""In the provider's units: what an amount has to be a multiple of, where that is not one."""


class Inexpressible(ValueError):
    """An amount that the provider cannot be asked for, or that the currency has no coins for."""


def to_units(provider: Provider, money: Money) -> int:
    """`money` in the provider's integer units. Raises Inexpressible."""
    units, rest = _shifted(money.minor, _exponent(provider, money.currency) - EXPONENTS[money.currency])
    step = STEPS[provider].get(money.currency, 1)
    if rest or units % step:
        raise Inexpressible(f"{provider} takes no {money}: it has to be a multiple of {step} of its units")
    return units


def from_units(provider: Provider, units: int, currency: str) -> Money:
    """An amount that the provider names in its units; the currency's case does not matter. Raises Inexpressible."""
    code = currency.upper()
    minor, rest = _shifted(units, EXPONENTS.get(code, 0) - _exponent(provider, code))
    if rest:
        raise Inexpressible(f"{units} of {provider}'s units are no amount of {code}")
    return Money(minor, code)


def to_decimal(provider: Provider, money: Money) -> str:
    """`money` as a decimal string with the provider's digits, such as "129.50" USD. Raises Inexpressible."""
    exponent = _exponent(provider, money.currency)
    return f"{Decimal(to_units(provider, money)).scaleb(-exponent):.{exponent}f}"


def from_decimal(provider: Provider, amount: str, currency: str) -> Money:
    """A decimal string as the provider writes it, whatever its digits ("5000.0" UGX). Raises Inexpressible."""
    try:
        units = Decimal(amount).scaleb(_exponent(provider, currency.upper()))
        exact = units.is_finite() and units == units.to_integral_value()
    except InvalidOperation as error:
        raise Inexpressible(f"{amount!r} is no amount") from error
    if not exact:
        raise Inexpressible(f"{amount} is no amount of {currency}")
    return from_units(provider, int(units), currency)


def _shifted(number: int, digits: int) -> tuple[int, int]:
    """With so many digits more (or fewer), and what did not fit."""
    power: int = 10 ** abs(digits)
    return (number * power, 0) if digits >= 0 else divmod(number, power)


def _exponent(provider: Provider, currency: str) -> int:
    if currency not in EXPONENTS:
        raise Inexpressible(f"{currency!r} is no currency that we know")
    return OTHER_EXPONENTS[provider].get(currency, EXPONENTS[currency])
