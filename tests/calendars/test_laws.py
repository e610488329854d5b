"""Laws of linked calendars: however they change, the nights of the last one are blocked, but for conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar_sync import Entry
from tests.calendars.hosting import Hosting

START = date(2026, 7, 1)
Calendar = dict[str, tuple[int, int]]
"""First day and length by UID."""

spans = st.tuples(st.integers(0, 25), st.integers(1, 8))
calendars: st.SearchStrategy[Calendar] = st.dictionaries(st.sampled_from("abcdef"), spans, max_size=5)


@pytest.fixture(scope="module")
def world(shared_database_url: str) -> Iterator[Hosting]:
    world = Hosting(shared_database_url)
    yield world
    world.close()


def entries(calendar: Calendar) -> list[Entry]:
    return [Entry(uid, day(first), day(first + length)) for uid, (first, length) in calendar.items()]


def day(n: int) -> date:
    return START + timedelta(days=n)


def covered(calendar: Calendar) -> set[date]:
    return {day(first + n) for first, length in calendar.values() for n in range(length)}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    history=st.lists(calendars, min_size=1, max_size=5), stays=st.lists(spans, max_size=3), cancelled=st.integers(0, 7)
)
def test_the_last_calendars_nights_are_blocked_but_for_conflicts(
    world: Hosting, history: list[Calendar], stays: list[tuple[int, int]], cancelled: int
) -> None:
    """Added, moved and removed entries, among bookings of which some are cancelled before the last sync."""
    listing = world.listing()
    guest = world.person()
    feed_id = world.link(listing)
    booked: dict[date, int] = {}
    bookings = []
    for number, (first, length) in enumerate(stays):
        wanted = {day(first + n) for n in range(length)}
        if not wanted & booked.keys():
            bookings.append((number, world.hold(listing, guest, (str(day(first)), str(day(first + length))))))
            booked |= dict.fromkeys(wanted, number)
    for calendar in history[:-1]:
        world.follow(listing, feed_id, *entries(calendar))
    for number, booking_id in bookings:
        if cancelled >> number & 1:
            world.cancel(booking_id)
            booked = {night: by for night, by in booked.items() if by != number}

    world.follow(listing, feed_id, *entries(history[-1]))

    said = covered(history[-1])
    assert world.blocked(listing) == said - booked.keys()
    conflicts = world.conflicts(listing)
    contested = {day(n) for each in conflicts for n in range((each.first - START).days, (each.until - START).days)}
    assert contested == said & booked.keys()
    version = world.lodger.log.load([listing])[listing][-1].version
    world.follow(listing, feed_id, *reversed(entries(history[-1])))
    assert world.lodger.log.load([listing])[listing][-1].version == version
