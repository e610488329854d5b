"""A way to Redis that can be blocked: what is behind it then neither answers nor refuses."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from infrastructure.embedded.valkey import Valkey

_BLOCK = 65_536


class RedisWay:
    """Passes on to Valkey over TCP, until it is blocked. `url` is where clients find it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open = Event()
        self._open.set()

    def block(self) -> None:
        """From now on whatever is sent vanishes, on connections new and old."""
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    def pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # either side hung up
            while block := source.recv(_BLOCK):
                self._open.wait()
                target.sendall(block)


@contextmanager
def way_to(valkey: Valkey) -> Iterator[RedisWay]:
    path = valkey.url().removeprefix("unix://").partition("?")[0]

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(path)
                Thread(target=way.pass_on, args=(server, client), daemon=True).start()
                way.pass_on(client, server)

        def finish(self) -> None:
            self.request.close()

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Listener(("127.0.0.1", 0), Connection) as listener:
        way = RedisWay(f"redis://127.0.0.1:{listener.server_address[1]}/0")
        Thread(target=listener.serve_forever, daemon=True).start()
        yield way
        way.unblock()
        listener.shutdown()
