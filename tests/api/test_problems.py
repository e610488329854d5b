"""Every error is a problem with a stable type, and every rule's refusal has a place in the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain

import pytest
from werkzeug.test import TestResponse

from api.problems import MIMETYPE, STATUS_OF, TITLE_OF
from infrastructure.settings import ROOT
from tests.api.people import register
from tests.api.stack import Stack, json_of

COMPUTED = {
    "{taken.kind}_taken": {"email_taken", "username_taken"},
    "{purpose}_invalid": {"quote_invalid", "cursor_invalid"},
    "{role}_required": {"guest_required", "host_required"},
    "booking_not_{what}": {
        f"booking_not_{what}" for what in ("acceptable", "declinable", "payable", "cancellable", "alterable", "missed")
    },
    "{purpose}_expired": {"quote_expired", "cursor_expired"},
    "graphql_{what}": {f"graphql_{what}" for what in ("too_long", "too_many_fragments", "too_costly")},
}
"""Codes put together at run time, and what they can become."""


def _codes() -> Iterator[tuple[str, str]]:
    """Where something is rejected, and with which code."""
    layers = ("domain", "application", "projections", "api", "infrastructure")
    for path in chain.from_iterable((ROOT / layer).rglob("*.py") for layer in layers):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected":
                code = ast.unparse(node.args[0])[1:].strip("'\"")
                for each in COMPUTED.get(code, {ast.literal_eval(node.args[0])} if code not in COMPUTED else set()):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", each


def test_every_code_that_is_rejected_with_has_a_status_and_a_title() -> None:
    found = list(_codes())
    assert len(found) > 60
    assert [(place, code) for place, code in found if code not in STATUS_OF] == []
    assert STATUS_OF.keys() == TITLE_OF.keys()


def _is_problem(answer: TestResponse, status: int, type_: str) -> None:
    assert answer.status_code == status
    assert answer.mimetype == MIMETYPE
    problem = json_of(answer)
    assert (problem["type"], problem["status"]) == (type_, status)
    assert problem["instance"] == f"urn:uuid:{answer.headers['X-Request-ID']}"
    assert problem["title"]
    assert problem["detail"]


def test_an_unknown_path_is_a_problem(shared: Stack) -> None:
    _is_problem(shared.anybody().get("/v2/nothing"), 404, "/problems/not-found")
    _is_problem(shared.anybody().get("/v1/bookings/not-an-id"), 404, "/problems/not-found")
    _is_problem(shared.anybody().get("//v1/bookings"), 404, "/problems/not-found")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(shared: Stack) -> None:
    answer = shared.anybody().delete("/v1/quotes")
    _is_problem(answer, 405, "/problems/method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_a_media_type_that_is_not_offered_is_a_problem(shared: Stack) -> None:
    _is_problem(shared.anybody().get("/v1/properties", Accept="application/xml"), 406, "/problems/not-acceptable")


def test_a_body_that_is_not_json_by_its_type_is_a_problem(shared: Stack) -> None:
    answer = shared.anybody().raw("POST", "/v1/users", b"a=1", "application/x-www-form-urlencoded")
    _is_problem(answer, 415, "/problems/unsupported-media-type")


def test_a_mistake_of_ours_is_a_problem_that_tells_nothing_of_it(
    shared: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM people")

    monkeypatch.setattr("application.users.find", broken)
    answer = register(shared).get("/v1/users/me")
    _is_problem(answer, 500, "/problems/internal-error")
    assert "SELECT" not in answer.text
    assert "Traceback" not in answer.text


def test_a_database_that_is_away_is_503_and_worth_another_try(shared: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("connection refused: host=10.0.0.1")

    client = register(shared)
    monkeypatch.setattr("application.users.find", away)
    answer = client.get("/v1/users/me")
    _is_problem(answer, 503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "10.0.0.1" not in answer.text


def test_each_type_of_problem_leads_to_a_page_about_it(shared: Stack) -> None:
    for code in STATUS_OF:
        page = shared.anybody().get(f"/problems/{code.replace('_', '-')}")
        assert page.status_code == 200
        assert TITLE_OF[code].replace("'", "&#39;") in page.text
    _is_problem(shared.anybody().get("/problems/nights_taken"), 404, "/problems/not-found")


def test_every_answer_carries_security_headers_and_its_request_id(shared: Stack) -> None:
    asked = "0190a0b0-0000-7000-8000-00000000abcd"
    for path in ("/v1/properties", "/nothing", "/docs", "/healthz"):
        answer = shared.anybody().get(path, X_Request_ID=asked)
        assert answer.headers["X-Request-ID"] == asked
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert shared.anybody().get("/healthz", X_Request_ID="x\ty").headers["X-Request-ID"] != "x\ty"
