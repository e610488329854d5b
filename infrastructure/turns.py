"""A few requests are worked on at once; those whose bodies are still on their way wait aside.

The server gives each request a thread before its body has come, and reads the body when it is asked for. Were there
only as many threads as there is work for, then as many clients who never send the end of what they announced would
keep everybody else out.

A body is nearly always there already, so its request keeps its turn while it is read: to give it back and to queue for
it again would cost a booking a third of its time. Whose body is not there in a moment loses the turn meanwhile.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from threading import Condition, Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

from domain.rejections import Rejected

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

_RETRY_SECONDS: Final = 5
_BURST_SECONDS: Final = 0.25
_MOMENT_SECONDS: Final = 0.05


class Turns:
    """`app`, with at most `at_once` requests worked on.

    Of one address at most `bodies` are waited for; None where all come from one proxy.
    """

    def __init__(self, app: WSGIApplication, at_once: int, bodies: int | None) -> None:
        self._app = app
        self._free = _Queue(at_once)
        self._bodies = bodies
        self._awaited = Counter[str]()
        self._changed = Condition()
        # Who reads, since when. Only one can take an entry out of it, and whoever does decides about the turn.
        self._reading = dict[_Body, float]()
        Thread(target=self._look, name="bodies", daemon=True).start()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"], self, environ["REMOTE_ADDR"])
        self._free.enter()
        try:
            return self._app(environ, start_response)
        finally:
            self._free.leave()

    def begin(self, body: _Body) -> None:
        """Raises Rejected `too_many_requests` when too many of its address are waited for."""
        if not self._take_room(body.address):
            self._free.leave()
            has_room = self._take_room(body.address, _BURST_SECONDS)
            self._free.enter()
            if not has_room:
                raise Rejected(
                    "too_many_requests", "Send what you began to send.", limit="bodies", retry_after=_RETRY_SECONDS
                )
        self._reading[body] = monotonic()
        if body.seconds >= _MOMENT_SECONDS:
            self._put_aside(body)

    def end(self, body: _Body) -> float:
        """The seconds that it took. Who lost the turn waits for one again."""
        began = self._reading.pop(body, None)
        self._leave_room(body.address)
        if began is not None:
            return monotonic() - began
        self._free.enter()
        return _MOMENT_SECONDS

    def _look(self) -> None:
        while True:
            sleep(_MOMENT_SECONDS)
            for body, since in self._reading.copy().items():
                if monotonic() - since > _MOMENT_SECONDS:
                    self._put_aside(body)

    def _put_aside(self, body: _Body) -> None:
        """Let others go on meanwhile."""
        if self._reading.pop(body, None) is not None:
            self._free.leave()

    def _take_room(self, address: str, seconds: float = 0.0) -> bool:
        """Those of a burst have their bodies with them and are through in a moment."""
        with self._changed:
            has_room = self._has_room(address)
            if not has_room and seconds:
                has_room = self._changed.wait_for(lambda: self._has_room(address), seconds)
            self._awaited[address] += has_room
            return has_room

    def _has_room(self, address: str) -> bool:
        return self._bodies is None or self._awaited[address] < self._bodies

    def _leave_room(self, address: str) -> None:
        with self._changed:
            self._awaited[address] -= 1
            if not self._awaited[address]:
                del self._awaited[address]
            self._changed.notify_all()


class _Queue:
    """Turns in the order in which they were asked for.

    Who ends hands the turn to whoever has waited longest. Left to be taken by anybody, it went to the thread that had
    just ended, with the next request, while others waited on: a p99 of twice as much.
    """

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting = deque[Any]()
        self._lock = Lock()

    def enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class _Body:
    """The body of a request. `seconds` is how long was waited for it."""

    def __init__(self, body: InputStream, turns: Turns, address: str) -> None:
        self._body = body
        self._turns = turns
        self.address = address
        self.seconds = 0.0

    def read(self, *size: int) -> bytes:
        """Raises Rejected `too_many_requests`."""
        self._turns.begin(self)
        try:
            return self._body.read(*size)
        finally:
            self.seconds += self._turns.end(self)
