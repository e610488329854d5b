"""Every limit is a setting: what the real server takes moves with it, and the defaults are what the documents say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from infrastructure.settings import load
from tests.api.people import host, listing
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.hostile.answers import must_be_a_problem
from tests.hostile.conftest import HTTPS
from tests.hostile.wire import Answer, exchange, request
from tests.launcher.test_settings import GIVEN

pytestmark = pytest.mark.slow  # starts the real server

DEFAULTS: Final = {
    "body_limit": 1_048_576,
    "photo_limit": 15_000_000,
    "chunked_bodies": False,
    "json_depth": 64,
    "array_limit": 1_000,
    "page_limit": 100,
    "url_limit": 8_192,
    "header_limit": 65_536,
    "header_seconds": 10,
    "search_seconds": 2.0,
    "transaction_seconds": 2.0,
    "graphql_depth": 8,
    "graphql_cost": 1_000,
    "graphql_tokens": 1_000,
    "graphql_fragments": 30,
    "graphql_batch": 10,
}
TIGHT: Final = {
    "LODGER_BODY_LIMIT": "2000",
    "LODGER_PHOTO_LIMIT": "3000",
    "LODGER_JSON_DEPTH": "3",
    "LODGER_ARRAY_LIMIT": "3",
    "LODGER_PAGE_LIMIT": "3",
    "LODGER_URL_LIMIT": "300",
    "LODGER_GRAPHQL_BATCH": "2",
}


@pytest.fixture(scope="module")
def tight(shared_database_url: str) -> Iterator[ApiProcess]:
    """Under the public URL of `beside`: its tokens count here too."""
    process = ApiProcess(shared_database_url, LODGER_PUBLIC_URL=HTTPS, **TIGHT)
    yield process
    process.kill()


def post(api: ApiProcess, body: Any, path: str = "/v1/users") -> Answer | None:
    return exchange(api.port, request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode()))


def test_the_defaults() -> None:
    chosen = load(GIVEN)
    assert {name: getattr(chosen, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(
    ("fits", "too_much", "status", "kind"),
    [
        ({"a": {"b": [1]}}, {"a": {"b": [[1]]}}, 400, "json-malformed"),
        ({"a": [1, 2, 3]}, {"a": [1, 2, 3, 4]}, 400, "json-malformed"),
        (b'{"a": 1}' + b" " * 1_992, b'{"a": 1}' + b" " * 1_993, 413, "content-too-large"),
    ],
    ids=["depth", "items", "bytes"],
)
def test_a_body_is_as_deep_as_many_and_as_long_as_is_set(
    tight: ApiProcess, fits: Any, too_much: Any, status: int, kind: str
) -> None:
    must_be_a_problem(post(tight, fits), 422, "validation-failed")
    must_be_a_problem(post(tight, too_much), status, kind)


def test_a_target_is_as_long_as_is_set(tight: ApiProcess) -> None:
    longest = "/v1/properties?colour=" + "a" * 279
    must_be_a_problem(exchange(tight.port, request("GET", longest)), 422)
    must_be_a_problem(exchange(tight.port, request("GET", longest + "a")), 414, "uri-too-long")


def test_a_batch_is_as_long_as_is_set(tight: ApiProcess) -> None:
    answer = post(tight, [{"query": "{ now }"}] * 2, "/graphql")
    assert answer is not None
    assert answer.status == 200
    must_be_a_problem(post(tight, [{"query": "{ now }"}] * 3, "/graphql"), 400, "graphql-batch-too-large")


def test_a_photo_is_as_large_as_is_set(tight: ApiProcess, beside: Stack) -> None:
    ada = host(beside)
    path = f"/v1/properties/{listing(ada)}/photos"
    headers = [("Authorization", f"Bearer {ada.token}"), ("Content-Type", "image/jpeg")]
    fits, too_much = (request("POST", path, b"\xff" * size, headers) for size in (3_000, 3_001))
    must_be_a_problem(exchange(tight.port, fits), 422, "photo-malformed")
    must_be_a_problem(exchange(tight.port, too_much), 413, "content-too-large")


def test_a_page_is_as_long_as_is_set(tight: ApiProcess, beside: Stack) -> None:
    ada = host(beside)
    for _ in range(4):
        listing(ada)
    beside.run_workers()
    headers = [("Authorization", f"Bearer {ada.token}")]
    answer = exchange(tight.port, request("GET", "/v1/users/me/properties?limit=100", headers=headers))
    assert answer is not None
    assert answer.status == 200
    found = json.loads(answer.body)
    assert (len(found["properties"]), found["next_cursor"] is not None) == (3, True)
