"""A few requests are worked on at once; those whose bodies are still on their way wait aside.

The server gives each request a thread before its body has come, and reads the body when it is asked for. Were there
only as many threads as there is work for, then as many clients who never send the end of what they announced would
keep everybody else out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Final

from domain.rejections import Rejected

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

_RETRY_SECONDS: Final = 5


class Turns:
    """`app`, with at most `at_once` requests worked on.

    Of one address at most `bodies` are waited for; None where all come from one proxy.
    """

    def __init__(self, app: WSGIApplication, at_once: int, bodies: int | None) -> None:
        self._app = app
        self._turn = BoundedSemaphore(at_once)
        self._bodies = bodies
        self._lock = Lock()
        self._awaited = Counter[str]()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"], self, environ["REMOTE_ADDR"])
        with self._turn:
            return self._app(environ, start_response)

    @contextmanager
    def aside(self, address: str) -> Iterator[None]:
        """Let others go on meanwhile. Raises Rejected `too_many_requests` when too many of this address wait."""
        with self._lock:
            if self._bodies is not None and self._awaited[address] >= self._bodies:
                raise Rejected(
                    "too_many_requests", "Send what you began to send.", limit="bodies", retry_after=_RETRY_SECONDS
                )
            self._awaited[address] += 1
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()
            with self._lock:
                self._awaited[address] -= 1
                if not self._awaited[address]:
                    del self._awaited[address]


class _Body:
    """The body of a request, read aside."""

    def __init__(self, body: InputStream, turns: Turns, address: str) -> None:
        self._body = body
        self._turns = turns
        self._address = address

    def read(self, *size: int) -> bytes:
        with self._turns.aside(self._address):
            return self._body.read(*size)
