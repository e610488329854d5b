"""What cancelling would give back is what cancelling then gives back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from infrastructure.clock import SandboxClock
from tests.api.people import book, host, listing, pay, register, wait
from tests.api.stack import Client, Stack, json_of

pytestmark = pytest.mark.slow

PRICES: dict[str, Any] = {
    "cleaning_fee": {"amount": "30.00", "currency": "USD"},
    "tax_basis_points": 875,
}
# Three nights at 100.00 from Thursday 12 June 2031 in Catskill (15:00 there is 19:00 UTC), cleaning 30.00:
# service fee 12% of 330.00 = 39.60; tax 8.75%: 26.25 on the nights, 2.625 → 2.62 on the cleaning.
CHECK_IN = "2031-06-12T19:00:00Z"


def confirmed(stack: Stack, policy: str) -> tuple[Client, Client, str]:
    """A host, a guest, and the path of a booking that is paid for."""
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada, pricing=PRICES, house_rules={"cancellation_policy": policy})
    booking_id = book(bob, property_id)
    pay(bob, booking_id)
    stack.run_workers()
    return ada, bob, f"/v1/bookings/{booking_id}"


@pytest.mark.parametrize(
    ("policy", "at", "refund"),
    [
        # nights 300.00, cleaning 30.00, service 39.60, tax 28.87
        ("flexible", "2031-06-11T19:00:00Z", "398.47"),
        # two nights, cleaning, and the tax on them: 17.50 + 2.62
        ("flexible", "2031-06-11T19:00:01Z", "250.12"),
        # half of the nights 150.00, cleaning 30.00, tax 13.125 → 13.12 and 2.62
        ("moderate", "2031-06-10T00:00:00Z", "195.74"),
        ("strict", "2031-06-05T19:00:00Z", "195.74"),
        # the cleaning and its tax
        ("strict", "2031-06-05T19:00:01Z", "32.62"),
        ("non_refundable", "2031-06-12T18:59:59Z", "32.62"),
        ("non_refundable", CHECK_IN, "0.00"),
    ],
)
def test_a_preview_of_an_instant_is_the_cancellation_at_that_instant(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, policy: str, at: str, refund: str
) -> None:
    _, bob, path = confirmed(stack, policy)

    previewed = json_of(bob.get(f"{path}/cancellation-preview?at={at}"))

    assert (previewed["refund"]["amount"], previewed["cancellation_policy"]) == (refund, policy)
    assert previewed["at"] == at
    monkeypatch.setattr(SandboxClock, "now", lambda _: datetime.fromisoformat(at))  # to the very instant
    assert json_of(bob.get(f"{path}/cancellation-preview"))["refund_lines"] == previewed["refund_lines"]
    cancelled = json_of(bob.post(f"{path}/cancel"))["cancellation"]
    assert (cancelled["refund"], cancelled["refund_lines"]) == (previewed["refund"], previewed["refund_lines"])


def test_each_side_sees_what_its_own_cancelling_does(stack: Stack) -> None:
    ada, bob, path = confirmed(stack, "moderate")

    guests = json_of(bob.get(f"{path}/cancellation-preview?at=2031-06-08T00:00:00Z"))
    hosts = json_of(ada.get(f"{path}/cancellation-preview?at=2031-06-08T00:00:00Z"))

    assert (guests["by"], guests["refund"]["amount"]) == ("guest", "195.74")
    assert [(line["kind"], line["amount"]["amount"]) for line in guests["refund_lines"]] == [
        ("night", "150.00"),
        ("cleaning_fee", "30.00"),
        ("occupancy_tax", "15.74"),
    ]
    assert (hosts["by"], hosts["refund"]["amount"], hosts["deadlines"]) == ("host", "398.47", [])
    assert register(stack).get(f"{path}/cancellation-preview").status_code == 404


def test_a_preview_says_until_when_it_holds_and_what_comes_back_after_that(stack: Stack) -> None:
    _, bob, path = confirmed(stack, "moderate")

    now = json_of(bob.get(f"{path}/cancellation-preview"))

    assert now["refund"]["amount"] == "398.47"
    assert [(each["until"], each["refund_after"]["amount"]) for each in now["deadlines"]] == [
        ("2031-06-07T19:00:00Z", "195.74"),
        (CHECK_IN, "108.75"),  # half of two nights and of their tax 17.50
    ]


def test_while_nothing_is_paid_nothing_comes_back(stack: Stack) -> None:
    bob = register(stack, "bob")
    path = f"/v1/bookings/{book(bob, listing(host(stack)))}/cancellation-preview"
    preview = json_of(bob.get(path))
    assert (preview["refund"]["amount"], preview["refund_lines"], preview["deadlines"]) == ("0.00", [], [])


def test_what_could_not_be_cancelled_then_has_no_preview(stack: Stack) -> None:
    bob = register(stack, "bob")
    path = f"/v1/bookings/{book(bob, listing(host(stack)))}/cancellation-preview"
    wait(stack, minutes=15)

    lapsed = bob.get(path)

    assert (lapsed.status_code, json_of(lapsed)["type"]) == (409, "/problems/booking-not-cancellable")
    _, eve, paid = confirmed(stack, "flexible")
    left = eve.get(f"{paid}/cancellation-preview?at=2031-06-15T15:00:00Z")
    assert (left.status_code, json_of(left)["type"]) == (409, "/problems/booking-not-cancellable")


def test_the_past_and_what_is_no_instant_are_refused(stack: Stack) -> None:
    _, bob, path = confirmed(stack, "flexible")

    past = bob.get(f"{path}/cancellation-preview?at=2031-05-31T12:00:00Z")
    noise = bob.get(f"{path}/cancellation-preview?at=tomorrow")

    assert (past.status_code, json_of(past)["type"]) == (422, "/problems/preview-in-past")
    assert datetime.fromisoformat(json_of(past)["now"]) <= stack.now()
    assert (noise.status_code, json_of(noise)["type"]) == (422, "/problems/validation-failed")
