"""A booking's whole story, as each side of it is told it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import book, host, listing, pay, register
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import Client, Stack, json_of
from tests.reviews.stays import stay_over

PAID = [
    *("BookingHeld", "PaymentStarted", "PaymentActionRequired", "PaymentAuthorized", "PaymentCaptureStarted"),
    *("PaymentCaptured", "BookingConfirmed"),
]


def story(client: Client, booking_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/bookings/{booking_id}/history")
    assert answer.status_code == 200, answer.text
    return list(json_of(answer)["events"])


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


@pytest.fixture(scope="module")
def given_back(shared: Stack) -> tuple[Client, Client, str]:
    """Guest and host of a stay that was paid for, and that the host then cancelled, with a reason."""
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada))
    pay(bob, booking_id)
    shared.run_workers()
    assert ada.post(f"/v1/bookings/{booking_id}/cancel", {"reason": "I am ill."}).status_code == 200
    shared.run_workers()
    return bob, ada, booking_id


def test_a_guest_is_told_of_the_payment_and_the_refund_and_nothing_of_the_hosts_account(
    given_back: tuple[Client, Client, str],
) -> None:
    guest, _, booking_id = given_back
    told = story(guest, booking_id)
    assert types(told) == [*PAID, "BookingCancelled", "RefundStarted", "RefundSucceeded"]
    assert {event["kind"] for event in told} == {"booking", "payment"}


def test_a_host_is_told_what_the_booking_earns_them_too(given_back: tuple[Client, Client, str]) -> None:
    guest, its_host, booking_id = given_back
    told = story(its_host, booking_id)
    earned = [event for event in told if event["kind"] == "host_account"]
    assert [event["data"]["amount"]["minor"] for event in earned] == [29100, 0]
    assert [event["position"] for event in told] == sorted(event["position"] for event in told)
    assert types([event for event in told if event not in earned]) == types(story(guest, booking_id))


def test_a_hosts_neighbouring_bookings_are_in_no_story_but_their_own(
    shared: Stack, given_back: tuple[Client, Client, str]
) -> None:
    _, its_host, booking_id = given_back
    other = register(shared)
    another = book(other, listing(its_host))
    pay(other, another)
    shared.run_workers()
    earned = [event["data"]["booking_id"] for event in story(its_host, another) if event["kind"] == "host_account"]
    assert earned == [another]
    assert another not in str(story(its_host, booking_id))


def test_a_host_is_told_what_was_paid_out_and_that_it_failed(shared: Stack) -> None:
    paid, payout_id = scheduled(shared)
    end(shared, paid, payout_id)
    (booking,) = json_of(paid.get("/v1/bookings?as=host"))["bookings"]
    told = story(paid, booking["id"])
    assert types(told) == [*PAID, "HostEarningRecorded", "PayoutScheduled", "PayoutFailed"]
    assert told[-2]["data"]["amount"] == {"minor": 29100, "currency": "USD"}


def test_what_one_side_wrote_is_not_told_to_the_other(given_back: tuple[Client, Client, str]) -> None:
    guest, its_host, booking_id = given_back
    (to_guest,) = (event for event in story(guest, booking_id) if event["type"] == "BookingCancelled")
    (to_host,) = (event for event in story(its_host, booking_id) if event["type"] == "BookingCancelled")
    assert to_host["data"]["reason"] == "I am ill."
    assert "reason" not in to_guest["data"]


def test_how_the_guest_paid_is_not_told_to_the_host(given_back: tuple[Client, Client, str]) -> None:
    guest, its_host, booking_id = given_back
    named = {name for event in story(its_host, booking_id) if event["kind"] == "payment" for name in event["data"]}
    assert named.isdisjoint({"evidence", "next_action"})
    assert any("evidence" in event["data"] for event in story(guest, booking_id))


def test_reviews_are_told_once_everybody_may_read_them(shared: Stack) -> None:
    stay = stay_over(shared)
    stay.write(stay.guest, 4, "A warm house.")
    shared.run_workers()
    for side in (stay.guest, stay.host):
        assert "ReviewSubmitted" not in types(story(side, stay.booking_id))
    stay.write(stay.host, 5, "Tidy people.")
    shared.run_workers()
    for side in (stay.guest, stay.host):
        written = [event["data"] for event in story(side, stay.booking_id) if event["type"] == "ReviewSubmitted"]
        assert [(each["author"], each["comment"]) for each in written] == [
            ("guest", "A warm house."),
            ("host", "Tidy people."),
        ]
