"""The demonstration's client, against a server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infrastructure.demo.client import Api, DemoFailed, wait_until


class Scripted(ThreadingHTTPServer):
    """Gives its answers one after the other: (status, headers)."""

    answers: list[tuple[int, dict[str, str]]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Scripted)
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = server.answers.pop(0)
        body = json.dumps({"title": "Some of these nights are not free"}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/problem+json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(("127.0.0.1", 0), Handler) as scripted:
        threading.Thread(target=scripted.serve_forever, daemon=True).start()
        yield scripted
        scripted.shutdown()


def test_an_unexpected_status_names_the_request_and_shows_the_problem(server: Scripted) -> None:
    server.answers = [(409, {})]

    with pytest.raises(DemoFailed) as failure:
        Api(server.url, 1).call("POST", "/v1/bookings", {"guests": 2}, expect=201)

    told = str(failure.value)
    assert told.startswith("POST /v1/bookings answered 409 instead of 201:")
    assert '"title": "Some of these nights are not free"' in told
    assert '{"guests": 2}' in told


def test_a_503_that_says_when_to_come_back_is_tried_again(server: Scripted) -> None:
    server.answers = [(503, {"Retry-After": "0"}), (503, {"Retry-After": "0"}), (201, {})]

    assert Api(server.url, 1).call("POST", "/v1/bookings", {}, expect=201).status == 201


@pytest.mark.parametrize(("status", "headers"), [(503, {}), (500, {"Retry-After": "0"}), (429, {"Retry-After": "0"})])
def test_nothing_else_is_tried_again(server: Scripted, status: int, headers: dict[str, str]) -> None:
    server.answers = [(status, headers), (201, {})]

    with pytest.raises(DemoFailed, match=f"answered {status} instead of 201"):
        Api(server.url, 1).call("POST", "/v1/bookings", {}, expect=201)


def test_no_answer_at_all_is_a_failure_too(server: Scripted) -> None:
    server.server_close()

    with pytest.raises(DemoFailed, match="got no answer"):
        Api(server.url, 1).call("POST", "/v1/bookings", {})


def test_waiting_ends_with_what_was_waited_for() -> None:
    assert wait_until("there is something", iter([None, None, 42]).__next__) == 42

    with pytest.raises(DemoFailed, match="in vain until the booking is confirmed"):
        wait_until("the booking is confirmed", lambda: None, seconds=0.05)
