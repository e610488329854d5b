"""Scenes of accounts, properties and calendars."""

from __future__ import annotations

import itertools
from datetime import date

from werkzeug.test import TestResponse

from domain.calendar_sync import Entry
from tests.api.people import (
    PASSWORD,
    PROPERTY,
    draft,
    follow,
    host,
    listing,
    register,
)
from tests.api.refusals import scene
from tests.api.stack import Client, Stack, json_of

_numbers = itertools.count(1)


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


@scene("role_missing")
def no_operator(stack: Stack) -> TestResponse:
    return register(stack).get("/v1/operator/payments")


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
