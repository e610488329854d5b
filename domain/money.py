"""Money: integer minor units of one ISO 4217 currency. No float ever enters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from domain.policies import BASIS_POINTS
from domain.rejections import Rejected

_TWO_DIGITS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
    "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
    "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
).split()
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND".split()

EXPONENTS: Final[dict[str, int]] = (
    dict.fromkeys(_TWO_DIGITS, 2) | dict.fromkeys(_NO_DIGITS, 0) | dict.fromkeys(_THREE_DIGITS, 3)
)
"""Digits after the point, per currency (ISO 4217, list one)."""

_DECIMAL: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]+))?", re.ASCII)


class CurrencyMismatch(TypeError):
    """Two currencies met in one sum: a mistake in the code, never a user's doing."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (US cents, Ugandan shillings, Kuwaiti fils)."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """Read a decimal string that has exactly the currency's digits, such as "129.50" USD or "5000" UGX.

        Raises Rejected `currency_unknown` or `amount_malformed`.
        """
        exponent = EXPONENTS.get(currency)
        if exponent is None:
            raise Rejected("currency_unknown", f"{currency!r} is not a currency code of ISO 4217.")
        match = _DECIMAL.fullmatch(amount)
        if match is None or len(match[3] or "") != exponent:
            example = Money(12950, currency).decimal()
            raise Rejected("amount_malformed", f"A {currency} amount is written like {example!r}.")
        return cls(int(f"{match[1]}{match[2]}{match[3] or ''}"), currency)

    def decimal(self) -> str:
        """The amount as a decimal string with exactly the currency's digits."""
        exponent = EXPONENTS[self.currency]
        sign = "-" if self.minor < 0 else ""
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency)

    def portion(self, basis_points: int) -> Money:
        """`basis_points` / 10,000 of the amount, rounded half to even."""
        quotient, remainder = divmod(self.minor * basis_points, BASIS_POINTS)
        twice = 2 * remainder
        up = twice > BASIS_POINTS or (twice == BASIS_POINTS and quotient % 2 == 1)
        return Money(quotient + up, self.currency)

    def split(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Divide by weights so that the parts add up to the whole (largest remainders get the odd units).

        Weights are not negative; when all are zero the amount is divided evenly.
        """
        if not any(weights):
            weights = [1] * len(weights)
        whole = sum(weights)
        shares = [divmod(self.minor * weight, whole) for weight in weights]
        left = self.minor - sum(share for share, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
        odd = set(by_remainder[:left])
        return tuple(Money(share + (i in odd), self.currency) for i, (share, _) in enumerate(shares))

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other}")
        return other


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts that are all of `currency` (zero when there is none)."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result
