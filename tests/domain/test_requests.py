"""Requests: which stays a property takes, and how a booking begins: at once, or with the host's consent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain import requests
from domain.bookings import (
    Booking,
    BookingAccepted,
    BookingDeclined,
    BookingFact,
    BookingRequested,
    evolve,
)
from domain.properties import Property, PropertyFact, PropertyUnpublished
from domain.properties import evolve as evolve_property
from domain.requests import RequestBooking
from domain.stays import Stay
from tests.support.examples import (
    DRAFT,
    GUEST,
    GUESTS,
    HELD,
    HELD_UNTIL,
    HOST,
    NOW,
    PROPERTY,
    PUBLISHED,
    REQUESTED,
    STAY,
    instant,
)
from tests.support.spec import Spec

BOOKINGS = Spec[Booking | None, BookingFact](evolve, None)
LISTING = Spec[Property | None, PropertyFact](evolve_property, None).fold(PUBLISHED)
REQUEST = RequestBooking(PROPERTY, GUEST, STAY, GUESTS)
ONE_SECOND = timedelta(seconds=1)

Decision = Callable[[Booking | None], tuple[BookingFact, ...]]


def requesting(command: RequestBooking = REQUEST, listing: Property | None = LISTING, now: datetime = NOW) -> Decision:
    return lambda _: requests.request(listing, command, None, now)


def listing_with(**changes: object) -> Property:
    assert LISTING is not None
    return replace(LISTING, **changes)  # type: ignore[arg-type]  # one property's parts by name


def test_nights_are_held_for_fifteen_minutes_with_quote_and_terms_pinned() -> None:
    BOOKINGS.given().when(requesting()).then(HELD)
    assert instant("2026-06-01 12:15:00") == HELD_UNTIL


@pytest.mark.parametrize(
    ("listing", "code"),
    [
        (None, "property_not_found"),
        (Spec[Property | None, PropertyFact](evolve_property, None).fold(DRAFT), "property_not_found"),
        (
            Spec[Property | None, PropertyFact](evolve_property, None).fold((*PUBLISHED, PropertyUnpublished())),
            "property_not_listed",
        ),
    ],
)
def test_only_a_published_property_takes_bookings(listing: Property | None, code: str) -> None:
    BOOKINGS.given().when(requesting(listing=listing)).then_rejected(code)


@pytest.mark.parametrize(
    ("stay", "code", "details"),
    [
        # The rules of the example: 2 to 28 nights. It is 1 June at the property.
        (Stay(date(2026, 5, 31), date(2026, 6, 3)), "stay_in_past", {"today": "2026-06-01"}),
        (Stay(date(2028, 5, 29), date(2028, 6, 1)), "stay_beyond_horizon", {"last": "2028-05-31"}),
        (Stay(date(2026, 6, 11), date(2026, 6, 12)), "stay_too_short", {"minimum": 2}),
        (Stay(date(2026, 6, 11), date(2026, 7, 10)), "stay_too_long", {"maximum": 28}),
    ],
)
def test_a_stay_that_the_property_does_not_take_is_refused(stay: Stay, code: str, details: dict[str, object]) -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, stay=stay))).then_rejected(code, **details)


@pytest.mark.parametrize("stay", [Stay(date(2026, 6, 1), date(2026, 6, 3)), Stay(date(2026, 6, 11), date(2026, 7, 9))])
def test_a_stay_at_the_very_limits_is_held(stay: Stay) -> None:
    assert BOOKINGS.given().when(requesting(replace(REQUEST, stay=stay))).facts


def test_notice_is_counted_in_days_at_the_property() -> None:
    assert LISTING is not None
    ten_days = listing_with(house_rules=replace(LISTING.house_rules, advance_notice_days=10))
    # 11 June is 10 days after 1 June; in New York 2 June begins at 04:00 UTC.
    assert BOOKINGS.given().when(requesting(listing=ten_days, now=instant("2026-06-02 03:59:59"))).facts
    BOOKINGS.given().when(requesting(listing=ten_days, now=instant("2026-06-02 04:00:00"))).then_rejected(
        "notice_too_short", days=10
    )


def test_as_many_guests_as_the_property_takes_and_no_more() -> None:
    assert BOOKINGS.given().when(requesting(replace(REQUEST, guests=4))).facts
    BOOKINGS.given().when(requesting(replace(REQUEST, guests=5))).then_rejected("too_many_guests", maximum=4)


@pytest.mark.parametrize("guests", [0, -1])
def test_a_stay_without_guests_is_refused(guests: int) -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, guests=guests))).then_rejected("guests_out_of_range")


def test_hosts_do_not_book_their_own_property() -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, guest_id=HOST))).then_rejected("own_property")


def on_request() -> Property:
    assert LISTING is not None
    return listing_with(house_rules=replace(LISTING.house_rules, booking_mode="request"))


def test_a_host_who_wants_to_be_asked_has_24_hours_and_no_nights_are_taken() -> None:
    BOOKINGS.given().when(requesting(listing=on_request())).then(REQUESTED)
    assert REQUESTED.answer_until == instant("2026-06-02 12:00:00")


def test_a_request_for_tonight_lapses_at_midnight_at_the_property() -> None:
    tonight = replace(REQUEST, stay=Stay(date(2026, 6, 1), date(2026, 6, 3)))
    (asked,) = BOOKINGS.given().when(requesting(tonight, on_request())).facts
    # In New York in summer 2 June begins at 04:00 UTC.
    assert isinstance(asked, BookingRequested)
    assert asked.answer_until == instant("2026-06-02 04:00:00")


def test_an_accepted_request_is_held_from_then_on_the_terms_that_were_asked_for() -> None:
    at_ten = instant("2026-06-02 10:00:00")
    agreed = replace(HELD.terms, agreed_at=at_ten)
    BOOKINGS.given(REQUESTED).when(lambda state: requests.accept(state, at_ten)).then(
        BookingAccepted(), replace(HELD, terms=agreed, held_until=instant("2026-06-02 10:15:00"))
    )


def test_a_declined_request_is_over() -> None:
    declining: Decision = lambda state: requests.decline(state, NOW, "renovation")  # noqa: E731 - a decision
    BOOKINGS.given(REQUESTED).when(declining).then(BookingDeclined("renovation"))
    BOOKINGS.given(REQUESTED, BookingDeclined()).when(declining).then_rejected(
        "booking_not_declinable", booking_status="declined", guest_actions=[], host_actions=[]
    )


@pytest.mark.parametrize("answer", [requests.accept, requests.decline])
def test_a_host_answers_in_time_or_not_at_all(answer: Callable[..., tuple[BookingFact, ...]]) -> None:
    assert BOOKINGS.given(REQUESTED).when(lambda state: answer(state, REQUESTED.answer_until - ONE_SECOND)).facts
    BOOKINGS.given(REQUESTED).when(lambda state: answer(state, REQUESTED.answer_until)).then_rejected(
        "booking_not_acceptable" if answer is requests.accept else "booking_not_declinable", booking_status="pending"
    )


@pytest.mark.parametrize("answer", [requests.accept, requests.decline])
def test_only_a_request_is_answered(answer: Callable[..., tuple[BookingFact, ...]]) -> None:
    BOOKINGS.given(HELD).when(lambda state: answer(state, NOW)).then_rejected(
        "booking_not_acceptable" if answer is requests.accept else "booking_not_declinable", host_actions=["cancel"]
    )
    BOOKINGS.given().when(lambda state: answer(state, NOW)).then_rejected("booking_not_found")
