"""Operations over HTTP, on a small schema of the tests: what comes in, what goes out, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from enum import Enum
from typing import Any
from uuid import UUID

import psycopg2
import pytest
import strawberry
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from api.authentication import viewer
from api.graph import schema, server
from api.graph.access import allowed
from api.graph.context import Info
from api.graph.schema import Schema
from api.graph.server import RESPONSE
from api.limits import Limit
from application.photo_ports import PhotosUnavailable
from domain.rejections import Rejected
from tests.api.people import register
from tests.api.stack import Client, Stack, json_of
from tests.api.test_rate_limits import limited

FINISHED: list[str] = []


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.type
class Query:
    """Fields that go well, and that do not."""

    @allowed("anyone")
    def echo(self, text: str = "", number: float = 0.0, colour: Colour = Colour.RED) -> str:
        """What was sent."""
        return f"{text} {number}"

    @allowed("viewer")
    def me(self, info: Info) -> UUID | None:
        """Who calls."""
        assert info.context.user_id == viewer()
        return info.context.user_id

    @allowed("user", "bookings:read")
    async def mine(self, info: Info) -> str:
        """For whoever is somebody."""
        await asyncio.sleep(0)
        return str(info.context.user_id)

    @allowed("operator")
    def staff(self) -> str:
        """For operators."""
        return "staff"

    @allowed("anyone", limit="search")
    def search(self) -> str | None:
        """Counted."""
        return "found"

    @allowed("anyone")
    def refused(self) -> str | None:
        """A rule said no."""
        raise Rejected("nights_taken", "Some nights are taken.", property=UUID(int=7))

    @allowed("anyone")
    def broken(self, how: str) -> str | None:
        """A mistake of ours, or a server that is away."""
        raise {
            "value": ValueError("secret"),
            "sql": psycopg2.ProgrammingError('relation "secret" does not exist'),
            "unknown": Rejected("secret_code", "secret"),
            "database": ConnectionError("secret"),
            "photos": PhotosUnavailable("secret"),
        }[how]

    @allowed("anyone")
    async def slow(self) -> str:
        """Goes on when nobody waits for it any more."""
        await asyncio.sleep(0.05)
        FINISHED.append("slow")
        return "done"

    @allowed("anyone")
    async def soon_refused(self) -> str:
        """Takes everything with it, while others are still at work."""
        await asyncio.sleep(0)
        raise Rejected("not_found", "There is nothing.")

    @allowed("anyone")
    def required(self) -> str:
        """Takes everything with it."""
        raise Rejected("not_found", "There is nothing.")


@strawberry.type
class Mutation:
    """Commands."""

    @allowed("anyone")
    def commit(self, info: Info, position: int) -> int:
        """Comes to a position; what the operation has seen before is the answer."""
        before = info.context.position
        info.context.committed(position)
        return before


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    its = Schema(Query, Mutation, extensions=schema.SCHEMA.extensions)
    for module in (schema, server):
        monkeypatch.setattr(module, "SCHEMA", its)


def ask(client: Client, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> TestResponse:
    return client.post("/graphql", {"query": query, "variables": variables}, **headers or {})


def data(answer: TestResponse) -> Any:
    told = json_of(answer)
    assert "errors" not in told, told
    return told["data"]


def code_of(answer: TestResponse) -> str:
    (error,) = json_of(answer)["errors"]
    return str(error["extensions"]["code"])


class TestAnswers:
    def test_fields_are_answered_with_what_was_sent(self, shared: Stack) -> None:
        answer = ask(shared.anybody(), "query ($t: String!) { echo(text: $t, number: 1.5) }", t="söm\ud83d\ude00e")
        assert data(answer) == {"echo": "söm😀e 1.5"}
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"

    def test_fractions_are_numbers_and_whole_ones_too(self, shared: Stack) -> None:
        for number, shown in [(2.5, "2.5"), (2, "2.0"), (1e3, "1000.0")]:
            asked = ask(shared.anybody(), "query ($n: Float!) { echo(number: $n) }", n=number)
            assert data(asked) == {"echo": f" {shown}"}

    def test_the_operation_that_is_named_is_executed(self, shared: Stack) -> None:
        body = {"query": 'query a { echo(text: "a") } query b { echo(text: "b") }', "operationName": "b"}
        assert data(shared.anybody().post("/graphql", body)) == {"echo": "b 0.0"}
        body["operationName"] = "c"
        assert json_of(shared.anybody().post("/graphql", body))["type"] == "/problems/graphql-malformed"

    def test_a_batch_is_answered_in_order(self, shared: Stack) -> None:
        answer = shared.anybody().post("/graphql", [{"query": f'{{ echo(text: "{n}") }}'} for n in range(10)])
        assert [each["data"]["echo"] for each in answer.json or []] == [f"{n} 0.0" for n in range(10)]

    def test_of_a_batch_nothing_is_executed_when_one_of_it_is_no_operation(self, shared: Stack) -> None:
        batch = [{"query": "mutation { commit(position: 5) }"}, {"query": "{ now"}]
        answer = shared.anybody().post("/graphql", batch)
        assert json_of(answer)["type"] == "/problems/graphql-malformed"
        assert "Lodger-Position" not in answer.headers

    def test_what_is_valid_of_a_batch_is_executed_beside_what_is_not(self, shared: Stack) -> None:
        answer = shared.anybody().post("/graphql", [{"query": "{ nothing }"}, {"query": "{ echo }"}])
        wrong, right = answer.json or []
        assert "data" not in wrong
        assert right == {"data": {"echo": " 0.0"}}

    @pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
    def test_numbers_that_no_computer_has_are_refused(self, shared: Stack, number: str) -> None:
        literal = ask(shared.anybody(), f"{{ echo(number: {number}) }}")
        assert json_of(literal)["type"] == "/problems/graphql-malformed"
        query = b'{"query": "query ($n: Float!) { echo(number: $n) }", "variables": {"n": %s}}' % number.encode()
        assert code_of(shared.anybody().raw("POST", "/graphql", query)) == "graphql_invalid"


class TestWhoAsks:
    def test_the_same_credentials_as_for_rest(self, shared: Stack) -> None:
        ada = register(shared)
        assert data(ask(shared.anybody(), "{ me }")) == {"me": None}
        assert data(ask(ada, "{ me mine }")) == {"me": ada.id, "mine": ada.id}

    def test_a_wrong_token_is_401_whatever_is_asked(self, shared: Stack) -> None:
        answer = ask(Client(shared, "nonsense"), "{ echo }")
        assert (answer.status_code, json_of(answer)["type"]) == (401, "/problems/token-invalid")

    def test_each_field_says_whom_it_is_for(self, shared: Stack) -> None:
        assert code_of(ask(shared.anybody(), "{ echo mine }")) == "token_required"
        assert code_of(ask(register(shared), "{ staff }")) == "role_missing"

    def test_a_key_needs_the_scope_of_each_field(self, shared: Stack) -> None:
        ada = register(shared)
        made = ada.post("/v1/api-keys", {"name": "a machine", "scopes": ["bookings:read"]})
        machine = Client(shared, json_of(made)["key"])
        assert data(ask(machine, "{ mine }")) == {"mine": ada.id}
        assert code_of(ask(machine, "{ me }")) == "scope_missing"


class TestPositions:
    def test_a_command_answers_where_it_was_committed(self, shared: Stack) -> None:
        answer = ask(shared.anybody(), "mutation { commit(position: 5) }", headers={"Lodger_Position": "3"})
        assert data(answer) == {"commit": 3}
        assert answer.headers["Lodger-Position"] == "5"

    def test_what_follows_in_the_same_request_has_been_there(self, shared: Stack) -> None:
        twice = "mutation { a: commit(position: 5) b: commit(position: 4) }"
        answer = shared.anybody().post("/graphql", [{"query": twice}, {"query": "mutation { commit(position: 2) }"}])
        assert [each["data"] for each in answer.json or []] == [{"a": 0, "b": 5}, {"commit": 5}]
        assert answer.headers["Lodger-Position"] == "5"

    def test_reads_answer_none(self, shared: Stack) -> None:
        assert "Lodger-Position" not in ask(shared.anybody(), "{ echo }").headers

    def test_a_position_that_is_none_is_refused(self, shared: Stack) -> None:
        answer = ask(shared.anybody(), "{ echo }", headers={"Lodger_Position": "x"})
        assert json_of(answer)["type"] == "/problems/position-malformed"


class TestErrors:
    def test_a_refusal_has_the_code_of_its_problem(self, shared: Stack) -> None:
        told = json_of(ask(shared.anybody(), "{\n  refused\n  echo\n}"))
        assert told == {
            "data": {"refused": None, "echo": " 0.0"},
            "errors": [
                {
                    "message": "Some nights are taken.",
                    "locations": [{"line": 2, "column": 3}],
                    "path": ["refused"],
                    "extensions": {
                        "property": str(UUID(int=7)),
                        "code": "nights_taken",
                        "type": "/problems/nights-taken",
                        "status": 409,
                    },
                }
            ],
        }

    @pytest.mark.parametrize(
        ("how", "code"),
        [
            ("value", "internal_error"),
            ("sql", "internal_error"),
            ("unknown", "internal_error"),
            ("database", "unavailable"),
            ("photos", "photos_unavailable"),
        ],
    )
    def test_a_mistake_of_ours_is_for_the_log_alone(self, shared: Stack, how: str, code: str) -> None:
        with capture_logs() as logged:
            answer = ask(shared.anybody(), "query ($h: String!) { broken(how: $h) }", h=how)
        assert answer.status_code == 200
        assert code_of(answer) == code
        assert "secret" not in answer.text.replace("secret_code", "secret")
        assert any(line["log_level"] in ("error", "warning") for line in logged)

    def test_nothing_is_answered_where_something_required_is_missing(self, shared: Stack) -> None:
        told = json_of(ask(shared.anybody(), "{ echo required }"))
        assert (told["data"], told["errors"][0]["extensions"]["code"]) == (None, "not_found")

    def test_what_nobody_waits_for_any_more_ends_with_its_request(self, shared: Stack) -> None:
        client = shared.anybody()
        assert code_of(ask(client, "{ slow soonRefused }")) == "not_found"
        assert asyncio.all_tasks(schema._loop()) == set()
        assert data(ask(client, "{ slow }")) == {"slow": "done"}
        assert FINISHED == ["slow"]

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ ecoh }", {}),
            ("{ echo(txet: 1) }", {}),
            ("{ echo(colour: REDD) }", {}),
            ("query ($c: Colour!) { echo(colour: $c) }", {"c": "REDD"}),
            ("query ($n: Float!) { echo(number: $n) }", {"n": "text"}),
            ("query ($n: Float!) { echo(number: $n) }", {}),
            ("query ($n: Float!) { echo(number: $n) }", {"n": 10**400}),
            ("{ echo @skip }", {}),
            ("{ echo { inside } }", {}),
            ("{ ...Nowhere }", {}),
            ("{ ... on Nothing { echo } }", {}),
            ("mutation { commit }", {}),
            ("mutation { commit(position: 9999999999) }", {}),
        ],
    )
    def test_what_does_not_fit_the_schema_is_told_and_no_names_are_suggested(
        self, shared: Stack, query: str, variables: dict[str, Any]
    ) -> None:
        for accept, status in [("application/json", 200), (RESPONSE, 400)]:
            answer = ask(shared.anybody(), query, headers={"Accept": accept}, **variables)
            told = json_of(answer)
            assert answer.status_code == status, answer.text
            assert answer.content_type == accept
            assert "data" not in told
            assert {error["extensions"]["code"] for error in told["errors"]} == {"graphql_invalid"}
            assert "Did you mean" not in answer.text

    def test_the_log_and_the_metrics_name_the_operation_and_nothing_of_what_it_says(self, shared: Stack) -> None:
        with capture_logs() as logged:
            ask(shared.anybody(), 'query Shown { echo(text: "secret") refused }')
        (line,) = [each for each in logged if each["event"] == "operation"]
        assert (line["operation"], line["kind"], line["problems"]) == ("Shown", "query", ["nights_taken"])
        assert "secret" not in json.dumps(logged, default=str)


class TestRates:
    def test_each_search_in_a_request_counts_as_one(self, shared: Stack) -> None:
        stack = limited(shared, {"search": Limit(3, 60)})
        twice = ask(stack.anybody(), "{ a: search b: search }")
        assert data(twice) == {"a": "found", "b": "found"}
        answer = json_of(ask(stack.anybody(), "{ a: search b: search }"))
        (error,) = answer["errors"]
        assert answer["data"] == {"a": "found", "b": None}
        assert (error["path"], error["extensions"]["code"]) == (["b"], "too_many_requests")
        assert error["extensions"]["retry_after"] == 30

    def test_requests_count_for_addresses_and_users_as_they_do_elsewhere(self, shared: Stack) -> None:
        stack = limited(shared, {"address": Limit(3, 60)})
        batch = [{"query": "{ echo }"}] * 10
        assert [stack.anybody().post("/graphql", batch).status_code for _ in range(4)] == [200, 200, 200, 429]
        ada = register(shared)
        theirs = Client(limited(shared, {"user": Limit(1, 60)}), ada.token)
        assert [ask(theirs, "{ me }").status_code for _ in range(2)] == [200, 429]


REFUSED = {
    "no body": (b"", 400, "bad-request"),
    "null": (b"null", 400, "bad-request"),
    "text": (b'"{ echo }"', 400, "bad-request"),
    "an empty batch": (b"[]", 400, "bad-request"),
    "a batch of texts": (b'["{ echo }"]', 400, "bad-request"),
    "a batch of batches": (b'[[{"query": "{ echo }"}]]', 400, "bad-request"),
    "eleven": (json.dumps([{"query": "{ echo }"}] * 11).encode(), 400, "graphql-batch-too-large"),
    "a thousand": (json.dumps([{"query": "{ echo }"}] * 1_000).encode(), 400, "graphql-batch-too-large"),
    "no query": (b"{}", 422, "validation-failed"),
    "a query that is none": (b'{"query": 1}', 422, "validation-failed"),
    "variables in a list": (b'{"query": "{ echo }", "variables": []}', 422, "validation-failed"),
    "something else": (b'{"query": "{ echo }", "id": 1}', 422, "validation-failed"),
    "a NUL in a variable": (b'{"query": "{ echo }", "variables": {"a": ["\\u0000"]}}', 422, "validation-failed"),
    "a NUL in a variable's name": (b'{"query": "{ echo }", "variables": {"\\u0000": 1}}', 422, "validation-failed"),
    "a NUL in a name": (b'{"query": "{ echo }", "operationName": "\\u0000"}', 422, "validation-failed"),
    "a key twice": (b'{"query": "{ echo }", "query": "{ me }"}', 400, "json-malformed"),
    "NaN": (b'{"query": "{ echo }", "variables": {"a": NaN}}', 400, "json-malformed"),
}


@pytest.mark.parametrize(("body", "status", "kind"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_operation_is_a_problem(shared: Stack, body: bytes, status: int, kind: str) -> None:
    answer = shared.anybody().raw("POST", "/graphql", body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert json_of(answer)["type"] == f"/problems/{kind}"


def test_other_ways_of_sending_operations_are_refused(shared: Stack) -> None:
    client, query = shared.anybody(), b'{"query": "{ echo }"}'
    for content_type in (
        "application/graphql",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        assert client.raw("POST", "/graphql", query, content_type).status_code == 415
    by_get = client.get("/graphql?query={echo}", Accept="application/json")
    assert (by_get.status_code, by_get.headers["Allow"]) == (405, "POST")
    assert "echo" not in client.get("/graphql?query={echo}").text
    assert client.raw("PUT", "/graphql", query).status_code == 405
