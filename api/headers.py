"""Headers that every answer carries, and the media types that clients may ask for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flask import Flask, Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING_RUNS: Final = "default-src 'none'; frame-ancestors 'none'"
PAGE: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy of pages: what they load comes from here."""


def register(app: Flask) -> None:
    @app.before_request
    def must_be_acceptable() -> None:
        path = request.path
        if path.startswith("/v1/") and not path.endswith(".ics") and not _takes_json(request.headers.get("Accept", "")):
            raise NotAcceptable("Answers here are application/json and application/problem+json.")

    @app.after_request
    def add(response: Response) -> Response:
        is_page = response.mimetype == "text/html"
        response.headers.extend(_ALWAYS)
        response.headers["Content-Security-Policy"] = PAGE if is_page else _NOTHING_RUNS
        if request.path.startswith("/v1/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


@lru_cache(256)
def _takes_json(accept: str) -> bool:
    """Whether an Accept header allows JSON. Clients send few different ones, and reading one costs."""
    accepted = parse_accept_header(accept, MIMEAccept)
    return accepted.accept_json or not accepted
