"""Scenes of quotes, bookings, payments, messages and the clock."""

from __future__ import annotations

from werkzeug.test import TestResponse

from domain.policies import MESSAGES_PER_HOUR, PAYMENT_ATTEMPTS_MAX
from tests.api.people import (
    CHECK_IN,
    CHECK_OUT,
    book,
    host,
    listing,
    pay,
    register,
    stay,
    wait,
)
from tests.api.refusals import scene
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of


@scene("property_not_listed")
def book_what_is_offered_no_more(stack: Stack) -> TestResponse:
    ada = host(stack)
    property_id = listing(ada)
    assert ada.post(f"/v1/properties/{property_id}/unpublish").status_code == 200
    return register(stack).wish("/v1/bookings", stay(property_id))


@scene("own_property")
def book_ones_own(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.wish("/v1/bookings", stay(listing(ada)))


@scene("nights_taken")
def book_what_is_taken(stack: Stack) -> TestResponse:
    property_id = listing(host(stack))
    book(register(stack), property_id)
    answer = register(stack).wish("/v1/bookings", stay(property_id, "2031-06-14", "2031-06-16"))
    assert json_of(answer)["nights"] == [{"from": CHECK_IN, "until": CHECK_OUT}]
    return answer


@scene("stay_in_past")
def book_yesterday(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", stay(listing(host(stack)), "2031-05-31", "2031-06-03"))


@scene("stay_reversed")
def book_backwards(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", stay(listing(host(stack)), CHECK_OUT, CHECK_IN))


@scene("stay_beyond_horizon")
def book_too_far_ahead(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", stay(listing(host(stack)), "2033-05-30", "2033-06-02"))


@scene("stay_too_long")
def book_longer_than_the_host_likes(stack: Stack) -> TestResponse:
    property_id = listing(host(stack), house_rules={"maximum_nights": 2})
    return register(stack).wish("/v1/bookings", stay(property_id))


@scene("stay_too_short")
def book_shorter_than_the_host_likes(stack: Stack) -> TestResponse:
    property_id = listing(host(stack), house_rules={"minimum_nights": 4})
    return register(stack).wish("/v1/bookings", stay(property_id))


@scene("notice_too_short")
def book_too_soon(stack: Stack) -> TestResponse:
    property_id = listing(host(stack), house_rules={"advance_notice_days": 30})
    return register(stack).wish("/v1/bookings", stay(property_id))


@scene("too_many_guests")
def book_for_a_crowd(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", stay(listing(host(stack)), guests=5))


@scene("quote_invalid")
def book_at_a_made_up_quote(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", {**stay(listing(host(stack))), "quote": "a.b.c"})


@scene("quote_mismatch")
def book_another_stay_than_quoted(stack: Stack) -> TestResponse:
    property_id = listing(host(stack))
    quote = json_of(stack.anybody().post("/v1/quotes", stay(property_id)))["quote"]
    return register(stack).wish("/v1/bookings", {**stay(property_id, guests=3), "quote": quote})


@scene("quote_expired")
def book_at_an_old_quote(stack: Stack) -> TestResponse:
    property_id = listing(host(stack))
    quote = json_of(stack.anybody().post("/v1/quotes", stay(property_id)))["quote"]
    wait(stack, minutes=30)
    return register(stack).wish("/v1/bookings", {**stay(property_id), "quote": quote})


@scene("booking_not_found")
def foreign_booking(stack: Stack) -> TestResponse:
    booking_id = book(register(stack), listing(host(stack)))
    return register(stack).get(f"/v1/bookings/{booking_id}")


@scene("booking_not_cancellable")
def cancel_twice(stack: Stack) -> TestResponse:
    bob = register(stack)
    path = f"/v1/bookings/{book(bob, listing(host(stack)))}/cancel"
    assert bob.post(path).status_code == 200
    return bob.post(path)


@scene("booking_not_payable")
def pay_after_the_hold(stack: Stack) -> TestResponse:
    bob = register(stack)
    booking_id = book(bob, listing(host(stack)))
    wait(stack, minutes=15)
    return bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})


@scene("guest_required")
def host_pays(stack: Stack) -> TestResponse:
    ada = host(stack)
    booking_id = book(register(stack), listing(ada))
    return ada.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})


@scene("payment_in_progress")
def pay_twice_at_once(stack: Stack) -> TestResponse:
    bob = register(stack)
    path = f"/v1/bookings/{book(bob, listing(host(stack)))}/payments"
    assert bob.wish(path, {"payment_method": "card"}).status_code == 201
    return bob.wish(path, {"payment_method": "card"})


@scene("too_many_attempts")
def pay_too_often(stack: Stack) -> TestResponse:
    bob = register(stack)
    booking_id = book(bob, listing(host(stack)))
    for _ in range(PAYMENT_ATTEMPTS_MAX):
        pay(bob, booking_id, "decline")
    return bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})


@scene("payment_not_found")
def no_such_payment(stack: Stack) -> TestResponse:
    return register(stack).get("/v1/payments/01900000-0000-7000-8000-000000000000")


@scene("too_many_messages")
def write_without_end(stack: Stack) -> TestResponse:
    bob = register(stack)
    path = f"/v1/bookings/{book(bob, listing(host(stack)))}/messages"
    for _ in range(MESSAGES_PER_HOUR):
        assert bob.wish(path, {"text": "Hello?"}).status_code == 201
    return bob.wish(path, {"text": "Hello?"})


@scene("cursor_invalid")
def cursor_of_another_query(stack: Stack) -> TestResponse:
    ada = host(stack)
    listing(ada)
    listing(ada)
    stack.run_workers()
    cursor = json_of(stack.anybody().get("/v1/properties?limit=1"))["next_cursor"]
    return stack.anybody().get(f"/v1/properties?limit=1&guests=2&cursor={cursor}")


@scene("clock_backwards")
def turn_back_time(stack: Stack) -> TestResponse:
    return Client(stack, OPERATOR_TOKEN).post("/v1/operator/clock", {"now": "2031-05-01T00:00:00Z"})
