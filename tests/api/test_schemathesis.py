"""Made-up requests, valid and not, against the description: no server error, no answer that it does not describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from domain.calendar_sync import Entry
from infrastructure.embedded.valkey import Valkey
from tests.accounts.logins import log_in
from tests.api.people import answer_page, book, follow, host, listing, pay, register
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of, running
from tests.api.test_openapi import ROUTES
from tests.api_keys.keys import make
from tests.photos.files import picture
from tests.reviews.stays import stay_over
from tests.sessions.browser import logged_in
from tests.webhooks.post import carry, deliveries, hook

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
"""Per operation and mode, twice: there are more than a hundred operations."""

LEAVING = ("DELETE /v1/users/me", "POST /v1/users/me/deactivation", "DELETE /v1/auth/tokens")
"""After these the others would meet somebody who is signed out: they are done by somebody else."""

WAITING = (
    "GET /v1/users/me/export",
    "DELETE /v1/users/me",
    "POST /v1/operator/users/{user_id}/erasure",
    "GET /v1/audit/streams/{stream_id}",
    "GET /v1/audit/bookings/{booking_id}/timeline",
    "GET /v1/audit/bundle",
    "GET /v1/audit/events/{position}",
)
"""These wait for read models, which nobody keeps here unless asked."""

UNHURRIED = list(HealthCheck)


@pytest.fixture(scope="module")
def shared(shared_database_url: str, valkey: Valkey) -> Iterator[Stack]:
    """An API that has a Redis too: without one, being asked for sessions is answered with 503."""
    with running(shared_database_url, REDIS_URL=valkey.url()) as started:
        yield started


@pytest.fixture(scope="module")
def known(shared: Stack) -> Mapping[str, str]:
    """One of everything, which made-up requests are about, and who sends them: host and guest in one."""
    ada, bob = host(shared), register(shared, "bob")
    bob.post("/v1/users/me/hosting")
    booking_id = book(bob, listing(ada))
    pay(bob, booking_id)
    payment_id, refund_id = _refund_that_failed(shared, bob, listing(ada))
    own = listing(bob)
    book(ada, own)
    paid_host, payout_id = scheduled(shared)
    end(shared, paid_host, payout_id)
    endpoint = hook(bob, "http://127.0.0.1:1/")  # nobody listens there: the delivery waits
    book(bob, listing(ada))
    carry(shared)
    feed_id = follow(shared, bob, own, Entry("a", date(2031, 6, 12), date(2031, 6, 13)))
    (feed,) = json_of(bob.get(f"/v1/properties/{own}/calendar-feeds"))["feeds"]
    shown = json_of(bob.raw("POST", f"/v1/properties/{own}/photos", picture(16, 16), "image/jpeg"))
    stay = stay_over(shared)
    review = json_of(stay.write(stay.guest))
    stay.write(stay.host)
    shared.run_workers()
    return {
        "photo_id": shown["photos"][0]["id"],
        "review_id": review["id"],
        "endpoint_id": endpoint["id"],
        "key_id": make(bob, "bookings:read")["id"],
        "delivery_id": deliveries(bob, endpoint)[0]["id"],
        "feed_id": feed_id,
        "conflict_id": feed["conflicts"][0]["id"],
        "token": str(bob.token),
        "property_id": own,
        "booking_id": booking_id,
        "stream_id": booking_id,
        "position": "1",
        "payment_id": payment_id,
        "refund_id": refund_id,
        "session_id": logged_in(shared, bob).id,
        "login_id": json_of(log_in(bob).client.get("/v1/auth/tokens"))["logins"][0]["id"],
        "user_id": ada.id,
        "host_id": paid_host.id,
        "payout_id": str(payout_id),
        "property": listing(ada),
    }


def _refund_that_failed(stack: Stack, guest: Client, property_id: str) -> tuple[str, str]:
    """A payment, and its refund that waits for an operator."""
    booking_id = book(guest, property_id, "2031-08-12", "2031-08-15")
    payment_id = pay(guest, booking_id)
    stack.run_workers()
    answer_page(guest, payment_id, "refuse_refunds")
    guest.post(f"/v1/bookings/{booking_id}/cancel")
    stack.run_workers()
    (refund,) = json_of(guest.get(f"/v1/payments/{payment_id}"))["refunds"]
    return payment_id, refund["id"]


@pytest.fixture(scope="module")
def description(shared: Stack) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", shared.app)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", ROUTES.strip().splitlines())
def test_what_is_answered_is_what_is_described(
    shared: Stack, description: Any, known: Mapping[str, str], operation: str, mode: GenerationMode
) -> None:
    method, path = operation.split()
    described = description[path][method]
    leaver = str(register(shared).token) if operation in LEAVING else None

    @given(case=described.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=UNHURRIED)
    def answers(case: Any) -> None:
        for name, value in (case.path_parameters or {}).items():
            if _is_id(value):
                case.path_parameters[name] = known[name]
        if str((case.headers or {}).get("Lodger-Position", "")).isdigit():
            case.headers["Lodger-Position"] = "1"  # a position that no command had is waited for: 503
        if isinstance(case.body, dict) and _is_id(case.body.get("property")):
            case.body["property"] = known["property"]
        if operation in WAITING:
            shared.run_workers()
        token = OPERATOR_TOKEN if "operator" in path or "/audit/" in path else leaver or known["token"]
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    try:
        answers()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "there is always something valid to send"


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False
