"""HTTP load: one process that keeps every connection busy with the next request, and costs little of its own.

Prepared requests over plain sockets and one `select`: about 50 µs of CPU a request, where an ordinary client library
takes ten times that. What it took is in its report, because on the same machine it is missing to the servers.
"""

from __future__ import annotations

import json
import re
import resource
import selectors
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

_ROOT: Final = Path(__file__).resolve().parent.parent
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER_SECONDS: Final = 30.0


class Load(msgspec.Struct, frozen=True):
    """What to send: `requests` in order, each once, until they or the `seconds` are used up."""

    host: str
    port: int
    connections: int
    seconds: float
    requests: Sequence[bytes]


class Loaded(msgspec.Struct, frozen=True):
    """What came of it. `latencies` are seconds, sorted; `statuses` counts answers by HTTP status.

    `sample` is an answer with an unexpected status, if there was one; `cpu_seconds` is what the generator itself took.
    """

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]
    sample: bytes | None
    cpu_seconds: float

    @property
    def sent(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.sent / self.seconds

    def latency(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        return self.latencies[min(int(share * self.sent), self.sent - 1)]


def run(load: Load) -> Loaded:
    """Send a load from a process of its own. Raises CalledProcessError when a connection breaks."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.msgpack.encode(load),
        stdout=subprocess.PIPE,
        check=True,
        cwd=_ROOT,
    )
    return msgspec.msgpack.decode(done.stdout, type=Loaded, strict=False)


def post(path: str, body: Mapping[str, object], **headers: str) -> bytes:
    """A request that sends JSON; underscores in header names are dashes."""
    content = json.dumps(body)
    sent = {"Host": "localhost", **headers, "Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in sent.items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", content]).encode()


def send(load: Load, expected: int = 201, hear: Callable[[bytes], object] = lambda _: None) -> Loaded:
    """Send a load from this process. `hear` is given each answer as it came."""
    waiting = iter(load.requests)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    sample = None
    connections = [_Connection(load.host, load.port) for _ in range(load.connections)]
    with selectors.DefaultSelector() as selector:
        began_cpu, began = _cpu_seconds(), perf_counter()
        for connection, request in zip(connections, waiting, strict=False):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        while selector.get_map():
            ready = selector.select(_ANSWER_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer within {_ANSWER_SECONDS:.0f} s")
            for key, _ in ready:
                answer = key.data.receive()
                now = perf_counter()
                if answer is None:
                    continue
                latencies.append(now - key.data.sent_at)
                status = int(answer[9:12])
                statuses[status] += 1
                hear(answer)
                if status != expected:
                    sample = answer
                following = next(waiting, None) if now - began < load.seconds else None
                if following is None:
                    selector.unregister(key.fileobj)
                else:
                    key.data.send(following)
        seconds, cpu = perf_counter() - began, _cpu_seconds() - began_cpu
    for connection in connections:
        connection.socket.close()
    return Loaded(seconds, sorted(latencies), dict(statuses), sample, cpu)


class _Connection:
    """One connection that is kept, with at most one request under way."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=_ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer, or None while a part of it is missing. Raises ConnectionError when there will be none."""
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError(f"the server hung up after {self._received!r}")
        self._received += got
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return None
        answer, self._received = self._received, b""
        return answer


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    ordered = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Load)
    sys.stdout.buffer.write(msgspec.msgpack.encode(send(ordered)))
