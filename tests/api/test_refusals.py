"""Each refusal that HTTP can meet, met: the status and the type of its problem."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.problems import STATUS_OF
from domain.calendar_sync import Entry
from domain.policies import MESSAGES_PER_HOUR, PAYMENT_ATTEMPTS_MAX
from tests.api.people import (
    CHECK_IN,
    CHECK_OUT,
    PASSWORD,
    PROPERTY,
    book,
    draft,
    follow,
    host,
    listing,
    pay,
    register,
    stay,
    wait,
)
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

_numbers = itertools.count(1)
Scene = Callable[[Stack], TestResponse]
SCENES: dict[str, Scene] = {}
ELSEWHERE = {
    "bad_request": "test_server (framing) and webargs' leftovers",
    "busy": "needs four lost races in a row",
    "content_too_large": "test_server",
    "cursor_expired": "like quote_expired: the same signer",
    "internal_error": "test_problems",
    "json_malformed": "test_bad_input",
    "market_unlike": "imports only",
    "method_not_allowed": "test_problems",
    "not_acceptable": "test_problems",
    "not_found": "test_problems",
    "position_malformed": "test_reading_own_writes",
    "property_exists": "ids are made here and never twice",
    "provider_unavailable": "the sandbox never is",
    "read_model_behind": "test_reading_own_writes",
    "refund_exceeds_capture": "no request names an amount to refund",
    "refund_negative": "no request names an amount to refund",
    "request_in_flight": "test_operations",
    "snapshot_older": "imports only",
    "source_differs": "imports only",
    "too_many_blocks": "two thousand requests; test in domain",
    "unavailable": "test_problems",
    "unsupported_media_type": "test_problems",
    **dict.fromkeys(
        (
            "too_many_webhook_endpoints webhook_delivery_not_found webhook_endpoint_exists webhook_endpoint_not_found "
            "webhook_url_refused"
        ).split(),
        "tests/webhooks/test_endpoints",
    ),
    "currency_foreign": "test_bad_stays",
    "currency_mixed": "test_bad_input",
    "amount_malformed": "in a body the schema is first; in a search see test_bad_input",
    "not_ready": "test_operations",
    "payment_method_unavailable": "tests/application/test_stay.py: the sandbox takes every kind",
    "preview_in_past": "test_cancellation_preview",
    "price_out_of_range": "test_bad_input",
    "stay_empty": "test_bad_stays",
    "stay_over_limit": "test_bad_stays",
    "zone_unknown": "test_bad_input",
    "bbox_malformed": "test_bad_input",
    "range_not_shown": "test_bad_input",
    "idempotency_key_malformed": "test_idempotency",
    "idempotency_key_required": "test_idempotency",
    "idempotency_key_reused": "test_idempotency",
    **dict.fromkeys(
        (
            "alteration_too_late booking_not_acceptable booking_not_alterable booking_not_declinable "
            "booking_not_missed nothing_altered"
        ).split(),
        "test_life_cycle",
    ),
    **dict.fromkeys(
        (
            "advance_notice_out_of_range coordinates_out_of_range currency_unknown discount_out_of_range "
            "fee_out_of_range guests_included_out_of_range guests_out_of_range rooms_out_of_range tax_out_of_range "
            "too_many_amenities too_many_overrides"
        ).split(),
        "the schema is first: validation_failed",
    ),
}


def scene(code: str) -> Callable[[Scene], Scene]:
    def remember(play: Scene) -> Scene:
        SCENES[code] = play
        return play

    return remember


def account(**changes: str) -> dict[str, str]:
    number = next(_numbers)
    fresh = {"username": f"new{number}", "email": f"new{number}@example.org", "name": "New", "password": PASSWORD}
    return {**fresh, **changes}


@scene("token_required")
def no_token(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/users/me")


@scene("token_invalid")
def wrong_token(stack: Stack) -> TestResponse:
    return Client(stack, "not.a.token").get("/v1/users/me")


@scene("credentials_wrong")
def wrong_password(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/auth/tokens", {"email": "nobody@example.org", "password": PASSWORD})


@scene("email_taken")
def same_address(stack: Stack) -> TestResponse:
    email = register(stack).user["email"].upper()
    return stack.anybody().post("/v1/users", account(email=email))


@scene("username_taken")
def same_username(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/users", account(username=register(stack).user["username"]))


@scene("email_malformed")
def no_address(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/users", account(email="not an address"))


@scene("username_malformed")
def no_username(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/users", account(username="not a name"))


@scene("validation_failed")
def unknown_field(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/users", account(is_host="true"))


@scene("user_not_found")
def nobody(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/users/01900000-0000-7000-8000-000000000000")


@scene("host_required")
def guest_lists(stack: Stack) -> TestResponse:
    return register(stack).post("/v1/properties", PROPERTY)


@scene("title_blank")
def blank_title(stack: Stack) -> TestResponse:
    return host(stack).post("/v1/properties", {"title": "  "})


@scene("price_required")
def fees_without_a_price(stack: Stack) -> TestResponse:
    return host(stack).post("/v1/properties", {"title": "No price", "pricing": {"guests_included": 2}})


@scene("override_reversed")
def reversed_override(stack: Stack) -> TestResponse:
    override = {"from": "2031-07-02", "until": "2031-07-01", "price_per_night": PROPERTY["price_per_night"]}
    return host(stack).post("/v1/properties", {**PROPERTY, "pricing": {"overrides": [override]}})


@scene("nights_rule_impossible")
def impossible_rule(stack: Stack) -> TestResponse:
    rules = {"minimum_nights": 5, "maximum_nights": 2}
    return host(stack).post("/v1/properties", {**PROPERTY, "house_rules": rules})


@scene("property_not_found")
def foreign_draft(stack: Stack) -> TestResponse:
    return register(stack).get(f"/v1/properties/{draft(host(stack))}")


@scene("property_incomplete")
def publish_a_title(stack: Stack) -> TestResponse:
    ada = host(stack)
    property_id = json_of(ada.post("/v1/properties", {"title": "Only this"}))["id"]
    answer = ada.post(f"/v1/properties/{property_id}/publish")
    assert json_of(answer)["missing"] == ["location", "price_per_night"]
    return answer


@scene("precondition_required")
def change_blindly(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.patch(f"/v1/properties/{draft(ada)}", {"title": "New"})


@scene("revision_stale")
def change_an_old_version(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.patch(f"/v1/properties/{draft(ada)}", {"title": "New"}, If_Match='"1"')


@scene("currency_fixed")
def change_the_currency(stack: Stack) -> TestResponse:
    ada = host(stack)
    path = f"/v1/properties/{draft(ada)}"
    euros = {"price_per_night": {"amount": "90.00", "currency": "EUR"}}
    return ada.patch(path, euros, If_Match=ada.get(path).headers["ETag"])


@scene("block_reversed")
def reversed_block(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.post(f"/v1/properties/{draft(ada)}/blocks", {"from": "2031-07-02", "until": "2031-07-01"})


@scene("block_too_long")
def long_block(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.post(f"/v1/properties/{draft(ada)}/blocks", {"from": "2031-07-02", "until": "2032-07-02"})


@scene("block_not_found")
def unblock_nothing(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.delete(f"/v1/properties/{draft(ada)}/blocks?id=01900000-0000-7000-8000-000000000000")


@scene("block_follows_calendar")
def unblock_what_a_calendar_says(stack: Stack) -> TestResponse:
    ada = host(stack)
    property_id = listing(ada)
    follow(stack, ada, property_id, Entry("a", date(2031, 7, 1), date(2031, 7, 3)))
    night = json_of(ada.get(f"/v1/properties/{property_id}/calendar?from=2031-07-01&to=2031-07-02"))["nights"][0]
    return ada.delete(f"/v1/properties/{property_id}/blocks?id={night['reasons'][0]['id']}")


@scene("calendar_not_found")
def no_such_calendar(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/calendars/guessed.ics")


@scene("conflict_not_found")
def dismiss_nothing(stack: Stack) -> TestResponse:
    ada = host(stack)
    path = f"/v1/properties/{draft(ada)}/calendar-conflicts/01900000-0000-7000-8000-000000000000/dismiss"
    return ada.post(path)


@scene("feed_not_found")
def unlink_nothing(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.delete(f"/v1/properties/{draft(ada)}/calendar-feeds/01900000-0000-7000-8000-000000000000")


@scene("feed_address_refused")
def link_a_file(stack: Stack) -> TestResponse:
    ada = host(stack)
    return ada.post(f"/v1/properties/{draft(ada)}/calendar-feeds", {"name": "Mine", "url": "file:///etc/passwd"})


@scene("too_many_feeds")
def link_eleven_calendars(stack: Stack) -> TestResponse:
    ada = host(stack)
    path = f"/v1/properties/{draft(ada)}/calendar-feeds"
    wanted = {"name": "Airbnb", "url": "https://calendars.example/1.ics"}
    assert {ada.post(path, wanted).status_code for _ in range(10)} == {201}
    return ada.post(path, wanted)


@scene("property_not_listed")
def book_a_draft(stack: Stack) -> TestResponse:
    return register(stack).wish("/v1/bookings", stay(draft(host(stack))))


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


@pytest.mark.parametrize("code", SCENES)
def test_the_refusal_is_met(shared: Stack, code: str) -> None:
    answer = SCENES[code](shared)
    assert json_of(answer)["type"] == f"/problems/{code.replace('_', '-')}", answer.text
    assert answer.status_code == STATUS_OF[code]
    assert answer.mimetype == "application/problem+json"
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)


def test_every_other_code_is_met_elsewhere_or_cannot_be() -> None:
    assert SCENES.keys() | ELSEWHERE.keys() == STATUS_OF.keys()
    assert not SCENES.keys() & ELSEWHERE.keys()


def test_guests_only_see_their_own_side_of_others_things(shared: Stack) -> None:
    """Foreign ids answer 404, as if there were nothing."""
    ada, bob, eve = host(shared), register(shared), register(shared)
    property_id = listing(ada)
    booking_id = book(bob, property_id)
    payment_id = pay(bob, booking_id)
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/v1/bookings/{booking_id}", None),
        ("GET", f"/v1/bookings/{booking_id}/history", None),
        ("GET", f"/v1/bookings/{booking_id}/payments", None),
        ("GET", f"/v1/payments/{payment_id}", None),
        ("POST", f"/v1/bookings/{booking_id}/cancel", None),
        ("POST", f"/v1/bookings/{booking_id}/messages", {"text": "Hello?"}),
        ("GET", f"/v1/bookings/{booking_id}/messages", None),
        ("PUT", f"/v1/bookings/{booking_id}/messages/read", {"upto": 1}),
        ("POST", f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"}),
        ("POST", f"/v1/properties/{property_id}/publish", None),
        ("POST", f"/v1/properties/{property_id}/unpublish", None),
        ("POST", f"/v1/properties/{property_id}/blocks", {"from": "2031-07-02", "until": "2031-07-03"}),
        ("DELETE", f"/v1/properties/{property_id}/blocks?id={booking_id}", None),
    ]
    before = shared.count_events()
    for method, path, body in asked:
        answer = eve.raw(method, path, json.dumps(body).encode() if body else b"", Idempotency_Key="k")
        assert answer.status_code == 404, (method, path, answer.text)
    assert eve.patch(f"/v1/properties/{property_id}", {"title": "Mine"}, If_Match='"5"').status_code == 404
    assert shared.count_events() == before
