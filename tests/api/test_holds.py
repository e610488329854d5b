"""Nights over HTTP: what touches, what overlaps, and what time does to a hold when no worker ever runs."""

from __future__ import annotations

from tests.api.people import book, host, listing, pay, register, stay, wait
from tests.api.stack import Stack, json_of


def test_back_to_back_stays_both_succeed(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob = register(shared, "bob")
    book(bob, property_id, "2031-06-12", "2031-06-15")
    book(bob, property_id, "2031-06-15", "2031-06-17")
    book(bob, property_id, "2031-06-10", "2031-06-12")


def test_blocks_overlap_each_other_and_never_a_stay(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    path = f"/v1/properties/{property_id}/blocks"
    assert ada.post(path, {"from": "2031-07-01", "until": "2031-07-05"}).status_code == 201
    assert ada.post(path, {"from": "2031-07-03", "until": "2031-07-08"}).status_code == 201
    book(register(shared), property_id, "2031-07-08", "2031-07-10")

    over_a_stay = ada.post(path, {"from": "2031-07-09", "until": "2031-07-12"})
    over_a_block = register(shared).wish("/v1/bookings", stay(property_id, "2031-07-07", "2031-07-08"))

    assert json_of(over_a_stay)["type"] == "/problems/nights-taken"
    assert json_of(over_a_block)["type"] == "/problems/nights-taken"


def test_with_the_workers_off_a_lapsed_hold_does_not_stop_a_rival(stack: Stack) -> None:
    property_id = listing(host(stack))
    bob, eve = register(stack, "bob"), register(stack, "eve")
    bobs = book(bob, property_id)
    assert eve.wish("/v1/bookings", stay(property_id)).status_code == 409

    wait(stack, minutes=15)
    lapsed = json_of(bob.get(f"/v1/bookings/{bobs}"))
    assert (lapsed["status"], lapsed["available_actions"]) == ("pending", [])

    eves = book(eve, property_id)

    assert json_of(bob.get(f"/v1/bookings/{bobs}"))["status"] == "expired"
    assert json_of(eve.get(f"/v1/bookings/{eves}"))["status"] == "pending"


def test_a_signed_quote_books_at_its_price_though_the_host_changed_it_since(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    quote = json_of(shared.anybody().post("/v1/quotes", stay(property_id)))
    path = f"/v1/properties/{property_id}"
    dearer = {"price_per_night": {"amount": "500.00", "currency": "USD"}}
    assert ada.patch(path, dearer, If_Match=ada.get(path).headers["ETag"]).status_code == 200

    booked = json_of(register(shared).wish("/v1/bookings", {**stay(property_id), "quote": quote["quote"]}))
    now = json_of(shared.anybody().post("/v1/quotes", stay(property_id)))

    assert booked["total_price"]["amount"] == quote["total_price"]["amount"] == "336.00"
    # three nights at 500.00 and 12% of it
    assert (now["total_price"]["amount"], now["available"]) == ("1680.00", False)


def test_the_calendar_shows_everybody_what_is_free_and_the_host_who_has_the_rest(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada, pricing={"weekend_price": {"amount": "120.00", "currency": "USD"}})
    booking_id = book(register(shared), property_id, "2031-06-12", "2031-06-14")
    block = ada.post(f"/v1/properties/{property_id}/blocks", {"from": "2031-06-14", "until": "2031-06-15"})
    path = f"/v1/properties/{property_id}/calendar?from=2031-06-11&to=2031-06-16"

    shown = json_of(shared.anybody().get(path))
    hosts = json_of(ada.get(path))

    # the 13th is a Friday, the 14th a Saturday
    assert [(night["date"], night["available"], night["price_per_night"]["amount"]) for night in shown["nights"]] == [
        ("2031-06-11", True, "100.00"),
        ("2031-06-12", False, "100.00"),
        ("2031-06-13", False, "120.00"),
        ("2031-06-14", False, "120.00"),
        ("2031-06-15", True, "100.00"),
    ]
    assert [night["reasons"] for night in shown["nights"]] == [None] * 5
    held = [{"kind": "hold", "id": booking_id, "feed": None}]
    blocked = [{"kind": "block", "id": json_of(block)["id"], "feed": None}]
    assert [night["reasons"] for night in hosts["nights"]] == [[], held, held, blocked, []]
    assert json_of(ada.get(block.headers["Location"]))["nights"][0]["available"] is False


def test_money_that_comes_after_the_hold_lapsed_and_a_rival_booked_goes_back(stack: Stack) -> None:
    property_id = listing(host(stack))
    bob, eve = register(stack, "bob"), register(stack, "eve")
    bobs = book(bob, property_id)
    started = json_of(
        bob.wish(f"/v1/bookings/{bobs}/payments", {"payment_method": "mobile_money", "phone": "+256772123456"})
    )
    wait(stack, minutes=15)
    eves = book(eve, property_id)
    page = started["next_action"]["url"]

    bob.raw("POST", page[page.index("/sandbox/") :], b"answer=approve", "application/x-www-form-urlencoded")
    pay(eve, eves)
    stack.run_workers()

    assert json_of(bob.get(f"/v1/payments/{started['id']}"))["status"] == "refunded"
    assert json_of(eve.get(f"/v1/bookings/{eves}"))["status"] == "confirmed"
