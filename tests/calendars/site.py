"""Another marketplace's site, on this machine: it answers what a test says, however badly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

Answering = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """Serves one calendar at `url`. `requests` are the headers of those that came, in lower case."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.answering: Answering = answer(b"", 404)
        self.closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/export/42.ics?s=secret"

    def shows(self, content: bytes, etag: str | None = None) -> None:
        """Serve a calendar, and 304 to whoever has it."""
        self.answering = answer(content, etag=etag)

    def breaks(self) -> None:
        self.answering = answer(b"oh no", 500)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append({name.lower(): value for name, value in self.headers.items()})
                site.answering(self)

            def log_message(self, *_: object) -> None:
                """Nothing: tests are quiet."""

        return Handler

    @contextmanager
    def open(self) -> Iterator[Site]:
        thread = Thread(target=self._server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def answer(content: bytes, status: int = 200, etag: str | None = None, **headers: str) -> Answering:
    """An ordinary answer."""

    def answering(request: BaseHTTPRequestHandler) -> None:
        known = etag is not None and request.headers.get("If-None-Match") == etag
        request.send_response(304 if known else status)
        for name, value in headers.items():
            request.send_header(name, value)
        if etag is not None:
            request.send_header("ETag", etag)
        body = b"" if known else content
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answering
