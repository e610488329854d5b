"""Headers that every answer carries, and what browsers are told about pages of other origins."""

from __future__ import annotations

import re
from typing import Final

import pytest

from api.problems import STATUS_OF
from tests.api.people import register
from tests.api.stack import Client, Stack, json_of
from tests.faults.api_process import ApiProcess
from tests.hostile.conftest import PAGES
from tests.hostile.operations import operations
from tests.hostile.wire import Answer, Wire, exchange, request

pytestmark = pytest.mark.slow  # starts the real server

ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "strict-transport-security": "max-age=63072000",
    "vary": "Origin",
    "server": "granian",
}
SHOWN: Final = {
    *("ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Lodger-Position"),
    *("Idempotency-Replayed", "Link", "X-Request-ID"),
}


def must_be_safe(answer: Answer) -> None:
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value, (name, answer.head)
    assert answer.headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"script-src[^;]*unsafe", policy)


def test_every_operation_answers_with_them_whoever_asks(api: ApiProcess, beside: Stack) -> None:
    token = register(beside).token
    described = operations(json_of(beside.anybody().get("/openapi.json")))
    assert len(described) > 100
    with Wire(api.port) as wire:
        for operation in described:
            for credentials in ([], [("Authorization", f"Bearer {token}")]):
                body = b"{}" if operation.schema else b""
                wire.send(request(operation.method, operation.target({}), body, credentials))
                answer = wire.answer()
                assert answer is not None
                must_be_safe(answer)
                if credentials and operation.path.startswith("/v1/"):
                    kept = answer.headers["cache-control"]
                    assert "no-store" in kept or "private" in kept or operation.path.endswith(".jpg"), operation


def test_every_page_does_too(api: ApiProcess, beside: Stack) -> None:
    """Of the rules without arguments, and of those with some a page for each kind."""
    rules = [
        rule.rule for rule in beside.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments
    ]
    pages = [*rules, "/docs/files/swagger-ui.css", "/nothing", "/sandbox/payments/nothing"]
    pages += [f"/problems/{code.replace('_', '-')}" for code in list(STATUS_OF)[:3]]
    assert len(pages) > 20
    for path in pages:
        answer = exchange(api.port, request("GET", path))
        assert answer is not None
        must_be_safe(answer)


def test_refusals_of_the_frame_itself_do_too(api: ApiProcess) -> None:
    for raw in (
        request("BREW", "/"),
        request("get", "/"),
        request("GET", "/" + "a" * 9_000),
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        answer = exchange(api.port, raw)
        assert answer is not None
        must_be_safe(answer)


def test_without_tls_browsers_are_not_told_to_insist_on_it(shared: Stack) -> None:
    assert "Strict-Transport-Security" not in shared.anybody().get("/docs").headers


class TestOrigins:
    def test_pages_that_are_listed_may_call_and_read(self, api: ApiProcess) -> None:
        answer = self.asked(api, "GET", PAGES)
        assert answer.headers["access-control-allow-origin"] == PAGES
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert set(answer.headers["access-control-expose-headers"].split(", ")) == SHOWN

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "null",
            "http://www.lodger.example",
            f"{PAGES}.evil.example",
            f"{PAGES}:8443",
            f"{PAGES}/",
            "HTTPS://WWW.LODGER.EXAMPLE",
            f"{PAGES}, https://evil.example",
            "*",
        ],
    )
    def test_others_may_not(self, api: ApiProcess, origin: str) -> None:
        for method in ("GET", "OPTIONS"):
            answer = self.asked(api, method, origin, ("Access-Control-Request-Method", "POST"))
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["vary"] == "Origin"

    def test_browsers_ask_beforehand_and_remember_the_answer(self, api: ApiProcess) -> None:
        answer = self.asked(api, "OPTIONS", PAGES, ("Access-Control-Request-Method", "PATCH"))
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == PAGES
        assert answer.headers["access-control-max-age"] == "7200"
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        allowed = answer.headers["access-control-allow-headers"].split(", ")
        assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-CSRF-Token"} <= set(allowed)

    def test_errors_can_be_read_too(self, api: ApiProcess) -> None:
        answer = exchange(api.port, request("GET", "/v1/users/me", headers=[("Origin", PAGES)]))
        assert answer is not None
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, PAGES)

    def test_by_default_there_are_none(self, shared: Stack) -> None:
        answer = Client(shared).get("/healthz", Origin=PAGES)
        assert not [name for name in answer.headers.keys() if name.startswith(("Access-Control", "Vary"))]  # noqa: SIM118

    def asked(self, api: ApiProcess, method: str, origin: str, *headers: tuple[str, str]) -> Answer:
        answer = exchange(api.port, request(method, "/healthz", headers=[("Origin", origin), *headers]))
        assert answer is not None
        return answer
