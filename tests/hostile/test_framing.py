"""Requests that lie about where they end, and requests without end: nobody else's request is touched by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import psutil
import pytest

from infrastructure.embedded.valkey import Valkey
from tests.api.people import PROPERTY, host, listing
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.hostile.answers import must_be_a_problem
from tests.hostile.conftest import HTTPS, PAGES
from tests.hostile.wire import MEGABYTE, Wire, exchange, request

pytestmark = pytest.mark.slow  # starts the real server

ENDPOINTS = ["/v1/users", "/v1/webhooks/stripe", "/graphql"]
"""One that reads JSON through a schema, one that reads bytes, one that reads JSON by itself."""

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: lodger.example\r\n\r\n"
IN_CHUNKS = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def taking(shared_database_url: str, valkey: Valkey) -> Iterator[ApiProcess]:
    """One that takes bodies in chunks, and waits a second for headers; all else is as by default."""
    changes = {"LODGER_CHUNKED_BODIES": "true", "LODGER_HEADER_SECONDS": "1"}
    process = ApiProcess(shared_database_url, LODGER_PUBLIC_URL=HTTPS, REDIS_URL=valkey.url(), **changes)
    yield process
    process.kill()


@pytest.fixture(params=["api", "taking"])
def either(request: pytest.FixtureRequest) -> ApiProcess:
    """The one that refuses chunks and the one that takes them, one after the other."""
    process: ApiProcess = request.getfixturevalue(request.param)
    return process


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    given = [f"{method} {path} HTTP/1.1", "Host: lodger.example", "Content-Type: application/json", *lines, "", ""]
    return "\r\n".join(given).encode("latin-1")


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


class TestSizes:
    @pytest.mark.parametrize("path", ENDPOINTS)
    @pytest.mark.parametrize("framing", ["Content-Length: 104857600", IN_CHUNKS])
    def test_a_hundred_megabytes_are_refused_and_not_kept(self, either: ApiProcess, path: str, framing: str) -> None:
        before = memory_of(either)
        with Wire(either.port) as wire:
            wire.send(head(path, framing))
            answer = wire.flood(b" " * MEGABYTE, 100, in_chunks="chunked" in framing)
        must_be_a_problem(answer, 413, "content-too-large")
        assert memory_of(either) - before < 20 * MEGABYTE

    def test_a_hundred_megabytes_of_a_picture_in_chunks_are_not_kept(self, taking: ApiProcess, beside: Stack) -> None:
        """Pictures may be larger than anything else: the first 15 megabytes are read."""
        ada = host(beside)
        path = f"/v1/properties/{listing(ada)}/photos"
        lines = [f"POST {path} HTTP/1.1", "Host: lodger.example", "Content-Type: image/jpeg", IN_CHUNKS]
        before = memory_of(taking)
        with Wire(taking.port) as wire:
            wire.send("\r\n".join([*lines, f"Authorization: Bearer {ada.token}", "", ""]).encode())
            answer = wire.flood(b"\xff" * MEGABYTE, 100, in_chunks=True)
        must_be_a_problem(answer, 413, "content-too-large")
        assert memory_of(taking) - before < 20 * MEGABYTE

    def test_the_limit_is_a_setting_and_a_byte_more_is_too_much(self, api: ApiProcess, taking: ApiProcess) -> None:
        fits, too_much = b" " * MEGABYTE, b" " * (MEGABYTE + 1)
        in_chunks = head("/v1/users", IN_CHUNKS)
        for server, of_chunks in (api, "chunks-refused"), (taking, "json-malformed"):
            assert server.settings.body_limit == MEGABYTE
            must_be_a_problem(exchange(server.port, request("POST", "/v1/users", fits)), 400, "json-malformed")
            must_be_a_problem(exchange(server.port, request("POST", "/v1/users", too_much)), 413)
            must_be_a_problem(exchange(server.port, in_chunks + chunked(fits)), 400, of_chunks)
            must_be_a_problem(exchange(server.port, in_chunks + chunked(fits, b" ")), 413)

    def test_a_body_in_chunks_is_read(self, taking: ApiProcess) -> None:
        raw = head("/v1/users", IN_CHUNKS) + chunked(b'{"username"', b': "a"}')
        must_be_a_problem(exchange(taking.port, raw), 422, "validation-failed")

    def test_a_body_in_chunks_under_a_key_is_kept_and_known_again(self, beside: Stack, taking: ApiProcess) -> None:
        lines = IN_CHUNKS, f"Authorization: Bearer {host(beside).token}", "Idempotency-Key: chunks"
        made, other = (json.dumps({**PROPERTY, "title": title}).encode() for title in ("Cabin", "Castle"))
        first, again, another = (
            exchange(taking.port, head("/v1/properties", *lines) + chunked(body[:100], body[100:]))
            for body in (made, made, other)
        )
        assert first is not None
        assert again is not None
        assert (first.status, again.status) == (201, 201), again.body
        assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")
        must_be_a_problem(another, 422, "idempotency-key-reused")

    def test_targets(self, api: ApiProcess) -> None:
        longest = "/v1/properties?city=" + "a" * (api.settings.url_limit - 19)
        must_be_a_problem(exchange(api.port, request("GET", longest)), 422)
        must_be_a_problem(exchange(api.port, request("GET", longest + "a")), 414, "uri-too-long")
        answer = exchange(api.port, request("GET", "/" + "a" * 70_000))
        assert answer is not None
        assert answer.status == 414

    def test_headers(self, api: ApiProcess) -> None:
        many = [(f"X-{number}", "a") for number in range(98)]
        for headers, status in [
            (many, 200),
            ([*many, ("X-One", "more")], 431),
            ([("X-Long", "a" * (api.settings.header_limit - 1_000))], 200),
            ([("X-Long", "a" * 2 * api.settings.header_limit)], 431),
        ]:
            answer = exchange(api.port, request("GET", "/healthz", headers=headers))
            assert answer is not None
            assert answer.status == status


def memory_of(api: ApiProcess) -> int:
    """Of the process that answers, in bytes."""
    workers = psutil.Process(api.pid).children(recursive=True)
    return max(worker.memory_info().rss for worker in workers)


LIES = {
    "length, then chunks": ("Content-Length: 5", IN_CHUNKS),
    "chunks, then length": (IN_CHUNKS, "Content-Length: 5"),
    "a length of nothing": ("Content-Length: 0", IN_CHUNKS),
    "a length over all limits": (IN_CHUNKS, "Content-Length: 104857600"),
    "a length that is no number": (IN_CHUNKS, "Content-Length: x"),
    "two lengths": (IN_CHUNKS, "Content-Length: 5", "Content-Length: 6"),
    "in other letters": ("content-length: 5", "transfer-encoding: CHUNKED"),
}
INSIDE = {
    "nothing": (),
    "no more than the length says": (b"[{ }]",),
    "in pieces": (b'{"username"', b': "a"}'),
    "a query": (b'{"query": "{ now }"}',),
    "a request": (HEALTH,),
}


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("lines", LIES.values(), ids=LIES)
@pytest.mark.parametrize("chunks", INSIDE.values(), ids=INSIDE)
def test_a_length_and_chunks_are_refused_and_what_was_smuggled_is_not_answered(
    api: ApiProcess, path: str, lines: tuple[str, ...], chunks: tuple[bytes, ...]
) -> None:
    with Wire(api.port, patience=1) as wire:
        wire.send(head(path, *lines) + chunked(*chunks) + HEALTH)
        answers = wire.all_answers()
    assert len(answers) == 1
    must_be_a_problem(answers[0], 400, "chunks-refused")


@pytest.mark.parametrize("asked", ["GET /healthz", "GET /v1/properties", "DELETE /nothing", "OPTIONS /v1/bookings"])
@pytest.mark.parametrize("lines", LIES.values(), ids=LIES)
def test_they_are_refused_whatever_is_asked(api: ApiProcess, asked: str, lines: tuple[str, ...]) -> None:
    method, path = asked.split()
    of_a_browser = f"Origin: {PAGES}", "Access-Control-Request-Method: POST"
    with Wire(api.port, patience=1) as wire:
        wire.send(head(path, *of_a_browser, *lines, method=method) + chunked(b"{}") + HEALTH)
        answers = wire.all_answers()
    assert len(answers) == 1
    must_be_a_problem(answers[0], 400, "chunks-refused")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("chunks", INSIDE.values(), ids=INSIDE)
def test_chunks_without_a_length_are_refused_and_told_what_to_do(
    api: ApiProcess, path: str, chunks: tuple[bytes, ...]
) -> None:
    answer = exchange(api.port, head(path, IN_CHUNKS) + chunked(*chunks))
    must_be_a_problem(answer, 400, "chunks-refused")
    assert answer is not None
    assert "Content-Length" in answer.problem()["detail"]
    assert "LODGER_CHUNKED_BODIES" in answer.problem()["detail"]


def test_too_many_chunks_are_told_the_same(api: ApiProcess) -> None:
    answer = exchange(api.port, head("/v1/users", IN_CHUNKS) + chunked(b" " * MEGABYTE, b" "))
    must_be_a_problem(answer, 413, "content-too-large")
    assert answer is not None
    assert "Content-Length" in answer.problem()["detail"]
    assert "LODGER_CHUNKED_BODIES" in answer.problem()["detail"]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("lines", LIES.values(), ids=LIES)
def test_where_chunks_are_taken_none_beside_a_length_are_no_body_and_nothing_follows(
    taking: ApiProcess, path: str, lines: tuple[str, ...]
) -> None:
    with Wire(taking.port, patience=1) as wire:
        wire.send(head(path, *lines) + chunked() + HEALTH)
        answers = wire.all_answers()
    assert len(answers) == 1
    must_be_a_problem(answers[0], 400)


@pytest.mark.parametrize("lines", LIES.values(), ids=LIES)
def test_where_chunks_are_taken_they_alone_count_and_nothing_follows(
    taking: ApiProcess, lines: tuple[str, ...]
) -> None:
    with Wire(taking.port, patience=1) as wire:
        wire.send(head("/v1/users", *lines) + chunked(b"{}") + HEALTH)
        answers = wire.all_answers()
    assert [answer.status for answer in answers] == [422]


FRAMINGS = {
    "two lengths": ["Content-Length: 2", "Content-Length: 3"],
    "two lengths in one": ["Content-Length: 2, 2"],
    "a signed length": ["Content-Length: +2"],
    "a negative length": ["Content-Length: -1"],
    "a hexadecimal length": ["Content-Length: 0x2"],
    "a length of 2^64": ["Content-Length: 18446744073709551616"],
    "an empty length": ["Content-Length: "],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "no coding": ["Transfer-Encoding: identity"],
    "chunked and more": ["Transfer-Encoding: chunked, identity"],
    "compressed": ["Transfer-Encoding: gzip, chunked"],
    "two codings": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "compressed, beside a length": ["Content-Length: 2", "Transfer-Encoding: gzip, chunked"],
    "chunked twice, beside a length": ["Content-Length: 2", IN_CHUNKS, IN_CHUNKS],
    "a vertical tab": ["Transfer-Encoding: \x0bchunked"],
    "a space before the colon": ["Content-Length : 2"],
    "a folded header": ["Content-Length: 2", "X-Folded: a", " b"],
    "a NUL in a header": ["Content-Length: 2", "X-Nul: a\x00b"],
    "a CR in a header": ["Content-Length: 2", "X-Cr: a\rX-Injected: b"],
    "a header without a name": ["Content-Length: 2", ": a"],
    "another host": ["Content-Length: 2", "Host: evil.example"],
}


@pytest.mark.parametrize("lines", FRAMINGS.values(), ids=FRAMINGS)
def test_a_head_of_two_meanings_is_400_and_the_last_answer(either: ApiProcess, lines: list[str]) -> None:
    with Wire(either.port, patience=1) as wire:
        wire.send(head("/v1/users", *lines) + b"{}" + HEALTH)
        first, *others = wire.all_answers()
    assert first.status == 400
    assert "x-injected" not in first.headers
    assert not others or "host" in lines[-1].lower(), "what follows is not taken for a request"


CHUNKS = {
    "no number": b"zz\r\n{}\r\n0\r\n\r\n",
    "a negative number": b"-2\r\n{}\r\n0\r\n\r\n",
    "2^72": b"fffffffffffffffff\r\n{}\r\n",
    "line feeds alone": b"2\n{}\n0\n\n",
    "an endless extension": b"2;" + b"a" * 70_000 + b"\r\n{}\r\n0\r\n\r\n",
    "nothing": b"0\r\n\r\n",
}


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", CHUNKS.values(), ids=CHUNKS)
def test_chunks_that_make_no_sense_are_400(either: ApiProcess, path: str, body: bytes) -> None:
    must_be_a_problem(exchange(either.port, head(path, IN_CHUNKS) + body), 400)


def test_a_body_that_ends_too_early_is_no_body(api: ApiProcess) -> None:
    with Wire(api.port) as wire:
        wire.send(head("/v1/users", "Content-Length: 20") + b"{}")
        wire.socket.shutdown(1)
        must_be_a_problem(wire.answer(), 400)


TARGETS = {
    "/%zz": 404,
    "/%": 404,
    "/%00": 404,
    "/docs%00": 404,
    "/%ff%fe": 404,
    "/../../etc/passwd": 404,
    "/docs/files/..%2f..%2fapp.py": 404,
    "/v1/users/%2e%2e/%2e%2e/etc/passwd": 404,
    "//evil.example/": 404,
    "/%0d%0aX-Injected:%20a": 404,
    "/v1/properties?city=%0d%0aX-Injected:%20a": 200,
    "/v1/properties?city=%zz": 400,
    "/v1/properties?city=%": 400,
    "/v1/properties?city=%ff": 400,
    "/v1/properties?city=%ed%a0%80": 400,
    "/v1/properties?city=%00": 422,
    "/v1/properties?%00=a": 422,
    "/HEALTHZ": 404,
    "/healthz/": 404,
    "healthz": 400,
    "*": 400,
    "http://evil.example/healthz": 200,
    "/healthz#fragment": 200,
}


@pytest.mark.parametrize(("target", "status"), TARGETS.items())
def test_odd_targets(api: ApiProcess, target: str, status: int) -> None:
    answer = exchange(api.port, request("GET", target))
    if status == 200:
        assert answer is not None
        assert answer.status == 200
        assert b"evil" not in answer.head + answer.body
        assert "x-injected" not in answer.headers
    else:
        must_be_a_problem(answer, status)


@pytest.mark.parametrize("target", [b"/\xff", b"/v1/users/\x00", b"/ a", b"/a\tb"])
def test_bytes_that_no_target_has_are_400(api: ApiProcess, target: bytes) -> None:
    answer = exchange(api.port, b"GET " + target + b" HTTP/1.1\r\nHost: lodger.example\r\n\r\n")
    assert answer is not None
    assert answer.status == 400


METHODS = {"BREW": 405, "TRACE": 405, "PUT": 405, "get": 400, "A" * 10_000: 400, "CONNECT": 405}


@pytest.mark.parametrize(("method", "status"), METHODS.items(), ids=lambda value: str(value)[:20])
def test_odd_methods(api: ApiProcess, method: str, status: int) -> None:
    must_be_a_problem(exchange(api.port, request(method, "/v1/bookings")), status)


HOSTS = ["", "a b", "evil.example/path", "user@evil.example", "a,b", "evil.example:port", "'; DROP TABLE", "é.example"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_none_is_400(api: ApiProcess, host: str) -> None:
    raw = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1")
    must_be_a_problem(exchange(api.port, raw), 400)


@pytest.mark.parametrize(
    "host", ["lodger.example", "lodger.example:8000", "192.0.2.1", "[2001:db8::1]:80", "evil.example"]
)
def test_any_name_will_do_and_appears_nowhere(api: ApiProcess, host: str) -> None:
    raw = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    answer = exchange(api.port, raw)
    assert answer is not None
    assert (answer.status, answer.headers["location"]) == (302, "/docs")


def test_other_protocols_are_not_spoken(api: ApiProcess) -> None:
    assert exchange(api.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") is None
    for line in (b"GET /healthz HTTP/3.0", b"GET /healthz"):
        answer = exchange(api.port, line + b"\r\nHost: lodger.example\r\n\r\n")
        assert answer is not None
        assert answer.status == 400


class TestSlowness:
    def test_headers_that_never_end_are_waited_for_as_long_as_the_setting_says(
        self, api: ApiProcess, taking: ApiProcess
    ) -> None:
        began = monotonic()
        with Wire(taking.port) as wire:
            wire.send(b"GET /healthz HTTP/1.1\r\nHost: lodg")
            assert not wire.all_answers() or monotonic() - began > 0.9
            assert 0.9 < monotonic() - began < 4
        assert (taking.settings.header_seconds, api.settings.header_seconds) == (1, 10)

    @pytest.mark.parametrize(
        ("framing", "body"), [("Content-Length: 20", b"{"), (IN_CHUNKS, b"14\r\n{")], ids=["length", "chunks"]
    )
    def test_bodies_that_never_end_keep_nobody_waiting(self, api: ApiProcess, framing: str, body: bytes) -> None:
        threads = api.settings.api_threads
        wires = [Wire(api.port, patience=0.3) for _ in range(5 * threads)]
        try:
            for wire in wires:
                wire.send(head("/v1/users", framing) + body)
            began = monotonic()
            for _ in range(20):
                answer = exchange(api.port, HEALTH, patience=5)
                assert answer is not None
                assert answer.status == 200
            assert monotonic() - began < 2
            refused = 0
            for wire in wires:
                with suppress(TimeoutError):
                    must_be_a_problem(wire.answer(), 429, "too-many-requests")
                    refused += 1
            assert refused == len(wires) - api.settings.body_threads // 4
        finally:
            for wire in wires:
                wire.socket.close()
