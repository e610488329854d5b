"""Headers that every answer carries, and the media types that clients may ask for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flask import Flask, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

from api import csv_tables
from api.answers import JSON

_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_NOTHING_RUNS: Final = "default-src 'none'; frame-ancestors 'none'"
PAGE: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The policy of pages: what they load comes from here."""


def complete(path: str, headers: list[tuple[str, str]]) -> None:
    """Add what every answer carries to what this one has."""
    given = {name.lower(): value for name, value in headers}
    is_page = given.get("content-type", "").startswith("text/html")
    headers.extend((name, value) for name, value in _ALWAYS if name.lower() not in given)
    headers.append(("Content-Security-Policy", PAGE if is_page else _NOTHING_RUNS))
    if path.startswith("/v1/") and "cache-control" not in given:
        headers.append(("Cache-Control", "no-store"))


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
