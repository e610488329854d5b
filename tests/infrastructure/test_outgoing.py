"""Addresses that users name: what is never connected to, and how long the other side may take."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infrastructure.outgoing import AddressRefused, Outgoing, OutgoingFailed

HERE = Outgoing(allow_private=True)
OUTSIDE = Outgoing(allow_private=False)


@contextmanager
def saying(speak: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that hears each request's head and then does what the test says; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with tls.wrap_socket(plain, server_side=True) if tls else plain as heard:
                        heard.recv(65536)
                        speak(heard)
                except OSError:
                    pass

        Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def fetch(port: int, most_bytes: int = 100, seconds: float = 5.0) -> tuple[int, bytes, bool]:
    url = f"http://127.0.0.1:{port}/feed?x=1"
    reply = HERE.request("GET", url, headers={}, most_bytes=most_bytes, seconds=seconds)
    return reply.status, reply.body, reply.whole


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[ff02::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b::7f00:1]/",
        "http://93.184.215.14/",
        "ftp://example.org/",
        "https://user:secret@example.org/",
        "https:///path",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: elsewhere",
        "file:///etc/passwd",
        "example.org",
    ],
)
def test_what_is_not_public_or_no_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(AddressRefused):
        OUTSIDE.check(url)
    with pytest.raises(AddressRefused):
        OUTSIDE.request("GET", url, headers={}, most_bytes=1)


@pytest.mark.parametrize(
    "url", ["https://example.org/hooks?x=1", "https://93.184.215.14:8443/", "https://[2606:4700::1]/"]
)
def test_public_addresses_are_taken(url: str) -> None:
    OUTSIDE.check(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressRefused, match="public"):
        OUTSIDE.request("GET", "https://rebinding.example/", headers={}, most_bytes=1)


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with saying(lambda heard: heard.sendall(b"HTTP/1.1 204 \r\n\r\n")) as port:
        original = socket.create_connection
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        connected: list[tuple[str, int]] = []

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            connected.append(address)
            opened = socket.socket()
            opened.settimeout(timeout)
            opened.connect(address)
            return opened

        monkeypatch.setattr(socket, "create_connection", connect)
        assert HERE.request("POST", f"http://hooks.example:{port}/", headers={}, body=b"{}", most_bytes=1).status == 204
        monkeypatch.setattr(socket, "create_connection", original)
    assert asked == ["hooks.example"]
    assert connected == [("127.0.0.1", port)]


def test_the_request_names_the_host_and_the_whole_path() -> None:
    heard: list[bytes] = []

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(65536))
                speak(connection)

        Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        reply = HERE.request(
            "GET", f"http://127.0.0.1:{port}/feed?x=1", headers={"Accept": "text/calendar"}, most_bytes=9
        )
    assert (reply.status, reply.headers["location"], reply.body) == (302, "http://10.0.0.1/", b"ok")
    head = heard[0].decode().splitlines()
    assert head[0] == "GET /feed?x=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}" in head
    assert "Accept: text/calendar" in head


def test_of_a_long_body_no_more_is_read_than_was_asked_for() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with saying(speak) as port:
        assert fetch(port, most_bytes=100) == (200, b"x" * 100, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"\x00\x01garbage",
        b"",
    ],
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    with saying(lambda connection: connection.sendall(answer)) as port, pytest.raises(OutgoingFailed, match="broke"):
        fetch(port)


def _drip_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def _drip_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    _drip_head(connection)


def _say_nothing(_: socket.socket) -> None:
    time.sleep(3)


@pytest.mark.parametrize("speak", [_drip_head, _drip_body, _say_nothing])
def test_it_is_over_in_time_however_slowly_the_other_side_drips(speak: Callable[[socket.socket], None]) -> None:
    begun = time.monotonic()
    with saying(speak) as port, pytest.raises(OutgoingFailed, match="no answer in time"):
        fetch(port, most_bytes=1_000_000, seconds=0.5)
    assert time.monotonic() - begun < 1.5


def test_nobody_there_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OutgoingFailed, match="the connection was refused"):
        fetch(port)
    with pytest.raises(OutgoingFailed, match="the name is not known"):
        HERE.request("GET", "http://nowhere.invalid/", headers={}, most_bytes=1)


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS for 127.0.0.1 and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    held = folder / "held.pem"
    held.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(held)
    client = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    return server, client


def test_tls_is_spoken_and_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    served, trusting = certified(tmp_path)
    with saying(lambda heard: heard.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), served) as port:
        url = f"https://127.0.0.1:{port}/"
        reply = Outgoing(allow_private=True, tls=trusting).request("GET", url, headers={}, most_bytes=10)
        assert (reply.status, reply.body, reply.whole) == (200, b"ok", True)
        with pytest.raises(OutgoingFailed, match="the certificate is not valid"):
            HERE.request("GET", url, headers={}, most_bytes=10)
