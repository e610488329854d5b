"""Nights as bits, which the database compares a thousand at a time.

A listing's bitmap has the nights of one window, `[nights_from, nights_from + 768)`; each night has its bit by its day's
number modulo 768, so that every row has it in the same place, whenever its window begins. What the window does not
hold, the bitmap does not know: there the exact ranges are asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

WORDS: Final = 12
WINDOW_NIGHTS: Final = 64 * WORDS
"""More than a stay may lie ahead, so that a row whose calendar changed lately knows every night that can be booked."""

COLUMNS: Final = tuple(f"nights_{word}" for word in range(WORDS))
_BEFORE: Final = timedelta(days=2)
_WORD: Final = (1 << 64) - 1
_ALL: Final = (1 << WINDOW_NIGHTS) - 1
_SIGN: Final = 1 << 63


def window(changed_at: datetime) -> date:
    """Where the window of a calendar begins that changed then: before today, anywhere on earth."""
    return changed_at.date() - _BEFORE


def words(nights: Iterable[tuple[date, date]]) -> tuple[int, ...]:
    """The bits of ranges `[first, until)` within one window, as signed 64-bit numbers."""
    bits = 0
    for first, until in nights:
        run = ((1 << (until - first).days) - 1) << (first.toordinal() % WINDOW_NIGHTS)
        bits |= run & _ALL | run >> WINDOW_NIGHTS
    return tuple(_signed(bits >> (64 * word) & _WORD) for word in range(WORDS))


def mask(first: date, until: date) -> dict[str, int]:
    """By column what must be 0 there for `[first, until)` to be free, columns without any of it left out."""
    return {column: bits for column, bits in zip(COLUMNS, words([(first, until)]), strict=True) if bits}


def _signed(word: int) -> int:
    return word - (1 << 64) if word & _SIGN else word
