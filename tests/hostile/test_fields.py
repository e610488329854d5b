"""Every field of every operation, read from the OpenAPI document, against everything that fields are attacked with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from api.resources.provider_webhooks import BODY_LIMIT
from api.tokens import Tokens
from domain.users import STAFF_ROLES
from tests.api.people import PROPERTY, book, host, listing
from tests.api.stack import Stack, json_of, signed_in
from tests.faults.api_process import ApiProcess
from tests.hostile.answers import must_be_a_problem, must_tell_nothing
from tests.hostile.corpus import AMOUNTS, DAYS, INJECTIONS, NOT_JSON, UNKNOWN
from tests.hostile.operations import Operation, changed, operations
from tests.hostile.test_framing import memory_of
from tests.hostile.wire import MEGABYTE, Answer, Wire, exchange, request

pytestmark = pytest.mark.slow  # starts the real server


class Attacker:
    """Somebody with every role, who knows things that exist, on one connection after the other."""

    def __init__(self, api: ApiProcess, beside: Stack) -> None:
        self.api = api
        self.client = host(beside)
        own, of_others = listing(self.client), listing(host(beside))
        self.known: Mapping[str, str] = {
            "property_id": own,
            "booking_id": book(self.client, of_others),
            "provider": "sandbox",
        }
        principal = replace(signed_in(UUID(self.client.id)), roles=frozenset(STAFF_ROLES))
        tokens: Tokens = beside.app.extensions["lodger"].tokens
        self.token = tokens.issue(principal)
        self._wire = Wire(api.port)

    def sends(self, operation: Operation, body: Any = None, query: str = "", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.raw(operation.method, operation.target(self.known) + query, raw, **headers)

    def raw(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        given = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": str(uuid4()),
            "If-Match": '"1"',
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self._wire.send(request(method, target, body, [(name, value) for name, value in given.items() if value]))
        answer = self._wire.answer()
        if answer is None:  # the server hung up after the last one
            self._wire = Wire(self.api.port)
            self._wire.send(request(method, target, body, [(name, value) for name, value in given.items() if value]))
            answer = self._wire.answer()
        assert answer is not None
        return answer


@pytest.fixture(scope="module")
def attacker(api: ApiProcess, beside: Stack) -> Attacker:
    return Attacker(api, beside)


@pytest.fixture(scope="module")
def all_operations(beside: Stack) -> list[Operation]:
    return operations(json_of(beside.anybody().get("/openapi.json")))


@pytest.fixture(scope="module")
def with_bodies(all_operations: list[Operation]) -> list[Operation]:
    """Those that read JSON through a schema."""
    found = [each for each in all_operations if each.schema]
    assert len(found) > 60
    return found


def test_nul_is_422_in_every_text_of_every_body(attacker: Attacker, with_bodies: list[Operation]) -> None:
    tried = 0
    for operation in with_bodies:
        for place in operation.places("text"):
            answer = attacker.sends(operation, changed(operation.body, place, "a\x00b"))
            assert answer.status == 422, (str(operation), place, answer.body)
            must_be_a_problem(answer, 422)
            tried += 1
    assert tried > 100


def test_nul_is_422_in_every_text_of_every_query_and_404_in_every_path(
    attacker: Attacker, all_operations: list[Operation]
) -> None:
    for operation in all_operations:
        for name in operation.text_parameters("query"):
            answer = attacker.sends(operation, query=f"?{name}=a%00b")
            assert answer.status == (404 if "oidc" in operation.path else 422), (str(operation), name, answer.body)
        for name in operation.text_parameters("path"):
            answer = attacker.raw(operation.method, operation.target(attacker.known, **{name: "a%00b"}))
            must_be_a_problem(answer, 404)


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
def test_injections_into_every_text_are_taken_literally_or_refused(
    attacker: Attacker, all_operations: list[Operation], with_bodies: list[Operation], text: str
) -> None:
    for operation in with_bodies:
        for place in operation.places("text"):
            must_be_harmless(attacker.sends(operation, changed(operation.body, place, text)), operation, place)
    for operation in all_operations:
        for name in operation.text_parameters("query"):
            must_be_harmless(attacker.sends(operation, query=f"?{name}={quote(text)}"), operation, name)
        for name in operation.text_parameters("path"):
            target = operation.target(attacker.known, **{name: quote(text, safe="")})
            must_be_harmless(attacker.raw(operation.method, target), operation, name)


def must_be_harmless(answer: Answer, operation: Operation, place: object) -> None:
    assert answer.status < 500, (str(operation), place, answer.body)
    if answer.status >= 400:
        must_be_a_problem(answer, answer.status)
    must_tell_nothing(answer)


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
def test_what_is_stored_comes_back_as_it_was(attacker: Attacker, text: str) -> None:
    body = json.dumps({**PROPERTY, "title": text, "description": text}).encode()
    created = attacker.raw("POST", "/v1/properties", body)
    assert created.status == 201, created.body
    assert "x-injected" not in created.headers
    shown = attacker.raw("GET", created.headers["location"]).problem()
    assert (shown["title"], shown["description"]) == (text, text)


def test_impossible_money_is_422_wherever_money_goes(attacker: Attacker, with_bodies: list[Operation]) -> None:
    places = [(each, place) for each in with_bodies for place in each.places("amount")]
    assert len(places) > 5
    for operation, place in places:
        for name, amount in AMOUNTS.items():
            if name == "nothing" and "price_per_night" not in place:
                continue  # a fee may be nothing
            body = changed(changed(operation.body, (*place[:-1], "currency"), "USD"), place, amount)
            answer = attacker.sends(operation, body)
            assert answer.status == 422, (str(operation), place, name, answer.body)


def test_impossible_days_are_422_wherever_days_go(attacker: Attacker, with_bodies: list[Operation]) -> None:
    places = [(each, place) for each in with_bodies for place in each.places("date")]
    assert len(places) > 5
    for operation, place in places:
        for name, day in DAYS.items():
            answer = attacker.sends(operation, changed(operation.body, place, day))
            assert answer.status == 422, (str(operation), place, name, answer.body)


def test_unknown_fields_are_422_everywhere(attacker: Attacker, with_bodies: list[Operation]) -> None:
    for operation in with_bodies:
        for name, value in UNKNOWN.items():
            answer = attacker.sends(operation, {**operation.body, name: value})
            assert answer.status == 422, (str(operation), name, answer.body)
            assert name in answer.problem()["errors"]


def test_unknown_arguments_are_422_everywhere(attacker: Attacker, all_operations: list[Operation]) -> None:
    for operation in all_operations:
        if operation.parameters("query") and "oidc" not in operation.path:  # what is not set up is not there
            answer = attacker.sends(operation, query="?colour=red")
            must_be_a_problem(answer, 422, "validation-failed")


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_strict_json_is_400(attacker: Attacker, body: bytes) -> None:
    for path in ("/v1/users", "/v1/bookings"):
        must_be_a_problem(attacker.raw("POST", path, body), 400, "json-malformed")
    webhook = attacker.raw("POST", "/v1/webhooks/sandbox", body)
    must_be_a_problem(webhook, 400 if len(body) <= BODY_LIMIT else 413)
    must_be_a_problem(attacker.raw("POST", "/v1/webhooks/nobody", b"{}"), 404)


def test_no_operation_is_less_strict(attacker: Attacker, with_bodies: list[Operation]) -> None:
    for operation in with_bodies:
        must_be_a_problem(attacker.sends(operation, b'{"a": NaN}'), 400, "json-malformed")
        must_be_a_problem(attacker.sends(operation, b"{}", Content_Type="text/plain"), 415, "unsupported-media-type")
        must_be_a_problem(attacker.sends(operation, b"[]"), 422)


def test_what_is_asked_for_first_is_asked_for_everywhere(attacker: Attacker, all_operations: list[Operation]) -> None:
    for operation in all_operations:
        body = operation.body if operation.schema else None
        if operation.path.startswith("/v1/") and not operation.path.endswith((".ics", ".jpg")):
            must_be_a_problem(attacker.sends(operation, body, Accept="image/png"), 406, "not-acceptable")
        if operation.needs("Idempotency-Key"):
            must_be_a_problem(attacker.sends(operation, body, Idempotency_Key=""), 400, "idempotency-key-required")
        assert operation.needs("If-Match") or operation.method != "PATCH", str(operation)
        if operation.needs("If-Match"):
            must_be_a_problem(attacker.sends(operation, body, If_Match=""), 428, "precondition-required")
            assert attacker.sends(operation, body, If_Match='"999"').status in (404, 412)


def test_methods_that_a_path_does_not_have_are_405(attacker: Attacker, all_operations: list[Operation]) -> None:
    for path in {operation.path for operation in all_operations}:
        offered = {operation.method for operation in all_operations if operation.path == path}
        target = next(each for each in all_operations if each.path == path).target(attacker.known)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - offered:
            answer = attacker.raw(method, target)
            if answer.status != 404:  # a word where another route has an id
                must_be_a_problem(answer, 405, "method-not-allowed")
                assert offered <= set(answer.headers["allow"].split(", "))


ODD: list[tuple[str, str, int]] = [
    ("Idempotency-Key", "k" * 201, 400),
    ("Idempotency-Key", "a b", 400),
    ("Idempotency-Key", "é", 400),
    ("Lodger-Position", "1e3", 400),
    ("Lodger-Position", "-1", 400),
    ("Lodger-Position", "9" * 30, 400),
    ("Authorization", "Bearer '; DROP TABLE events; --", 401),
    ("Authorization", "Bearer é", 401),
    ("Authorization", "Basic YTpi", 401),
    ("Authorization", "Bearer", 401),
    ("If-Match", "*", 412),
    ("If-Match", 'W/"1"', 412),
    ("If-Match", '"1", "2"', 412),
    ("If-Match", '"\'; --"', 412),
    ("Accept", "*/*;q=é", 200),
    ("Accept", "a" * 1000, 406),
    ("X-Request-ID", "'; DROP TABLE events; --", 200),
    ("Accept-Language", "x" * 5000, 200),
    ("Cookie", "session='; DROP TABLE events; --; a=b", 200),
]


@pytest.mark.parametrize(("name", "value", "status"), ODD, ids=[f"{name}: {value[:20]}" for name, value, _ in ODD])
def test_odd_headers(attacker: Attacker, name: str, value: str, status: int) -> None:
    method, target, body = {
        "Idempotency-Key": ("POST", "/v1/users/me/hosting", b""),
        "Lodger-Position": ("GET", "/v1/users/me/properties", b""),
        "If-Match": ("PATCH", "/v1/users/me", b'{"bio": "a"}'),
    }.get(name, ("GET", "/v1/users/me", b""))
    answer = attacker.raw(method, target, body, **{name: value})
    assert answer.status == status, answer.body
    if status >= 400:
        must_be_a_problem(answer, status)
    assert UUID(answer.headers["x-request-id"])


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "Transfer-Encoding: chunked"])
def test_a_hundred_megabytes_of_a_picture_are_refused_and_not_kept(attacker: Attacker, framing: str) -> None:
    """Pictures may be larger than anything else, though not in chunks; where those are taken, see `test_framing`."""
    path = f"/v1/properties/{attacker.known['property_id']}/photos"
    lines = [f"POST {path} HTTP/1.1", "Host: lodger.example", "Content-Type: image/jpeg", framing]
    before = memory_of(attacker.api)
    with Wire(attacker.api.port) as wire:
        wire.send("\r\n".join([*lines, f"Authorization: Bearer {attacker.token}", "", ""]).encode())
        answer = wire.flood(b"\xff" * MEGABYTE, 100, in_chunks="chunked" in framing)
    must_be_a_problem(answer, 413, "content-too-large")
    assert memory_of(attacker.api) - before < 20 * MEGABYTE


def test_refused_bodies_leave_no_trace(attacker: Attacker, beside: Stack) -> None:
    before = beside.count_events()
    for body in NOT_JSON.values():
        exchange(attacker.api.port, request("POST", "/v1/users", body))
    assert beside.count_events() == before


def test_a_stranger_is_told_no_more(api: ApiProcess, all_operations: list[Operation]) -> None:
    for operation in all_operations:
        if operation.described["security"] and {} not in operation.described["security"]:
            raw = request(operation.method, operation.target({}), b"{}" if operation.schema else b"")
            must_be_a_problem(exchange(api.port, raw), 401)
