"""Asking to be forgotten: by whom, with which proof, and what has to be over first."""

from __future__ import annotations

from uuid import UUID

import pytest

from application.streams import USER
from tests.api.people import PASSWORD, book, host, listing, pay, register, wait
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.erasure.forgetting import erase, settle, sweep_again


def is_erased(client: Client) -> bool:
    return client.stack.wired.lodger.load(USER, UUID(client.id)).state.is_erased


def obstacles(client: Client) -> list[tuple[str, str]]:
    """What is in the way."""
    client.stack.run_workers()
    asked = client.json("DELETE", "/v1/users/me", {"password": PASSWORD})
    assert asked.status_code == 409, asked.text
    problem = json_of(asked)
    assert problem["type"] == "/problems/erasure-blocked"
    assert not is_erased(client)
    return [(each["kind"], each["id"]) for each in problem["obstacles"]]


def test_who_asks_is_forgotten_signed_out_and_a_stranger_from_then_on(shared: Stack) -> None:
    bob = register(shared)
    erase(bob)
    assert is_erased(bob)
    assert bob.get("/v1/users/me").status_code in (401, 404)
    assert shared.anybody().get(f"/v1/users/{bob.id}").status_code == 404


def test_the_address_and_the_name_are_free_again(shared: Stack) -> None:
    bob = register(shared)
    me = json_of(bob.get("/v1/users/me"))
    erase(bob)
    again = {"username": me["username"], "email": me["email"], "name": "Somebody new", "password": PASSWORD}
    opened = shared.anybody().post("/v1/users", again)
    assert opened.status_code == 201
    assert json_of(opened)["id"] != bob.id


@pytest.mark.parametrize("body", [None, {}, {"password": "not the password"}])
def test_a_browser_left_open_erases_nobody(shared: Stack, body: object) -> None:
    bob = register(shared)
    assert bob.json("DELETE", "/v1/users/me", body).status_code == 401
    assert not is_erased(bob)


def test_whoever_has_no_password_logs_in_once_more(shared: Stack) -> None:
    bob = register(shared)
    with shared.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE people SET password_hash = NULL WHERE user_id = %s", [bob.id])
        cursor.execute(
            "UPDATE token_families SET created_at = created_at - interval '6 minutes' WHERE user_id = %s", [bob.id]
        )
        refused = bob.delete("/v1/users/me")
        assert (refused.status_code, json_of(refused)["type"]) == (403, "/problems/login-not-fresh")
        cursor.execute("UPDATE token_families SET created_at = clock_timestamp() WHERE user_id = %s", [bob.id])
    shared.run_workers()
    assert bob.delete("/v1/users/me").status_code == 202


def test_a_live_booking_is_in_the_way_of_both_its_sides(shared: Stack) -> None:
    ada, bob = host(shared), register(shared)
    booking = book(bob, listing(ada))
    assert obstacles(bob) == [("booking", booking)]
    assert obstacles(ada) == [("booking", booking)]


def test_money_on_its_way_is_in_the_way(stack: Stack) -> None:
    ada, bob = host(stack), register(stack)
    booking = book(bob, listing(ada))
    payment = json_of(bob.wish(f"/v1/bookings/{booking}/payments", {"payment_method": "card"}))["id"]
    assert ("payment", payment) in obstacles(bob)
    assert bob.post(f"/v1/bookings/{booking}/cancel").status_code == 200
    settle(stack)
    erase(bob)
    assert is_erased(bob)


def test_earnings_are_in_the_way_until_they_are_paid_out(stack: Stack) -> None:
    ada, bob = host(stack), register(stack)
    booking = book(bob, listing(ada))
    pay(bob, booking)
    settle(stack)
    assert obstacles(ada) == [("earning", booking), ("booking", booking)]


def test_an_operator_forgets_somebody_with_a_reason_that_is_kept(shared: Stack) -> None:
    bob = register(shared)
    shared.run_workers()
    operator = Client(shared, OPERATOR_TOKEN)
    asked = operator.post(f"/v1/operator/users/{bob.id}/erasure", {"reason": "By letter, ticket 4711."})
    assert asked.status_code == 202, asked.text
    settle(shared)
    assert is_erased(bob)
    (event,) = [e for e in shared.wired.lodger.read(UUID(bob.id)).in_order() if e.fact.TOPIC == "UserErased"]
    assert event.actor.reason == "By letter, ticket 4711."


def test_an_operator_cannot_forget_what_is_not_over(shared: Stack) -> None:
    bob = register(shared)
    book(bob, listing(host(shared)))
    shared.run_workers()
    asked = Client(shared, OPERATOR_TOKEN).post(f"/v1/operator/users/{bob.id}/erasure", {"reason": "ticket 4711"})
    assert asked.status_code == 409


def test_a_hold_that_nobody_paid_is_over_when_it_has_lapsed(stack: Stack) -> None:
    bob = register(stack)
    booking = book(bob, listing(host(stack)))
    assert obstacles(bob) == [("booking", booking)]
    wait(stack, minutes=15)
    assert obstacles(bob) == [("booking", booking)]  # until the workers have expired it


def test_forgetting_again_changes_nothing(stack: Stack) -> None:
    bob = register(stack)
    erase(bob)
    events = stack.count_events()
    sweep_again(stack)
    sweep_again(stack)
    assert stack.count_events() == events
    assert stack.count("SELECT sweeps FROM erasures") == 3


def test_whoever_is_suspended_or_has_closed_the_account_can_be_forgotten(shared: Stack) -> None:
    operator = Client(shared, OPERATOR_TOKEN)
    suspended, closed = register(shared), register(shared)
    assert operator.post(f"/v1/operator/users/{suspended.id}/suspend", {"reason": "ticket 1"}).status_code == 200
    assert closed.post("/v1/users/me/deactivation").status_code == 204
    for bob in (suspended, closed):
        shared.run_workers()
        asked = operator.post(f"/v1/operator/users/{bob.id}/erasure", {"reason": "ticket 2"})
        assert asked.status_code == 202, asked.text
        assert is_erased(bob)
