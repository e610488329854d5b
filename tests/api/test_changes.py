"""A client follows its own bookings and payments, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.people import book, host, listing, pay, register
from tests.api.stack import Client, Stack, json_of

pytestmark = pytest.mark.slow

Changes = list[dict[str, Any]]


def page(client: Client, after: str | None = None, limit: int = 100, **headers: str) -> dict[str, Any]:
    query = f"?limit={limit}" + ("" if after is None else f"&after={after}")
    answer = client.get(f"/v1/changes{query}", **headers)
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def everything(client: Client, limit: int = 100) -> Changes:
    """All pages, one after the other."""
    found: Changes = []
    answered = page(client, limit=limit)
    while answered["changes"]:
        found += answered["changes"]
        answered = page(client, answered["next"], limit)
    return found


def types(changes: Changes) -> list[str]:
    return [change["type"] for change in changes]


PAID = [
    *("booking.held", "payment.started", "payment.action_required", "payment.authorized", "payment.captured"),
    "booking.confirmed",
]


def test_guest_and_host_are_told_of_a_stay_from_hold_to_confirmation_in_its_order(shared: Stack) -> None:
    ada, bob, eve = host(shared), register(shared, "bob"), register(shared, "eve")
    booking_id = book(bob, listing(ada))
    payment_id = pay(bob, booking_id)
    shared.run_workers()
    as_guest, as_host = everything(bob), everything(ada)
    assert types(as_guest) == PAID
    assert as_host == as_guest
    assert everything(eve) == []
    held, started, *_, captured, confirmed = as_guest
    assert (held["booking"]["id"], held["booking"]["status"], held["payment"]) == (booking_id, "pending", None)
    assert (started["payment"]["id"], started["payment"]["status"], started["booking"]) == (payment_id, "pending", None)
    assert captured["payment"]["status"] == "paid"
    assert captured["payment"]["payment_date"] == captured["occurred_at"]
    assert confirmed["booking"]["status"] == "confirmed"
    history = json_of(bob.get(f"/v1/bookings/{booking_id}/history"))["events"]
    assert [held["occurred_at"], confirmed["occurred_at"]] == [history[0]["occurred_at"], history[-1]["occurred_at"]]


def test_a_change_says_what_was_the_case_then_however_much_has_happened_since(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada))
    shared.run_workers()
    before = everything(bob)
    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    shared.run_workers()
    assert everything(bob)[:1] == before
    assert [change["booking"]["status"] for change in everything(bob)] == ["pending", "cancelled"]


def test_what_has_no_place_in_a_change_is_not_in_it(shared: Stack) -> None:
    """A link to pay with, who somebody is, and what can be done at another time than this one."""
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada))
    pay(bob, booking_id)
    shared.run_workers()
    told = repr(everything(ada))
    for absent in ("/sandbox/", "next_action", "available_actions", "bob", "@example.org"):
        assert absent not in told


def test_a_booking_in_a_change_has_the_fields_of_one_in_a_list(shared: Stack) -> None:
    bob = register(shared, "bob")
    booking_id = book(bob, listing(host(shared)))
    shared.run_workers()
    (change,) = everything(bob)
    shown = json_of(bob.get(f"/v1/bookings/{booking_id}"))
    assert change["booking"].keys() < shown.keys()
    assert change["booking"] == {name: shown[name] for name in change["booking"]}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_of_any_size_hold_the_same_changes(shared: Stack, limit: int) -> None:
    bob = register(shared, "bob")
    pay(bob, book(bob, listing(host(shared))))
    shared.run_workers()
    assert types(everything(bob, limit)) == PAID


def test_there_is_more_until_the_last_page_and_the_cursor_stays_when_nothing_is_new(shared: Stack) -> None:
    bob = register(shared, "bob")
    property_id = listing(host(shared))
    book(bob, property_id, "2031-06-12", "2031-06-13")
    book(bob, property_id, "2031-06-13", "2031-06-14")
    shared.run_workers()
    first = page(bob, limit=1)
    second = page(bob, first["next"], limit=1)
    third = page(bob, second["next"], limit=1)
    assert [len(each["changes"]) for each in (first, second, third)] == [1, 1, 0]
    assert [each["more"] for each in (first, second, third)] == [True, False, False]
    assert third["next"] == second["next"]
    book(bob, property_id, "2031-06-14", "2031-06-15")
    shared.run_workers()
    assert types(page(bob, third["next"])["changes"]) == ["booking.held"]


def test_who_begins_now_is_told_of_nothing_before_and_everything_after(shared: Stack) -> None:
    bob = register(shared, "bob")
    property_id = listing(host(shared))
    book(bob, property_id, "2031-06-12", "2031-06-13")
    shared.run_workers()
    begun = page(bob, "now")
    assert (begun["changes"], begun["more"]) == ([], False)
    second = book(bob, property_id, "2031-06-13", "2031-06-14")
    shared.run_workers()
    assert [change["booking"]["id"] for change in page(bob, begun["next"])["changes"]] == [second]


def test_sent_the_position_of_a_command_it_waits_until_it_knows_of_it(shared: Stack) -> None:
    bob = register(shared, "bob")
    answer = bob.wish(
        "/v1/bookings",
        {"property": listing(host(shared)), "check_in": "2031-06-12", "check_out": "2031-06-13", "guests": 1},
    )
    position = answer.headers["Lodger-Position"]
    behind = bob.get("/v1/changes", Lodger_Position=position)
    assert (behind.status_code, json_of(behind)["type"]) == (503, "/problems/read-model-behind")
    shared.run_workers()
    assert types(page(bob, Lodger_Position=position)["changes"]) == ["booking.held"]


def test_a_cursor_that_was_altered_or_is_somebody_elses_is_refused(shared: Stack) -> None:
    bob, eve = register(shared, "bob"), register(shared, "eve")
    book(bob, listing(host(shared)))
    shared.run_workers()
    cursor = page(bob)["next"]
    head, claims, seal = cursor.split(".")
    altered = f"{head}.{claims[:-4]}{'AAAA' if claims[-4:] != 'AAAA' else 'BBBB'}.{seal}"
    of_a_list = json_of(bob.get("/v1/bookings?as=guest&limit=1"))["next_cursor"] or "x.y.z"
    for client, wrong in ((bob, altered), (eve, cursor), (bob, of_a_list), (bob, "nonsense"), (bob, "17")):
        answer = client.get(f"/v1/changes?after={wrong}")
        assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/cursor-invalid"), wrong
    assert bob.get("/v1/changes?limit=0").status_code == 422
    assert shared.anybody().get("/v1/changes").status_code == 401
