"""What is sent byte by byte, and what comes back: no HTTP library between that would mend it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `headers` are by lower-case name, the last of each; `head` is how it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    head: bytes

    def problem(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Wire:
    """One connection. Answers are read one after the other; None is a server that hung up without one."""

    def __init__(self, port: int, patience: float = 10) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._received = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        """What nobody reads any more is not an error."""
        with suppress(ConnectionError, TimeoutError):
            self.socket.sendall(raw)

    def answer(self) -> Answer | None:
        """The next one. Raises TimeoutError when none comes."""
        while b"\r\n\r\n" not in self._received:
            if not self._more():
                return None
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        while len(self._received) < length and self._more():
            pass
        body, self._received = self._received[:length], self._received[length:]
        return Answer(int(lines[0].split()[1]), headers, body, head)

    def flood(self, block: bytes, times: int, *, in_chunks: bool) -> Answer | None:
        """Send a block again and again, until there is an answer."""
        self.socket.settimeout(0.05)
        for _ in range(times):
            with suppress(TimeoutError):
                return self.answer()
            self.send(b"%x\r\n%s\r\n" % (len(block), block) if in_chunks else block)
        return None

    def all_answers(self) -> list[Answer]:
        """Until the server hangs up, or says nothing more for a moment."""
        answers = []
        with suppress(TimeoutError):
            while (answer := self.answer()) is not None:
                answers.append(answer)
        return answers

    def _more(self) -> bool:
        try:
            got = self.socket.recv(65_536)
        except ConnectionError:
            return False
        self._received += got
        return bool(got)


def exchange(port: int, raw: bytes, patience: float = 10) -> Answer | None:
    """One request on a connection of its own."""
    with Wire(port, patience) as wire:
        wire.send(raw)
        return wire.answer()


def request(method: str, target: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A request whose length is told as it is."""
    given = {"Host": "lodger.example", "Content-Length": str(len(body))}
    if body:
        given["Content-Type"] = "application/json"
    lines = [f"{name}: {value}" for name, value in {**given, **dict(headers)}.items()]
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
    return head.encode("latin-1") + body
