"""What the log meant: a stream's states and a booking's story, now and as of any moment of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.documents import ABSENT, Change, Document, changed
from tests.api.people import book, host, listing, pay, register
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import Client, Stack, json_of, running
from tests.permissions.cast import person

# Three nights at 100.00 and a fee of 12%: 336.00 come in; the host's are 300.00 less 3%, 291.00; the platform's 45.00.


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as stack:
        yield stack


@pytest.fixture(scope="module")
def auditor(stack: Stack) -> Client:
    return person(stack, "auditor")


@pytest.fixture(scope="module")
def given_back(stack: Stack) -> str:
    """A booking that was paid, and that its host then cancelled: all of it goes back. It has a neighbour."""
    ada, bob = host(stack), register(stack, "bob")
    cottage = listing(ada)
    booking_id = book(bob, cottage)
    pay(bob, booking_id)
    pay(bob, book(bob, cottage, "2031-07-12", "2031-07-15"))
    stack.run_workers()
    answer = ada.post(f"/v1/bookings/{booking_id}/cancel", {"reason": "My roof leaks."})
    assert answer.status_code == 200, answer.text
    stack.run_workers()
    return booking_id


def story(auditor: Client, booking_id: str, at: str = "") -> dict[str, Any]:
    return ask(auditor, f"bookings/{booking_id}/timeline?{at}")


def ask(auditor: Client, path: str) -> dict[str, Any]:
    answer = auditor.get(f"/v1/audit/{path}")
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def refusal(auditor: Client, path: str) -> tuple[int, str]:
    answer = auditor.get(f"/v1/audit/{path}")
    return answer.status_code, json_of(answer)["type"]


def after(event: Mapping[str, Any], state: Document) -> Document:
    """What an event makes of a state, by its changes alone."""
    made = [Change(each["path"], each.get("before", ABSENT), each.get("after", ABSENT)) for each in event["changes"]]
    return changed(state, made)


def test_a_bookings_story_says_what_came_in_what_went_out_and_whose_it_was_meanwhile(
    auditor: Client, given_back: str
) -> None:
    told = story(auditor, given_back)
    posted = [
        (event["type"], [(each["account"], each["minor"]) for each in event["money"]], event["direction"])
        for event in told["events"]
        if event["money"]
    ]
    shares = [("guest_funds", 33600), ("host_payable", -29100), ("platform_revenue", -4500)]
    assert posted == [
        ("PaymentCaptured", [("processor_clearing", 33600), ("guest_funds", -33600)], "in"),
        ("BookingConfirmed", shares, "none"),
        ("BookingCancelled", [(account, -minor) for account, minor in shares], "none"),
        ("RefundSucceeded", [("guest_funds", 33600), ("processor_clearing", -33600)], "out"),
    ]
    amounts = {event["type"]: event["amount"] for event in told["events"] if event["amount"]}
    all_of_it = {"minor": 33600, "currency": "USD"}
    assert amounts == {"PaymentCaptured": all_of_it, "RefundSucceeded": all_of_it}


def test_a_bookings_story_has_each_of_its_streams_and_nothing_of_its_neighbour(
    auditor: Client, given_back: str
) -> None:
    told = story(auditor, given_back)
    kinds = Counter(event["kind"] for event in told["events"])
    assert kinds == {"booking": 3, "payment": 7, "host_account": 2}
    positions = [event["position"] for event in told["events"]]
    assert positions == sorted(positions)
    assert told["position"] >= positions[-1]
    assert {event["booking"] for event in told["events"]} == {given_back}
    (account,) = (each["state"] for each in told["states"] if each["kind"] == "host_account")
    assert account["earnings"].keys() == {given_back}
    (booking,) = (each["state"] for each in told["states"] if each["kind"] == "booking")
    assert (booking["is"], booking["by"]) == ("Cancelled", "host")


def test_the_trail_finds_the_same_events_as_the_story_has(auditor: Client, given_back: str) -> None:
    listed = ask(auditor, f"events?booking={given_back}&order=oldest&limit=100")["events"]
    names = listed[0].keys()
    assert listed == [{name: event[name] for name in names} for event in story(auditor, given_back)["events"]]


def test_what_people_wrote_is_named_and_not_told(auditor: Client, given_back: str) -> None:
    (cancelled,) = (e for e in story(auditor, given_back)["events"] if e["type"] == "BookingCancelled")
    assert cancelled["sealed"] == ["reason"]
    assert cancelled["data"]["reason"] == ""
    assert "roof" not in auditor.get(f"/v1/audit/bookings/{given_back}/timeline").text


def test_a_payout_is_in_the_story_of_each_booking_that_it_pays_with_that_bookings_share(
    stack: Stack, auditor: Client
) -> None:
    paid_host, payout_id = scheduled(stack)
    end(stack, paid_host, payout_id)
    stack.run_workers()
    paid = ask(auditor, f"events?user={paid_host.id}&type=PayoutScheduled")["events"]
    told = story(auditor, paid[0]["data"]["earnings"][0]["of"])
    (event,) = (e for e in told["events"] if e["type"] == "PayoutScheduled")
    assert event["stream"] == paid[0]["stream"]
    assert [each["path"] for each in event["changes"]][-1] == f"/payouts/{payout_id}"


def test_each_state_is_what_the_changes_made_of_the_one_before(auditor: Client, given_back: str) -> None:
    told = story(auditor, given_back)
    for stream in told["states"]:
        events = [event for event in told["events"] if event["stream"] == stream["stream"]]
        state: Document = None
        assert reduce(lambda before, event: after(event, before), events, state) == stream["state"]


def test_a_stream_is_told_in_pages_and_its_state_is_that_of_the_end(auditor: Client, given_back: str) -> None:
    whole = ask(auditor, f"streams/{given_back}")
    first = ask(auditor, f"streams/{given_back}?limit=2")
    second = ask(auditor, f"streams/{given_back}?limit=2&cursor={first['next_cursor']}")
    assert first["events"] + second["events"] == whole["events"]
    assert [event["type"] for event in whole["events"]] == ["BookingHeld", "BookingConfirmed", "BookingCancelled"]
    assert [first["next_cursor"] is None, second["next_cursor"]] == [False, None]
    assert first["state"] == second["state"] == whole["state"]
    assert [whole["kind"], whole["version"]] == ["booking", 3]


def test_a_user_a_property_and_a_hosts_account_are_streams_too(auditor: Client, given_back: str) -> None:
    booking = ask(auditor, f"streams/{given_back}")["state"]["made"]
    assert ask(auditor, f"streams/{booking['guest_id']}")["state"]["is"] == "User"
    assert ask(auditor, f"streams/{booking['property_id']}")["state"]["is"] == "Property"
    accounts = {event["stream"] for event in story(auditor, given_back)["events"] if event["kind"] == "host_account"}
    assert ask(auditor, f"streams/{accounts.pop()}")["kind"] == "host_account"


def test_as_of_each_of_its_versions_and_positions_a_stream_was_what_its_events_had_made_of_it(
    auditor: Client, given_back: str
) -> None:
    state: Document = None
    for event in ask(auditor, f"streams/{given_back}")["events"]:
        state = after(event, state)
        by_version = ask(auditor, f"streams/{given_back}?at=version:{event['version']}")
        by_position = ask(auditor, f"streams/{given_back}?at=position:{event['position']}")
        assert by_version == by_position
        assert [by_version["state"], by_version["position"]] == [state, event["position"]]


def test_as_of_an_instant_is_as_of_the_last_position_recorded_by_then(auditor: Client, given_back: str) -> None:
    whole = story(auditor, given_back)
    confirmed = next(event for event in whole["events"] if event["type"] == "BookingConfirmed")
    told = story(auditor, given_back, f"at={confirmed['recorded_at']}")
    assert told["position"] == confirmed["position"]
    assert told["events"] == [event for event in whole["events"] if event["position"] <= confirmed["position"]]
    assert told == story(auditor, given_back, f"at=position:{confirmed['position']}")
    (booking,) = (each["state"] for each in told["states"] if each["kind"] == "booking")
    assert booking["is"] == "Confirmed"
    assert ask(auditor, f"streams/{given_back}?at={confirmed['recorded_at']}")["state"] == booking


def test_when_nothing_had_happened_yet_and_when_nothing_has_yet_are_said_to_be(
    auditor: Client, given_back: str
) -> None:
    first = story(auditor, given_back)["events"][0]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    for path in (f"streams/{given_back}", f"bookings/{given_back}/timeline"):
        for at in ("2020-01-01T00:00:00Z", "position:0", f"position:{first['position'] - 1}"):
            assert refusal(auditor, f"{path}?at={at}") == (422, "/problems/before-first-event")
        for at in ("position:999999999999", tomorrow):
            assert refusal(auditor, f"{path}?at={at}") == (422, "/problems/beyond-log")
        for at in ("yesterday", "position:-1", "position:", "version:x", "2026-03-01"):
            assert refusal(auditor, f"{path}?at={at}") == (422, "/problems/validation-failed")
    assert refusal(auditor, f"streams/{given_back}?at=version:4") == (422, "/problems/beyond-log")
    assert refusal(auditor, f"streams/{given_back}?at=version:0") == (422, "/problems/before-first-event")
    assert refusal(auditor, f"bookings/{given_back}/timeline?at=version:1")[0] == 422


def test_what_is_no_stream_and_what_is_no_booking_are_not_found(auditor: Client, given_back: str) -> None:
    guest_id = UUID(ask(auditor, f"streams/{given_back}")["state"]["made"]["guest_id"])
    assert refusal(auditor, f"streams/{uuid4()}") == (404, "/problems/stream-not-found")
    for other in (uuid4(), guest_id):
        assert refusal(auditor, f"bookings/{other}/timeline") == (404, "/problems/booking-not-found")
