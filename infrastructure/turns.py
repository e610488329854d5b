"""A few requests are worked on at once; those whose bodies are still on their way wait aside.

The server gives each request a thread before its body has come, and reads the body when it is asked for. Were there
only as many threads as there is work for, then as many clients who never send the end of what they announced would
keep everybody else out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Condition
from typing import TYPE_CHECKING, Final

from domain.rejections import Rejected

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

_RETRY_SECONDS: Final = 5
_BURST_SECONDS: Final = 0.25


class Turns:
    """`app`, with at most `at_once` requests worked on.

    Of one address at most `bodies` are waited for; None where all come from one proxy.
    """

    def __init__(self, app: WSGIApplication, at_once: int, bodies: int | None) -> None:
        self._app = app
        self._turn = BoundedSemaphore(at_once)
        self._bodies = bodies
        self._changed = Condition()
        self._awaited = Counter[str]()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"], self, environ["REMOTE_ADDR"])
        with self._turn:
            return self._app(environ, start_response)

    @contextmanager
    def aside(self, address: str) -> Iterator[None]:
        """Let others go on meanwhile. Raises Rejected `too_many_requests` when too many of this address wait."""
        self._turn.release()
        try:
            self._begin(address)
            try:
                yield
            finally:
                self._end(address)
        finally:
            self._turn.acquire()

    def _begin(self, address: str) -> None:
        """Those of a burst have their bodies with them and are through in a moment."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(address), _BURST_SECONDS):
                raise Rejected(
                    "too_many_requests", "Send what you began to send.", limit="bodies", retry_after=_RETRY_SECONDS
                )
            self._awaited[address] += 1

    def _end(self, address: str) -> None:
        with self._changed:
            self._awaited[address] -= 1
            if not self._awaited[address]:
                del self._awaited[address]
            self._changed.notify_all()

    def _has_room(self, address: str) -> bool:
        return self._bodies is None or self._awaited[address] < self._bodies


class _Body:
    """The body of a request, read aside."""

    def __init__(self, body: InputStream, turns: Turns, address: str) -> None:
        self._body = body
        self._turns = turns
        self._address = address

    def read(self, *size: int) -> bytes:
        with self._turns.aside(self._address):
            return self._body.read(*size)
