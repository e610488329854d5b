"""What only the real server shows: bodies beyond the limit, and bodies that lie about their length."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse

import psutil
import pytest

from tests.api.people import PASSWORD
from tests.api.server import Server, call, serving
from tests.api.stack import Stack, running

pytestmark = pytest.mark.slow  # starts the real server

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(shared_database_url: str) -> Iterator[Server]:
    with serving(shared_database_url) as started:
        yield started


@pytest.fixture(scope="module")
def beside(shared_database_url: str) -> Iterator[Stack]:
    """Looks into the same database."""
    with running(shared_database_url) as stack:
        yield stack


def _answer(connection: HTTPConnection) -> tuple[int, str | None, str]:
    response: HTTPResponse = connection.getresponse()
    return response.status, response.getheader("Content-Type"), json.loads(response.read())["type"]


TOO_LARGE = (413, "application/problem+json", "/problems/content-too-large")


def test_a_body_just_over_the_limit_is_refused_when_its_length_is_told(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/v1/users", b" " * (MEGABYTE + 1), {"Content-Type": "application/json"})
    assert _answer(connection) == TOO_LARGE


def test_a_body_just_over_the_limit_is_refused_when_it_comes_in_chunks(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    chunks = iter([b" " * MEGABYTE, b" "])
    connection.request("POST", "/v1/users", chunks, {"Content-Type": "application/json"}, encode_chunked=True)
    assert _answer(connection) == TOO_LARGE


def test_a_body_that_comes_in_chunks_is_read(server: Server) -> None:
    account = {"username": "chunked", "email": "chunked@example.org", "name": "Chunk", "password": PASSWORD}
    body = json.dumps(account).encode()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(
        "POST", "/v1/users", iter([body[:20], body[20:]]), {"Content-Type": "application/json"}, encode_chunked=True
    )
    response = connection.getresponse()
    assert response.status == 201, response.read()


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "Transfer-Encoding: chunked"])
def test_a_hundred_megabytes_are_refused_without_being_kept_in_memory(server: Server, framing: str) -> None:
    worker = max(psutil.Process(server.pid).children(recursive=True), key=lambda child: child.memory_info().rss)
    before = worker.memory_info().rss

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
        wire.sendall(
            f"POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode()
        )
        block = b" " * MEGABYTE
        sent = f"{MEGABYTE:x}\r\n".encode() + block + b"\r\n" if "chunked" in framing else block
        answered = b""
        wire.settimeout(0.05)
        for _ in range(100):
            with suppress(TimeoutError, ConnectionError):
                answered += wire.recv(65536)
            if answered:
                break
            with suppress(TimeoutError):  # nobody reads any more
                wire.sendall(sent)

    assert answered.startswith(b"HTTP/1.1 413 ")
    assert worker.memory_info().rss - before < 20 * MEGABYTE


def test_two_lengths_at_once_are_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(
            b"POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        assert wire.recv(65536).startswith(b"HTTP/1.1 4")


def test_unknown_paths_and_methods_are_problems_here_too(server: Server) -> None:
    assert call(server.port, "GET", "/v1/nothing")[0] == 404
    status, answered = call(server.port, "PUT", "/v1/bookings")
    assert (status, answered["type"]) == (405, "/problems/method-not-allowed")


def test_refused_bodies_left_no_trace(server: Server, beside: Stack) -> None:
    before = beside.count_events()
    for body in (b"[" * 100_000, b'{"username": NaN}', b"\xff\xfe{\x00"):
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/v1/users", body, {"Content-Type": "application/json"})
        assert _answer(connection) == (400, "application/problem+json", "/problems/json-malformed")
    assert beside.count_events() == before
