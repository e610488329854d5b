"""A wish that is sent again happens once and gets the same answer."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.test import TestResponse

from tests.api.people import PASSWORD, PROPERTY, book, draft, host, listing, pay, register, stay
from tests.api.stack import Stack, json_of


def test_a_repeated_booking_gets_the_same_text_and_takes_no_more_nights(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob = register(shared, "bob")
    before = shared.count_events()

    first = bob.wish("/v1/bookings", stay(property_id), "key-1")
    again = bob.wish("/v1/bookings", stay(property_id), "key-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Lodger-Position"] == first.headers["Lodger-Position"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "position" not in first.text.lower()
    assert shared.count_events() == before + 1


def test_the_same_key_with_another_body_is_refused(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob = register(shared, "bob")
    bob.wish("/v1/bookings", stay(property_id), "key-1")

    other = bob.wish("/v1/bookings", stay(property_id, guests=3), "key-1")

    assert other.status_code == 422
    assert json_of(other)["type"] == "/problems/idempotency-key-reused"


def test_keys_of_different_people_and_routes_do_not_meet(shared: Stack) -> None:
    ada = host(shared)
    first, second = listing(ada), listing(ada)
    bob, eve = register(shared, "bob"), register(shared, "eve")

    assert bob.wish("/v1/bookings", stay(first), "same").status_code == 201
    assert eve.wish("/v1/bookings", stay(second), "same").status_code == 201
    booking_id = book(bob, first, "2031-07-01", "2031-07-03")
    assert bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}, "same").status_code == 201


def test_a_refusal_is_not_kept_and_is_decided_anew(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob, eve = register(shared, "bob"), register(shared, "eve")
    booking_id = book(eve, property_id)
    assert bob.wish("/v1/bookings", stay(property_id), "patient").status_code == 409

    eve.post(f"/v1/bookings/{booking_id}/cancel")

    assert bob.wish("/v1/bookings", stay(property_id), "patient").status_code == 201


def test_a_repeated_payment_is_one_payment_whatever_became_of_it(shared: Stack) -> None:
    bob = register(shared, "bob")
    booking_id = book(bob, listing(host(shared)))
    path, body = f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}

    first = bob.wish(path, body, "pay-1")
    shared.run_workers()
    again = bob.wish(path, body, "pay-1")

    assert first.status_code == 201
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert len(json_of(bob.get(path))["payments"]) == 1


def test_every_command_honours_a_key_though_it_is_not_required(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    me = ada.get("/v1/users/me").headers["ETag"]
    wishes: list[Callable[[], TestResponse]] = [
        lambda: ada.post("/v1/users/me/hosting", Idempotency_Key="k"),
        lambda: ada.patch("/v1/users/me", {"bio": "Hello."}, Idempotency_Key="k", If_Match=me),
        lambda: ada.post("/v1/properties", PROPERTY, Idempotency_Key="k"),
        lambda: ada.patch(f"/v1/properties/{property_id}", {"title": "New"}, Idempotency_Key="k", If_Match='"4"'),
        lambda: ada.post(f"/v1/properties/{property_id}/publish", Idempotency_Key="k"),
        lambda: ada.post(f"/v1/properties/{property_id}/unpublish", {}, Idempotency_Key="k"),
        lambda: ada.post(
            f"/v1/properties/{property_id}/blocks",
            {"from": "2031-08-01", "until": "2031-08-03"},
            Idempotency_Key="k",
        ),
    ]
    for wish in wishes:
        first, again = wish(), wish()
        assert first.status_code in (200, 201), first.text
        assert (again.status_code, again.data) == (first.status_code, first.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers.get("ETag") == first.headers.get("ETag")


def test_registering_again_with_the_key_is_the_same_account(shared: Stack) -> None:
    account = {"username": "again", "email": "again@example.org", "name": "Again", "password": PASSWORD}

    first = shared.anybody().post("/v1/users", account, Idempotency_Key="k")
    again = shared.anybody().post("/v1/users", account, Idempotency_Key="k")
    stranger = shared.anybody().post(
        "/v1/users", {**account, "username": "other", "email": "other@example.org"}, Idempotency_Key="k"
    )

    assert (first.status_code, stranger.status_code) == (201, 201)
    assert again.data == first.data


def test_a_freed_block_stays_freed_when_the_wish_is_repeated(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    nights = {"from": "2031-08-01", "until": "2031-08-03"}
    block_id = json_of(ada.post(f"/v1/properties/{property_id}/blocks", nights))["id"]
    path = f"/v1/properties/{property_id}/blocks?id={block_id}"

    assert ada.delete(path, Idempotency_Key="k").status_code == 204
    assert ada.delete(path, Idempotency_Key="k").headers["Idempotency-Replayed"] == "true"
    assert json_of(ada.delete(path))["type"] == "/problems/block-not-found"


def test_bookings_and_payments_need_a_key(shared: Stack) -> None:
    bob = register(shared, "bob")
    booking_id = book(bob, listing(host(shared)))
    for path, body in (("/v1/bookings", {}), (f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})):
        answer = bob.post(path, body)
        assert (answer.status_code, json_of(answer)["type"]) == (400, "/problems/idempotency-key-required")
    for key in ("", "a b", "x" * 201, "ü"):
        answer = bob.wish("/v1/bookings", {}, key) if key else bob.post("/v1/bookings", {}, Idempotency_Key="")
        assert answer.status_code in (400, 422), key


def test_a_confirmed_booking_answers_its_first_text_even_after_the_world_moved_on(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob = register(shared, "bob")
    first = bob.wish("/v1/bookings", stay(property_id), "moved-on")
    pay(bob, json_of(first)["id"])
    shared.run_workers()

    assert json_of(bob.get(first.headers["Location"]))["status"] == "confirmed"
    assert bob.wish("/v1/bookings", stay(property_id), "moved-on").data == first.data
