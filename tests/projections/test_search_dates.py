"""Dates at their edges: where a listing's bitmap ends, and where it is another day than in UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.properties import Block, HouseRules, NightsBlocked, PropertyHouseRulesChanged, PropertyLocationChanged
from domain.stays import Stay
from projections.listings import LISTINGS
from projections.look import Look
from projections.projection import Cursor
from projections.search import search
from projections.wanted import Search
from tests.support.examples import LOCATION, PROPERTY, PUBLISHED
from tests.support.tales import BEGIN, Tale

ANY_STAY = PropertyHouseRulesChanged(HouseRules())


def is_found(cursor: Cursor, first: date, now: datetime) -> bool:
    stay = Stay(first, first + timedelta(days=1))
    return bool(search(Look(cursor), Search(stays=(stay,)), now).items)


def test_nights_that_share_a_bit_are_not_each_others(cursor: Cursor) -> None:
    """768 nights later a night has the same bit; the window ends before it, and the ranges know."""
    first = BEGIN.date() + timedelta(days=70)
    later, two_months_on = first + timedelta(days=768), BEGIN + timedelta(days=130)
    block = NightsBlocked((Block(UUID(int=1), first, first + timedelta(days=1)),))
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED, ANY_STAY, block))
    assert not is_found(cursor, first, BEGIN)
    assert is_found(cursor, later, two_months_on)


def test_a_night_beyond_the_window_is_taken_all_the_same(cursor: Cursor) -> None:
    later, two_months_on = BEGIN.date() + timedelta(days=800), BEGIN + timedelta(days=130)
    block = NightsBlocked((Block(UUID(int=1), later, later + timedelta(days=1)),))
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED, ANY_STAY, block))
    assert not is_found(cursor, later, two_months_on)
    assert is_found(cursor, later + timedelta(days=1), two_months_on)


@pytest.mark.parametrize(
    ("zone", "hour", "first"),
    [
        ("UTC", 11, date(2026, 6, 1)),
        ("Pacific/Kiritimati", 11, date(2026, 6, 2)),  # 14 hours ahead
        ("Pacific/Pago_Pago", 5, date(2026, 5, 31)),  # 11 hours behind
    ],
)
def test_the_first_day_is_today_at_the_listing(cursor: Cursor, zone: str, hour: int, first: date) -> None:
    moved = PropertyLocationChanged(replace(LOCATION, zone=zone))
    LISTINGS.apply(cursor, Tale().tell(PROPERTY, *PUBLISHED, ANY_STAY, moved))
    now = datetime(2026, 6, 1, hour, tzinfo=UTC)
    assert is_found(cursor, first, now)
    assert not is_found(cursor, first - timedelta(days=1), now)
