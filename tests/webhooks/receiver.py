"""A local receiver of webhooks that answers as the test says, and a reading of signatures that shares no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def change(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def attempt(self) -> int:
        return int(self.headers["lodger-attempt"])


Answer = Callable[[Received], int]
"""The status to answer; it may take its time, or raise to hang up."""


class Receiver:
    """An HTTP server. `answer` may be replaced while it runs; `redirect_to` goes with a status of 302."""

    def __init__(self, answer: Answer = lambda _: 200) -> None:
        self.answer = answer
        self.redirect_to = ""
        self.received: list[Received] = []
        self.released = Event()
        self._lock = Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                with receiver._lock:
                    receiver.received.append(heard)
                status = receiver.answer(heard)
                try:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", receiver.redirect_to)
                    self.end_headers()
                except OSError:
                    pass

            def do_GET(self) -> None:
                with receiver._lock:
                    receiver.received.append(Received(self.path, {}, b""))
                self.send_error(405)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hooks"
        Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def hang(self, _: Received) -> int:
        """Answer nothing until the test ends."""
        self.released.wait(30)
        return 200

    def types(self) -> list[str]:
        return [received.change["type"] for received in self.received]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def is_genuine(received: Received, secret: str) -> bool:
    """RFC 2104 by hand over `t.body`: none of ours signs here."""
    parts = [part.split("=", 1) for part in received.headers["lodger-signature"].split(",")]
    (at,) = [value for name, value in parts if name == "t"]
    key = secret.encode()
    assert len(key) <= 64
    padded = key.ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + at.encode() + b"." + received.body).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()
    return outer in [value for name, value in parts if name == "v1"]
