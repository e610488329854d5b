"""Nights as bits: each of a word has its place, the one that is the sign too."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.properties import Block, NightsBlocked
from projections.listings import LISTINGS
from projections.nights_bitmap import words
from projections.projection import Cursor
from tests.support.examples import PROPERTY, PUBLISHED
from tests.support.tales import Tale

LAST_OF_WORD = next(
    day for day in (date(2026, 7, 1) + timedelta(days=n) for n in range(64)) if day.toordinal() % 64 == 63
)


@pytest.mark.parametrize("nights", [1, 2, 64, 65, 128])
def test_a_block_that_begins_with_the_last_night_of_a_word_is_kept(cursor: Cursor, nights: int) -> None:
    until = LAST_OF_WORD + timedelta(days=nights)
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED, NightsBlocked((Block(UUID(int=1), LAST_OF_WORD, until),))))
    cursor.execute("SELECT unavailable = %s::datemultirange FROM listings", [f"{{[{LAST_OF_WORD},{until})}}"])
    assert cursor.fetchall() == [(True,)]
    cursor.execute(f"SELECT {', '.join(f'nights_{word}' for word in range(12))} FROM listings")
    assert cursor.fetchall() == [words([(LAST_OF_WORD, until)])]
