"""Published exchange rates, from a CSV file into the table that conversions are made with."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from psycopg2.extras import execute_values

from domain.money import EXPONENTS
from infrastructure.database import Database
from infrastructure.refusals import Refused

COLUMNS: Final = ("day", "base", "currency", "rate")
_RATE: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

Rate = tuple[date, str, str, Decimal]


def load(database: Database, path: Path, source: str) -> int:
    """Keep the rates of a file, all or none; a rate of a day that is there already is replaced. Returns how many.

    Raises Refused with the line of the first row that is none.
    """
    rates = {rate[:3]: rate for rate in read(path)}
    with database.transaction() as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            """INSERT INTO exchange_rates (day, base, currency, rate, source) VALUES %s
               ON CONFLICT (base, currency, day) DO UPDATE SET (rate, source) = (excluded.rate, excluded.source)""",
            [(*rate, source) for rate in rates.values()],
            page_size=1000,
        )
    return len(rates)


def read(path: Path) -> Iterator[Rate]:
    """The file's rows. Raises Refused."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (table.fieldnames or ())]
            if missing:
                raise Refused(f"{path} has no column {missing[0]}: it needs {', '.join(COLUMNS)}")
            for row in table:
                yield _rate(row, f"line {table.line_num} of {path}")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no UTF-8") from error
    except csv.Error as error:
        raise Refused(f"{path} is no CSV: {error}") from error


def _rate(row: dict[str, str | None], place: str) -> Rate:
    day, base, currency, rate = (row[column] or "" for column in COLUMNS)
    for code in (base, currency):
        if code not in EXPONENTS:
            raise Refused(f"{place}: {code!r} is no currency code of ISO 4217")
    if base == currency:
        raise Refused(f"{place}: {base} in {currency} is always 1")
    if not _RATE.fullmatch(rate) or not Decimal(rate):
        raise Refused(f"{place}: {rate!r} is no rate: a positive decimal such as 1.0837")
    try:
        return date.fromisoformat(day), base, currency, Decimal(rate)
    except ValueError as error:
        raise Refused(f"{place}: {day!r} is no day such as 2026-06-01") from error
