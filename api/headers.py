"""Headers that every answer carries, what pages of other origins may do, and the media types that may be asked for."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

from api import csv_tables, tracing
from api.answers import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_BY_TLS: Final = ("Strict-Transport-Security", "max-age=63072000")
_OF_SOMEBODY: Final = ("/v1/", "/graphql")
"""Whose answers nobody on the way keeps."""
_NOTHING_RUNS: Final = "default-src 'none'; frame-ancestors 'none'"
PAGE: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy of pages: what they load comes from here."""

_SHOWN: Final = (
    "ETag, Idempotency-Replayed, Link, Location, Lodger-Position, RateLimit, RateLimit-Policy, Retry-After, "
    f"{tracing.HEADER}"
)
_PREFLIGHT: Final = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, Lodger-Position, X-CSRF-Token, X-Request-ID",
    ),
    ("Access-Control-Max-Age", "7200"),
)


class Headers:
    """Adds to answers what every one carries.

    `public_url` says whether browsers shall insist on TLS. Pages of `origins` may call, read the answers and be sent
    cookies; no others.
    """

    def __init__(self, public_url: str, origins: Collection[str]) -> None:
        always = (*_ALWAYS, _BY_TLS) if public_url.startswith("https://") else _ALWAYS
        self._always = [(header[0].lower(), header) for header in always]
        self._origins = frozenset(origins)

    def complete(self, environ: WSGIEnvironment, code: int, headers: list[tuple[str, str]]) -> None:
        """Add to the `headers` of an answer with this status what they do not say themselves."""
        given = {name.lower(): value for name, value in headers}
        is_page = given.get("content-type", "").startswith("text/html")
        headers.extend([header for name, header in self._always if name not in given])
        if code != HTTPStatus.NOT_MODIFIED:  # what the browser has keeps its policy
            headers.append(("Content-Security-Policy", PAGE if is_page else _NOTHING_RUNS))
        if "cache-control" not in given and environ["PATH_INFO"].startswith(_OF_SOMEBODY):
            headers.append(("Cache-Control", "no-store"))
        if self._origins:
            headers.append(("Vary", "Origin"))
            if (origin := environ.get("HTTP_ORIGIN")) in self._origins:
                headers.append(("Access-Control-Allow-Origin", origin))
                headers.append(("Access-Control-Allow-Credentials", "true"))
                headers.append(("Access-Control-Expose-Headers", _SHOWN))

    def preflight(self, environ: WSGIEnvironment) -> list[tuple[str, str]] | None:
        """What to answer when the browser of an allowed origin asks beforehand; None when this is no such question.

        Browsers ask without a body: one in chunks is looked at like everybody's.
        """
        if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
            return None
        if "HTTP_TRANSFER_ENCODING" in environ:
            return None
        return list(_PREFLIGHT) if environ.get("HTTP_ORIGIN") in self._origins else None


def register(app: Flask) -> None:
    @app.before_request
    def must_be_acceptable() -> None:
        path = request.path
        if not path.startswith("/v1/") or path.endswith((".ics", ".jpg")):
            return
        is_table = path.endswith(csv_tables.PATHS)
        if not _takes(request.headers.get("Accept", ""), csv_tables.CSV if is_table else JSON):
            raise NotAcceptable(
                "Answers are application/json and application/problem+json; statements are text/csv too."
            )


@lru_cache(256)
def _takes(accept: str, media_type: str) -> bool:
    """Whether an Accept header allows JSON or this. Clients send few different ones, and reading one costs."""
    accepted = parse_accept_header(accept, MIMEAccept)
    return accepted.accept_json or not accepted or accepted.quality(media_type) > 0
