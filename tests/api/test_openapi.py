"""The description is of this API, its examples run, and its pages load nothing from elsewhere."""

from __future__ import annotations

import json
import re
from time import time
from typing import Any

import pyotp
import pytest

from tests.api.people import PASSWORD, book, host, listing, register, verify
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of, running
from tests.reviews.stays import stay_over

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def description(shared: Stack) -> dict[str, Any]:
    return json_of(shared.anybody().get("/openapi.json"))


def operations(description: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": each[method]
        for path, each in description["paths"].items()
        for method in METHODS
        if method in each
    }


ROUTES = """
POST /v1/users
GET /v1/users/me
PATCH /v1/users/me
POST /v1/users/me/hosting
GET /v1/users/me/properties
GET /v1/users/me/export
DELETE /v1/users/me
GET /v1/users/{user_id}
POST /v1/users/me/deactivation
PUT /v1/users/me/password
POST /v1/auth/tokens
GET /v1/auth/oidc/login
GET /v1/auth/oidc/callback
GET /v1/auth/tokens
DELETE /v1/auth/tokens
DELETE /v1/auth/tokens/{login_id}
POST /v1/auth/tokens/refresh
POST /v1/auth/reactivation
POST /v1/auth/email-verification
POST /v1/auth/email-verification/requests
POST /v1/auth/password-reset
POST /v1/auth/password-reset/requests
POST /v1/properties
GET /v1/properties
GET /v1/properties/{property_id}
PATCH /v1/properties/{property_id}
POST /v1/properties/{property_id}/publish
POST /v1/properties/{property_id}/unpublish
GET /v1/properties/{property_id}/calendar
POST /v1/properties/{property_id}/blocks
DELETE /v1/properties/{property_id}/blocks
GET /v1/properties/{property_id}/calendar-feeds
POST /v1/properties/{property_id}/calendar-feeds
DELETE /v1/properties/{property_id}/calendar-feeds/{feed_id}
POST /v1/properties/{property_id}/calendar-feeds/{feed_id}/sync
POST /v1/properties/{property_id}/calendar-conflicts/{conflict_id}/dismiss
POST /v1/properties/{property_id}/calendar-address
DELETE /v1/properties/{property_id}/calendar-address
GET /v1/calendars/{token}.ics
POST /v1/quotes
POST /v1/bookings
GET /v1/bookings
GET /v1/bookings/counts
GET /v1/bookings/{booking_id}
POST /v1/bookings/{booking_id}/cancel
POST /v1/bookings/{booking_id}/accept
POST /v1/bookings/{booking_id}/decline
POST /v1/bookings/{booking_id}/no-show
POST /v1/bookings/{booking_id}/alter
GET /v1/bookings/{booking_id}/alteration-preview
GET /v1/bookings/{booking_id}/cancellation-preview
GET /v1/bookings/{booking_id}/history
POST /v1/bookings/{booking_id}/messages
GET /v1/bookings/{booking_id}/messages
POST /v1/bookings/{booking_id}/reviews
GET /v1/bookings/{booking_id}/reviews
POST /v1/reviews/{review_id}/reply
GET /v1/reviews/{review_id}
GET /v1/properties/{property_id}/reviews
GET /v1/users/{user_id}/reviews
POST /v1/operator/reviews/{review_id}/remove
POST /v1/properties/{property_id}/photos
PUT /v1/properties/{property_id}/photos
PUT /v1/users/me/photo
DELETE /v1/users/me/photo
GET /v1/photos/{photo_id}/{size}.jpg
PUT /v1/bookings/{booking_id}/messages/read
POST /v1/bookings/{booking_id}/payments
GET /v1/bookings/{booking_id}/payments
GET /v1/payments/{payment_id}
GET /v1/me/statement
GET /v1/me/host-account
GET /v1/me/earnings
GET /v1/me/payouts
GET /v1/me/payout-destination
PUT /v1/me/payout-destination
GET /v1/bookings/{booking_id}/statement
GET /v1/operator/ledger
GET /v1/analytics/performance
GET /v1/analytics/revenue
GET /v1/analytics/cancellations
GET /v1/analytics/stays
GET /v1/audit/events
GET /v1/audit/events/{position}
GET /v1/audit/reads
GET /v1/audit/streams/{stream_id}
GET /v1/audit/bookings/{booking_id}/timeline
GET /v1/audit/bundle
POST /v1/webhooks/{provider}
PUT /v1/webhooks/{provider}
GET /v1/changes
POST /v1/webhook-endpoints
GET /v1/webhook-endpoints
GET /v1/webhook-endpoints/{endpoint_id}
PATCH /v1/webhook-endpoints/{endpoint_id}
DELETE /v1/webhook-endpoints/{endpoint_id}
POST /v1/webhook-endpoints/{endpoint_id}/secret
GET /v1/webhook-endpoints/{endpoint_id}/deliveries
POST /v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay
POST /v1/webhook-endpoints/{endpoint_id}/replay
POST /v1/sessions
GET /v1/sessions
DELETE /v1/sessions
GET /v1/sessions/current
DELETE /v1/sessions/current
DELETE /v1/sessions/{session_id}
GET /v1/users/me/second-factor
POST /v1/users/me/second-factor
POST /v1/users/me/second-factor/confirm
POST /v1/users/me/second-factor/recovery-codes
POST /v1/users/me/second-factor/disable
POST /v1/api-keys
GET /v1/api-keys
GET /v1/api-keys/{key_id}
POST /v1/api-keys/{key_id}/roll
DELETE /v1/api-keys/{key_id}
GET /v1/notifications
PUT /v1/notifications/read
GET /v1/users/me/notification-preferences
PUT /v1/users/me/notification-preferences
GET /v1/log/checkpoints
GET /v1/log/checkpoints/latest
GET /v1/log/checkpoints/{size}
GET /v1/log/keys
GET /v1/log/proofs/{position}
GET /v1/log/consistency
GET /healthz
GET /readyz
POST /v1/operator/bookings/{booking_id}/cancel
GET /v1/operator/hosts/{host_id}/account
POST /v1/operator/hosts/{host_id}/payout-holds
POST /v1/operator/hosts/{host_id}/payout-holds/{hold_id}/lift
POST /v1/operator/hosts/{host_id}/charges
POST /v1/operator/hosts/{host_id}/payouts/{payout_id}/retry
GET /v1/operator/payments
GET /v1/operator/payments/{payment_id}
POST /v1/operator/payments/{payment_id}/contradictions/{contradiction}/resolve
POST /v1/operator/payments/{payment_id}/refunds/{refund_id}/retry
POST /v1/operator/payments/{payment_id}/ask
GET /v1/operator/unknown-webhooks
POST /v1/operator/users/look-up
GET /v1/operator/users/{user_id}
POST /v1/operator/users/{user_id}/grant-role
POST /v1/operator/users/{user_id}/revoke-role
POST /v1/operator/users/{user_id}/disable-second-factor
POST /v1/operator/users/{user_id}/suspend
POST /v1/operator/users/{user_id}/erasure
POST /v1/operator/users/{user_id}/reinstate
POST /v1/operator/clock
"""


LOGINS = ("/v1/auth/", "POST /v1/sessions")
"""Whoever calls these is nobody yet, and may still not be who they say."""


def test_it_is_openapi_3_1_of_exactly_these_operations(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    assert operations(description).keys() == set(ROUTES.strip().splitlines())


def test_every_operation_says_what_it_is_and_which_problems_it_answers(description: dict[str, Any]) -> None:
    responses = description["components"]["responses"]
    for name, operation in operations(description).items():
        assert operation["summary"].endswith("."), name
        errors = {status: each for status, each in operation["responses"].items() if status[0] in "45d"}
        assert errors.keys() >= {"400", "406", "500", "503", "default"}, name
        for status, each in errors.items():
            content = responses[each["$ref"].rpartition("/")[2]]["content"]
            assert content.keys() == {"application/problem+json"}, (name, status)
        assert ("401" in operation["responses"]) == (operation["security"] != []) or any(
            each in name for each in LOGINS
        ), name


def test_nothing_is_said_of_what_production_does_not_have(database_url: str) -> None:
    with running(database_url, LODGER_SANDBOX="false", LODGER_CLOCK="system") as stack:
        assert "/v1/operator/clock" not in json_of(stack.anybody().get("/openapi.json"))["paths"]
        assert stack.anybody().post("/v1/operator/clock", {}).status_code == 404
        assert stack.anybody().get("/sandbox/payments/x").status_code == 404


def test_cookies_are_described_and_what_they_need_to_change_something(description: dict[str, Any]) -> None:
    schemes = description["components"]["securitySchemes"]
    assert {**schemes["session"], "description": ""} == {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-lodger_session",
        "description": "",
    }
    assert (schemes["csrf_token"]["in"], schemes["csrf_token"]["name"]) == ("header", "X-CSRF-Token")
    for name, operation in operations(description).items():
        by_session = [way for way in operation["security"] if "session" in way]
        wanted = {"session"} if name.startswith("GET ") else {"session", "csrf_token"}
        assert [way.keys() for way in by_session] == ([wanted] if operation["security"] else []), name
        assert "403" in operation["responses"] or "csrf_token" not in wanted or not by_session, name


def test_the_examples_run(database_url: str, redis_url: str) -> None:
    with running(database_url, LODGER_CLOCK="2027-06-01T12:00:00Z", REDIS_URL=redis_url) as stack:
        described = operations(json_of(stack.anybody().get("/openapi.json")))
        examples = {
            name: each["requestBody"]["content"]["application/json"]["example"]
            for name, each in described.items()
            if "example" in each.get("requestBody", {}).get("content", {}).get("application/json", {})
        }
        registered = stack.anybody().post("/v1/users", examples.pop("POST /v1/users"))
        assert registered.status_code == 201
        token = stack.anybody().post("/v1/auth/tokens", examples.pop("POST /v1/auth/tokens"))
        ada = Client(stack, json_of(token)["access_token"], json_of(registered))
        assert stack.anybody().post("/v1/sessions", examples.pop("POST /v1/sessions")).status_code == 201
        for asked in ("email-verification/requests", "password-reset/requests", "reactivation"):
            answered = stack.anybody().post(f"/v1/auth/{asked}", examples.pop(f"POST /v1/auth/{asked}"))
            assert answered.status_code in (202, 204)
        verify(stack, ada)
        assert ada.patch("/v1/users/me", examples.pop("PATCH /v1/users/me"), If_Match='"1"').status_code == 200
        ada.post("/v1/users/me/hosting")
        created = ada.post("/v1/properties", examples.pop("POST /v1/properties"))
        path = created.headers["Location"]
        change = examples.pop("PATCH /v1/properties/{property_id}")
        assert ada.patch(path, change, If_Match=created.headers["ETag"]).status_code == 200
        assert ada.post(f"{path}/publish").status_code == 200
        nights = examples.pop("POST /v1/properties/{property_id}/blocks")
        assert ada.post(f"{path}/blocks", nights).status_code == 201
        calendar = examples.pop("POST /v1/properties/{property_id}/calendar-feeds")
        assert ada.post(f"{path}/calendar-feeds", calendar).status_code == 201
        bob = register(stack, "bob")
        wanted = {"property": json_of(created)["id"]}
        assert stack.anybody().post("/v1/quotes", examples.pop("POST /v1/quotes") | wanted).status_code == 200
        booked = bob.wish("/v1/bookings", examples.pop("POST /v1/bookings") | wanted)
        assert booked.status_code == 201
        booking = booked.headers["Location"]
        message = examples.pop("POST /v1/bookings/{booking_id}/messages")
        assert bob.wish(f"{booking}/messages", message).status_code == 201
        for operation, path in [
            ("PUT /v1/bookings/{booking_id}/messages/read", f"{booking}/messages/read"),
            ("PUT /v1/notifications/read", "/v1/notifications/read"),
            ("PUT /v1/users/me/notification-preferences", "/v1/users/me/notification-preferences"),
            ("PUT /v1/me/payout-destination", "/v1/me/payout-destination"),
        ]:
            assert ada.raw("PUT", path, json.dumps(examples.pop(operation)).encode()).status_code == 200
        payment = examples.pop("POST /v1/bookings/{booking_id}/payments")
        started = json_of(bob.wish(f"{booking}/payments", payment))
        page = started["next_action"]["url"]
        page = page[page.index("/sandbox/") :]
        for said in (b"approve", b"refuse_refunds", b"deny"):
            bob.raw("POST", page, b"answer=" + said, "application/x-www-form-urlencoded")
            stack.run_workers()
        alter = examples.pop("POST /v1/bookings/{booking_id}/alter")
        assert bob.post(f"{booking}/alter", alter).status_code == 200
        cancel = examples.pop("POST /v1/bookings/{booking_id}/cancel")
        assert bob.post(f"{booking}/cancel", cancel).status_code == 200
        stack.run_workers()
        operator = Client(stack, OPERATOR_TOKEN)
        (refund,) = json_of(operator.get(f"/v1/operator/payments/{started['id']}"))["refunds"]
        which = {"payment_id": started["id"], "contradiction": "lost_after_capture", "refund_id": refund["id"]}
        for command in ("ask", "contradictions/{contradiction}/resolve", "refunds/{refund_id}/retry"):
            operation = f"/v1/operator/payments/{{payment_id}}/{command}"
            assert operator.post(operation.format(**which), examples.pop(f"POST {operation}")).status_code == 200
        for operation, by in [
            ("POST /v1/bookings/{booking_id}/decline", ada),
            ("POST /v1/operator/bookings/{booking_id}/cancel", operator),
        ]:
            asked = book(bob, listing(ada, house_rules={"booking_mode": "request"}), "2027-06-12", "2027-06-15")
            path = operation.removeprefix("POST ").format(booking_id=asked)
            assert by.post(path, examples.pop(operation)).status_code == 200
        hook = bob.post("/v1/webhook-endpoints", examples.pop("POST /v1/webhook-endpoints")).headers["Location"]
        again = examples.pop("POST /v1/webhook-endpoints/{endpoint_id}/replay")
        assert bob.post(f"{hook}/replay", again).status_code == 202
        stop = examples.pop("PATCH /v1/webhook-endpoints/{endpoint_id}")
        assert bob.patch(hook, stop, If_Match='"1"').status_code == 200
        verify(stack, bob)
        key = bob.post("/v1/api-keys", examples.pop("POST /v1/api-keys")).headers["Location"]
        assert bob.post(f"{key}/roll", examples.pop("POST /v1/api-keys/{key_id}/roll")).status_code == 200
        ann, payout_id = scheduled(stack)
        end(stack, ann, payout_id)
        paid = {"host_id": ann.id, "hold_id": f"payout_failed:{payout_id}", "payout_id": str(payout_id)}
        for command in ("payouts/{payout_id}/retry", "payout-holds", "payout-holds/{hold_id}/lift", "charges"):
            operation = f"/v1/operator/hosts/{{host_id}}/{command}"
            assert operator.wish(operation.format(**paid), examples.pop(f"POST {operation}")).status_code == 200
        carl, factor = register(stack, "carl"), "/v1/users/me/second-factor"
        codes = pyotp.TOTP(json_of(carl.post(factor, examples.pop(f"POST {factor}")))["secret"])
        for command, seconds in [("confirm", -30), ("recovery-codes", 0), ("disable", 30)]:
            shown = examples.pop(f"POST {factor}/{command}") | {"code": codes.at(int(time()) + seconds)}
            assert carl.post(f"{factor}/{command}", shown).status_code in (200, 204)
        operation = "/v1/operator/users/{user_id}/disable-second-factor"
        lost = examples.pop(f"POST {operation}")
        assert operator.post(operation.format(user_id=carl.id), lost).status_code == 200
        stack.run_workers()
        operation = "/v1/operator/users/{user_id}/erasure"
        erased = operator.post(operation.format(user_id=carl.id), examples.pop(f"POST {operation}"))
        assert erased.status_code == 202
        dora = register(stack, "dora")
        stack.run_workers()
        assert dora.json("DELETE", "/v1/users/me", examples.pop("DELETE /v1/users/me")).status_code == 202
        looked_up = operator.post("/v1/operator/users/look-up", examples.pop("POST /v1/operator/users/look-up"))
        assert json_of(looked_up)["username"] == "ada"
        for act in ("grant-role", "revoke-role", "suspend", "reinstate"):
            operation = f"/v1/operator/users/{{user_id}}/{act}"
            acted = operator.post(operation.format(user_id=bob.id), examples.pop(f"POST {operation}"))
            assert acted.status_code == 200, acted.text
        order = examples.pop("PUT /v1/properties/{property_id}/photos")
        place = created.headers["Location"]
        assert ada.json("PUT", f"{place}/photos", order, If_Match=ada.get(place).headers["ETag"]).status_code == 200
        stay = stay_over(stack)
        review = examples.pop("POST /v1/bookings/{booking_id}/reviews")
        written = stay.guest.post(f"/v1/bookings/{stay.booking_id}/reviews", review)
        assert written.status_code == 201
        stay.write(stay.host)
        stack.run_workers()
        review_id, reply = json_of(written)["id"], examples.pop("POST /v1/reviews/{review_id}/reply")
        assert stay.host.post(f"/v1/reviews/{review_id}/reply", reply).status_code == 200
        removal = examples.pop("POST /v1/operator/reviews/{review_id}/remove")
        assert operator.post(f"/v1/operator/reviews/{review_id}/remove", removal).status_code == 204
        password = examples.pop("PUT /v1/users/me/password")
        assert ada.raw("PUT", "/v1/users/me/password", json.dumps(password).encode()).status_code == 204
        clock = examples.pop("POST /v1/operator/clock")
        assert operator.post("/v1/operator/clock", clock).status_code == 200
        assert examples == {}


def test_the_pages_load_nothing_from_elsewhere(shared: Stack) -> None:
    for path in ("/docs", "/docs/start.js", "/problems/nights-taken"):
        page = shared.anybody().get(path)
        assert page.status_code == 200
        assert not re.search(r"(https?:)?//\w", page.text), path
        for source in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert shared.anybody().get(source).status_code == 200, source
    assert "default-src 'none'" in shared.anybody().get("/docs").headers["Content-Security-Policy"]
    assert "unsafe-eval" not in shared.anybody().get("/docs").headers["Content-Security-Policy"]


def test_files_beside_the_documentation_are_not_served(shared: Stack) -> None:
    for name in ("../__init__.py", "..%2f__init__.py", "/etc/passwd", "nothing.js"):
        assert shared.anybody().get(f"/docs/files/{name}").status_code == 404


def test_the_sandbox_page_shows_the_amount_and_takes_one_answer(shared: Stack) -> None:
    bob = register(shared, "bob")
    property_id = listing(host(shared))
    booked = bob.wish(
        "/v1/bookings",
        {"property": property_id, "check_in": "2031-06-12", "check_out": "2031-06-13", "guests": 1},
    )
    started = json_of(bob.wish(f"{booked.headers['Location']}/payments", {"payment_method": "card"}))
    url = started["next_action"]["url"]
    path = url[url.index("/sandbox/") :]

    waiting = shared.anybody().get(path)
    assert "112.00 USD" in waiting.text
    assert "<form" in waiting.text
    assert bob.raw("POST", path, b"answer=maybe", "application/x-www-form-urlencoded").status_code == 422
    assert bob.raw("POST", path, b"answer=decline", "application/x-www-form-urlencoded").status_code == 303
    answered = shared.anybody().get(path)
    assert "<form" not in answered.text
    assert "declined" in answered.text
    assert shared.anybody().get("/sandbox/payments/sbx_nothing").status_code == 404
    assert (
        bob.raw("POST", "/sandbox/payments/x", b"answer=approve", "application/x-www-form-urlencoded").status_code
        == 404
    )


def test_a_password_is_nowhere_in_what_is_answered(shared: Stack) -> None:
    assert PASSWORD not in register(shared).get("/v1/users/me").text
