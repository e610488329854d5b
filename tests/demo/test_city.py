"""The demonstration city as it is planned, before anything is sent."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations
from typing import get_args

import pytest

from domain import bookings, payments
from domain.amenities import normalise
from domain.stays import Stay
from infrastructure.demo.city import City, Story, city
from infrastructure.demo.load import ENDINGS

TODAY = date(2026, 6, 11)


@pytest.fixture(scope="module")
def planned() -> City:
    return city(1, TODAY)


def test_the_same_seed_makes_the_same_city_and_another_seed_another_one(planned: City) -> None:
    assert city(1, TODAY) == planned
    assert city(2, TODAY).listings != planned.listings


def test_a_city_moves_with_its_day(planned: City) -> None:
    tomorrow = city(1, date(2026, 6, 12))

    assert [each.body for each in tomorrow.listings] == [each.body for each in planned.listings]
    assert all(
        (b.stay.check_in - a.stay.check_in).days == 1 for a, b in zip(planned.bookings, tomorrow.bookings, strict=True)
    )


def test_it_is_as_large_as_promised(planned: City) -> None:
    assert (len(planned.hosts), len(planned.guests), len(planned.listings)) == (50, 30, 300)
    assert Counter(each.fate for each in planned.listings) == {"published": 280, "draft": 12, "unpublished": 8}
    assert {each.host for each in planned.listings} == set(planned.hosts)
    assert len({each.username for each in (*planned.hosts, *planned.guests)}) == 80


def test_bookings_end_in_every_status_that_there_is(planned: City) -> None:
    endings = [ENDINGS[each.story] for each in planned.bookings]

    # The stays lie ahead; what a host answers to a request is shown in the walk.
    assert {booking for booking, _ in endings} == {*get_args(bookings.Status)} - {"completed", "no_show", "declined"}
    # "authorized" lasts for as long as the workers take to capture, and the sandbox has no banks to dispute anything.
    assert {payment for _, payment in endings} == {*get_args(payments.Status), None} - {"authorized", "disputed"}
    assert {each.story for each in planned.bookings} == set(get_args(Story))


def test_nobody_wants_nights_that_somebody_else_has(planned: City) -> None:
    wanted: dict[int, list[Stay]] = {}
    for listing in planned.listings:
        wanted[listing.number] = [Stay(first, until) for first, until in listing.blocks]
    for booking in planned.bookings:
        wanted[booking.listing.number].append(booking.stay)

    assert not any(a.overlaps(b) for stays in wanted.values() for a, b in combinations(stays, 2))


def test_bookings_keep_to_the_house_rules(planned: City) -> None:
    for booking in planned.bookings:
        rules = booking.listing.body["house_rules"]
        assert rules["minimum_nights"] <= booking.stay.nights <= rules["maximum_nights"]
        assert (booking.stay.check_in - TODAY).days >= rules["advance_notice_days"]
        assert 1 <= booking.guests <= booking.listing.body["guests"]
        assert booking.listing.fate == "published"
        assert booking.guest != booking.listing.host


def test_late_cancellations_give_some_nights_back_and_keep_some(planned: City) -> None:
    late = [each for each in planned.bookings if each.story == "cancelled late"]

    assert late
    assert all(each.stay.check_in == TODAY and each.stay.nights > 1 for each in late)


def test_every_amenity_is_a_known_word_or_says_that_it_is_another(planned: City) -> None:
    words = {word for each in planned.listings for word in each.body["amenities"]}

    assert {word for word in words if normalise(word) != word} == set()
    assert "wifi" in words
