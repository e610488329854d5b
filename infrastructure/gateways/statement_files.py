"""Statements that payment providers hand out as CSV files, line by line.

The columns are `reference`, `type` (`charge` or `refund`), `amount` (decimal digits) and `currency`; others are not
looked at. Stripe's report "Itemized balance change from activity" is read as it comes: its `payment_intent_id`,
`reporting_category` and `gross` are the same, its refunds are negative, and its lines about anything else are left
out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from application.provider_books import Kind, Line
from domain.money import EXPONENTS, Money
from infrastructure.refusals import Refused

_OURS: Final = ("reference", "type", "amount", "currency")
_STRIPES: Final = ("payment_intent_id", "reporting_category", "gross", "currency")
_KINDS: Final[Mapping[str, Kind]] = {"charge": "charge", "refund": "refund"}
_AMOUNT: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)


def read(path: Path) -> Iterator[Line]:
    """The charges and refunds of a file. Raises Refused that names the line which cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = _columns(path, rows.fieldnames or ())
            for row in rows:
                line = _line(f"{path} line {rows.line_num}", [row[column] or "" for column in columns], columns)
                if line is not None:
                    yield line
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path} is no CSV file: {error}") from error


def _columns(path: Path, names: object) -> tuple[str, ...]:
    for columns in (_STRIPES, _OURS):
        if set(columns) <= set(names if isinstance(names, list) else ()):
            return columns
    raise Refused(f"{path} has not the columns {', '.join(_OURS)}, nor Stripe's {', '.join(_STRIPES)}.")


def _line(place: str, cells: list[str], columns: tuple[str, ...]) -> Line | None:
    """A row's line; None for what a provider's own report has beside charges and refunds."""
    reference, word, amount, currency = (cell.strip() for cell in cells)
    kind = _KINDS.get(word)
    if kind is None:
        if columns == _STRIPES:
            return None
        raise Refused(f"{place}: {word!r} is neither charge nor refund.")
    if not reference:
        raise Refused(f"{place} names no charge.")
    money = _money(place, amount, currency.upper())
    return Line(reference, kind, -money if columns == _STRIPES and kind == "refund" else money)


def _money(place: str, amount: str, currency: str) -> Money:
    """An amount however many zeros it is written with: 500 and 500.00 are the same shillings."""
    if currency not in EXPONENTS:
        raise Refused(f"{place}: {currency!r} is not a currency code of ISO 4217.")
    minor = Decimal(amount).scaleb(EXPONENTS[currency]) if _AMOUNT.fullmatch(amount) else None
    if minor is None or minor != minor.to_integral_value():
        raise Refused(f"{place}: {amount!r} is not an amount of {currency}.")
    return Money(int(minor), currency)
