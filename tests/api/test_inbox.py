"""A guest's trips and a host's inbox: what is found by which filter, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.people import book, host, listing, pay, register, wait
from tests.api.stack import Client, Stack, json_of


@dataclass
class Inbox:
    ada: Client
    """The host."""
    bob: Client
    eve: Client
    cabin: str
    barn: str
    names: dict[str, str]
    """What each booking is called here, by id."""

    def found(self, reader: Client, query: str) -> list[str]:
        answer = reader.get(f"/v1/bookings?{query}")
        assert answer.status_code == 200, answer.text
        return [self.names[each["id"]] for each in json_of(answer)["bookings"]]


@pytest.fixture(scope="module")
def inbox(shared: Stack) -> Inbox:
    """Bob holds the cabin in June and cancelled the barn in July; eve has paid for the cabin in August."""
    ada, bob, eve = host(shared), register(shared, "bob"), register(shared, "eve")
    cabin, barn = listing(ada), listing(ada)
    names = {
        book(eve, cabin, "2031-08-01", "2031-08-04"): "august",
        book(bob, barn, "2031-07-01", "2031-07-04"): "july",
        book(bob, cabin, "2031-06-12", "2031-06-15"): "june",
    }
    ids = {name: booking_id for booking_id, name in names.items()}
    pay(eve, ids["august"])
    bob.post(f"/v1/bookings/{ids['july']}/cancel")
    shared.run_workers()
    return Inbox(ada, bob, eve, cabin, barn, names)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("as=host", ["june", "july", "august"]),
        ("as=host&status=pending", ["june"]),
        ("as=host&status=confirmed&status=cancelled", ["july", "august"]),
        ("as=host&status=cancelled&status=confirmed&status=cancelled", ["july", "august"]),
        ("as=host&status=no_show", []),
        ("as=host&check_in_from=2031-07-01", ["july", "august"]),
        ("as=host&check_in_from=2031-06-12&check_in_until=2031-07-01", ["june"]),
        ("as=host&when=upcoming", ["june", "july", "august"]),
        ("as=host&when=past", []),
        ("as=host&waiting_for=guest", ["june"]),
        ("as=host&waiting_for=host", []),
        ("as=guest", []),
    ],
)
def test_a_host_finds_bookings_by_what_is_asked_about(inbox: Inbox, query: str, found: list[str]) -> None:
    assert inbox.found(inbox.ada, query) == found


def test_a_host_finds_the_bookings_of_one_property(inbox: Inbox) -> None:
    assert inbox.found(inbox.ada, f"as=host&property={inbox.cabin}") == ["june", "august"]
    assert inbox.found(inbox.ada, f"as=host&property={inbox.barn}&status=cancelled") == ["july"]


def test_guests_find_their_own_and_nobody_elses(inbox: Inbox) -> None:
    assert inbox.found(inbox.bob, "as=guest") == ["june", "july"]
    assert inbox.found(inbox.eve, "as=guest") == ["august"]
    assert inbox.found(inbox.bob, f"as=host&property={inbox.cabin}") == []
    assert inbox.found(inbox.bob, f"as=guest&property={inbox.cabin}") == ["june"]


def test_counts_are_of_ones_own(inbox: Inbox) -> None:
    def counted(reader: Client, role: str) -> tuple[dict[str, int], int]:
        answer = json_of(reader.get(f"/v1/bookings/counts?as={role}"))
        counts = {each["status"]: each["bookings"] for each in answer["statuses"]}
        assert counts.keys() >= {"pending", "confirmed", "declined", "expired", "cancelled", "completed", "no_show"}
        return {status: number for status, number in counts.items() if number}, answer["waiting_for_you"]

    assert counted(inbox.ada, "host") == ({"pending": 1, "confirmed": 1, "cancelled": 1}, 0)
    assert counted(inbox.bob, "guest") == ({"pending": 1, "cancelled": 1}, 1)
    assert counted(inbox.eve, "guest") == ({"confirmed": 1}, 0)
    assert counted(inbox.bob, "host") == ({}, 0)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "as=owner",
        "as=host&status=",
        "as=host&status=gone",
        "as=host&status=pending,confirmed",
        "as=host&property=cabin",
        "as=host&check_in_from=June",
        "as=host&when=soon",
        "as=host&waiting_for=me",
        "as=host&colour=red",
        "as=host&limit=0",
    ],
)
def test_what_cannot_be_asked_is_refused(inbox: Inbox, query: str) -> None:
    answer = inbox.ada.get(f"/v1/bookings?{query}")
    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/validation-failed")


def test_a_cursor_goes_with_the_filters_it_was_given_for(inbox: Inbox) -> None:
    first = json_of(inbox.ada.get("/v1/bookings?as=host&limit=1&status=cancelled&status=confirmed"))
    cursor = first["next_cursor"]

    def page(query: str) -> dict[str, Any]:
        return json_of(inbox.ada.get(f"/v1/bookings?limit=1&cursor={cursor}&{query}"))

    assert [inbox.names[each["id"]] for each in first["bookings"]] == ["july"]
    # The same filters in another order are the same question.
    second = page("as=host&status=confirmed&status=cancelled")
    assert [inbox.names[each["id"]] for each in second["bookings"]] == ["august"]
    assert second["next_cursor"] is None
    for other in ("as=host&status=cancelled", "as=host", "as=guest&status=cancelled&status=confirmed"):
        assert page(other)["type"] == "/problems/cursor-invalid"
    stolen = inbox.bob.get(f"/v1/bookings?limit=1&cursor={cursor}&as=host&status=cancelled&status=confirmed")
    assert json_of(stolen)["type"] == "/problems/cursor-invalid"


def test_a_request_waits_for_its_host_until_it_is_answered(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking = book(bob, listing(ada, house_rules={"booking_mode": "request"}))
    stack.run_workers()

    def waiting(reader: Client, query: str) -> list[str]:
        return [each["id"] for each in json_of(reader.get(f"/v1/bookings?{query}"))["bookings"]]

    assert waiting(ada, "as=host&waiting_for=host") == [booking]
    assert json_of(ada.get("/v1/bookings/counts?as=host"))["waiting_for_you"] == 1
    assert json_of(bob.get("/v1/bookings/counts?as=guest"))["waiting_for_you"] == 0
    assert ada.post(f"/v1/bookings/{booking}/accept").status_code == 200
    stack.run_workers()
    assert waiting(ada, "as=host&waiting_for=host") == []
    assert waiting(bob, "as=guest&waiting_for=guest") == [booking]
    # Nothing waits any more once the hold has lapsed, though no worker has expired it yet.
    wait(stack, minutes=15)
    assert waiting(bob, "as=guest&waiting_for=guest") == []
    assert json_of(bob.get("/v1/bookings/counts?as=guest"))["waiting_for_you"] == 0
