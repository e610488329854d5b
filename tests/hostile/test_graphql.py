"""The graph over a real socket: what breaks bodies breaks nothing here, and bombs are refused before they go off."""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter
from typing import Any, Final

import pytest

from tests.api.people import host
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.graph.test_cost import nested
from tests.hostile.answers import must_be_a_problem, must_tell_nothing
from tests.hostile.corpus import AMOUNTS, DAYS, INJECTIONS, NOT_JSON
from tests.hostile.wire import Answer, Wire, exchange, request

pytestmark = pytest.mark.slow  # starts the real server

PATH: Final = "/graphql"
NOBODYS: Final = "00000000-0000-0000-0000-000000000009"


def asked(query: str, *, token: str | None = None, **variables: Any) -> bytes:
    headers = [("Authorization", f"Bearer {token}")] if token else []
    return request("POST", PATH, json.dumps({"query": query, "variables": variables}).encode(), headers)


def told(answer: Answer | None) -> dict[str, Any]:
    """The answer to an operation that was executed, or refused as one. Never a mistake of ours."""
    assert answer is not None
    assert answer.status == 200, answer.body
    must_tell_nothing(answer)
    found: dict[str, Any] = json.loads(answer.body)
    assert not any(each["extensions"]["code"] == "internal_error" for each in found.get("errors", ())), found
    return found


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_400(api: ApiProcess, body: bytes) -> None:
    must_be_a_problem(exchange(api.port, request("POST", PATH, body)), 400)
    inside = b'{"query": "{ now }", "variables": ' + body + b"}"
    must_be_a_problem(exchange(api.port, request("POST", PATH, inside)), 400)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "a\tb",
    ],
)
def test_what_does_not_say_that_it_is_json_is_415(api: ApiProcess, content_type: str) -> None:
    """What a form can send, a page of another site can send in somebody's name."""
    body = b'{"query": "{ now }"}'
    raw = request("POST", PATH, body, [("Content-Type", content_type)])
    must_be_a_problem(exchange(api.port, raw), 415)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_405(api: ApiProcess, method: str) -> None:
    must_be_a_problem(exchange(api.port, request(method, PATH, b'{"query": "{ now }"}')), 405)


def test_a_query_in_an_address_is_not_executed(api: ApiProcess) -> None:
    for headers in ([("Accept", "application/json")], [("Accept", "text/html")]):
        answer = exchange(api.port, request("GET", f"{PATH}?query=%7Bnow%7D", headers=headers))
        assert answer is not None
        assert b'"now"' not in answer.body


TEXTS: Final = {
    "a city": "query ($text: String!) { properties(where: {city: $text}) { edges { node { id } } } }",
    "words": "query ($text: String!) { properties(where: {q: $text}) { edges { node { id } } } }",
    "a box": "query ($text: String!) { properties(where: {bbox: $text}) { edges { node { id } } } }",
    "a price": 'query ($text: String!) { properties(where: {priceMin: $text, currency: "USD"}) { edges { cursor } } }',
    "a cursor": "query ($text: String!) { properties(after: $text) { edges { node { id } } } }",
    "an id": "query ($text: ID!) { property(id: $text) { id } }",
    "ids": "query ($text: ID!) { users(ids: [$text]) { id } }",
    "a currency": "query ($text: String!, $id: ID!)"
    ' { quote(property: $id, checkIn: "2031-07-01", checkOut: "2031-07-03", guests: 1, currency: $text) { quote } }',
}


@pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
def test_injections_are_taken_literally_or_refused(api: ApiProcess, text: str) -> None:
    with Wire(api.port) as wire:
        for query in TEXTS.values():
            variables = {"id": NOBODYS} if "$id" in query else {}
            wire.send(asked(query, text=text, **variables))
            told(wire.answer())
        name = {"query": "{ now }", "operationName": text}
        wire.send(request("POST", PATH, json.dumps(name).encode()))
        must_be_a_problem(wire.answer(), 400, "graphql-malformed")


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_days_that_are_none_are_refused(api: ApiProcess, day: Any) -> None:
    query = "query ($day: Date!) { properties(where: {checkIn: $day, checkOut: $day}) { edges { cursor } } }"
    assert told(exchange(api.port, asked(query, day=day)))["errors"]


def test_numbers_beyond_what_there_is_are_refused(api: ApiProcess) -> None:
    with Wire(api.port) as wire:
        for number in (2**31, -1, 0, 2**63, 10**300):
            wire.send(asked("query ($n: Int!) { properties(first: $n) { edges { cursor } } }", n=number))
            answer = wire.answer()
            assert answer is not None
            if answer.status == 400:
                must_be_a_problem(answer, 400, "graphql-too-costly")
            else:
                assert told(answer)["errors"]


CREATE: Final = (
    "mutation ($i: CreatePropertyInput!) { done: createProperty(input: $i)"
    " { ... on PropertyPayload { property { title description } } ... on Problem { status } } }"
)
REQUEST: Final = (
    "mutation ($i: RequestBookingInput!, $k: String!) { done: requestBooking(input: $i, idempotencyKey: $k)"
    " { ... on BookingPayload { booking { id } } ... on Problem { status } } }"
)
DRAFT: Final = {"title": "A draft", "pricePerNight": {"amount": "100.00", "currency": "USD"}}


@pytest.fixture(scope="module")
def token(beside: Stack) -> str | None:
    """A host's."""
    return host(beside).token


class TestMutations:
    """What is sent to change something meets REST's rules: the same corpus, by the other way in."""

    def test_nul_is_422_in_every_variable(self, api: ApiProcess, token: str) -> None:
        for given in ({**DRAFT, "title": "a\x00b"}, {"pricePerNight": {"amount": "1\x00", "currency": "USD"}}):
            must_be_a_problem(exchange(api.port, asked(CREATE, token=token, i=given)), 422, "validation-failed")

    @pytest.mark.parametrize("text", INJECTIONS.values(), ids=INJECTIONS)
    def test_what_is_stored_comes_back_as_it_was(self, api: ApiProcess, token: str, text: str) -> None:
        said = {"title": text, "description": text}
        answer = exchange(api.port, asked(CREATE, token=token, i={**DRAFT, **said}))
        assert told(answer)["data"]["done"] == {"property": said}

    @pytest.mark.parametrize("amount", AMOUNTS.values(), ids=AMOUNTS)
    def test_impossible_money_is_refused(self, api: ApiProcess, token: str, amount: Any) -> None:
        priced = {**DRAFT, "pricePerNight": {"amount": amount, "currency": "USD"}}
        must_be_refused(told(exchange(api.port, asked(CREATE, token=token, i=priced))))

    @pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
    def test_impossible_days_are_refused(self, api: ApiProcess, token: str, day: Any) -> None:
        stay = {"property": NOBODYS, "checkIn": day, "checkOut": day, "guests": 1}
        must_be_refused(told(exchange(api.port, asked(REQUEST, token=token, i=stay, k="a key"))))

    @pytest.mark.parametrize("name", ["totalPrice", "hostId", "status", "__proto__", "$ne", ""])
    def test_what_only_the_server_writes_is_no_field(self, api: ApiProcess, token: str, name: str) -> None:
        found = told(exchange(api.port, asked(CREATE, token=token, i={**DRAFT, name: "x"})))
        assert found["errors"]
        assert found.get("data") is None


def must_be_refused(found: dict[str, Any]) -> None:
    """By the type of a variable, or by the rule that REST has for it."""
    assert found.get("errors") or found["data"]["done"] == {"status": 422}, found


BOMBS: Final = {
    "fragments in fragments": nested(23),
    "aliases": "{" + " ".join(f"a{n}: now" for n in range(300)) + "}",
    "directives": "{ now " + "@a" * 490 + "}",
    "levels": "{ me {" + "properties { edges { node { host {" * 50 + "id" + "}" * 202,
    "lists in lists": "{ properties(first: 100) { edges { node { host { properties(first: 100) { edges { cursor"
    + "} }" * 4,
    "a document of a megabyte": "{ now }" + " " * 900_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_bombs_get_400_within_a_tenth_of_a_second(api: ApiProcess, bomb: str) -> None:
    raw, took = asked(bomb), []
    with Wire(api.port) as wire:
        for _ in range(5):
            began = perf_counter()
            wire.send(raw)
            must_be_a_problem(wire.answer(), 400)
            took.append(perf_counter() - began)
    assert median(took) < 0.1


def test_a_batch_of_bombs_is_no_more(api: ApiProcess) -> None:
    for count, kind in [(10, "graphql-too-long"), (11, "graphql-batch-too-large"), (300, "graphql-batch-too-large")]:
        batch = json.dumps([{"query": BOMBS["aliases"]}] * count).encode()
        must_be_a_problem(exchange(api.port, request("POST", PATH, batch)), 400, kind)


def test_the_schema_is_not_asked_for_deeper_than_tools_do(api: ApiProcess) -> None:
    """In production not at all: tests/graph/test_cost."""
    types = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    errors = told(exchange(api.port, asked(types)))["errors"]
    assert [each["message"] for each in errors] == ["Maximum introspection depth exceeded"]


def test_ids_of_others_are_of_nothing(api: ApiProcess, beside: Stack) -> None:
    ada, eve = host(beside), host(beside)
    made = ada.post("/v1/properties", {"title": "A draft"})
    assert made.status_code == 201, made.text
    draft = json.loads(made.text)["id"]
    query = "query ($id: ID!) { property(id: $id) { id } }"
    assert told(exchange(api.port, asked(query, token=ada.token, id=draft)))["data"] == {"property": {"id": draft}}
    for token in (eve.token, None):
        found = told(exchange(api.port, asked(query, token=token, id=draft)))
        assert found["data"] == {"property": None}
        assert found["errors"][0]["extensions"]["code"] == "property_not_found"
