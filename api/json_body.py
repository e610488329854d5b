"""Strict JSON bodies: one meaning for every text, or 400."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

from flask import Flask, Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from api.edge import edge
from domain.rejections import Rejected

_KEPT: Final = "lodger.body"
_PIECE: Final = 64 * 1024
"""Bytes."""


def read_json(request: Request) -> Any:
    """The request's JSON, with fractions as Decimal; None when there is no body.

    Raises Rejected `json_malformed`, and 413 and 415 as HTTP exceptions.
    """
    raw = raw_body(request)
    if not raw:
        return None
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    options = edge().options
    return parse(raw, options.json_depth, options.array_limit)


def raw_body(request: Request) -> bytes:
    """The body's bytes. Raises RequestEntityTooLarge and BadRequest.

    They are read once and kept. Werkzeug cuts a body without Content-Length off at its limit and says nothing, so its
    limit is one byte more than ours (see `allow`).
    """
    kept: bytes | None = request.environ.get(_KEPT)
    if kept is not None:
        return kept
    in_chunks = "HTTP_TRANSFER_ENCODING" in request.environ
    raw = _in_chunks(request) if in_chunks else request.get_data(cache=False)
    if len(raw) < (request.content_length or 0) or (in_chunks and not raw):
        # What breaks off, or makes no sense, the server ends silently: a command must not go without its body.
        raise BadRequest("The body was announced and came to nothing.")
    allowed = request.max_content_length
    if allowed is not None and len(raw) >= allowed:
        raise RequestEntityTooLarge()
    request.environ[_KEPT] = raw
    return raw


def _in_chunks(request: Request) -> bytes:
    """A body whose length nobody told, given up as soon as it is too large: Werkzeug would have it twice by then."""
    raw, allowed = bytearray(), request.max_content_length
    while piece := request.stream.read(_PIECE):
        raw += piece
        if allowed is not None and len(raw) >= allowed:
            raise RequestEntityTooLarge()
    return bytes(raw)


def allow(app: Flask, limit: int) -> None:
    """Take bodies of up to `limit` bytes."""
    app.config["MAX_CONTENT_LENGTH"] = limit + 1


def parse(raw: bytes, depth: int, items: int) -> Any:
    """JSON as RFC 8259 has it, and stricter: UTF-8, no key twice, no NaN, no half of a surrogate pair, no abyss.

    At most `depth` levels, and `items` in an array. Raises Rejected `json_malformed`.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_no_number)
        _must_be_moderate_text(value, depth, items)
    except UnicodeError as error:
        raise Rejected("json_malformed", "The body is not UTF-8 text.") from error
    except RecursionError as error:
        raise _too_deep(depth) from error
    except ValueError as error:
        raise Rejected("json_malformed", f"The body is not JSON: {error}"[:200]) from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Rejected("json_malformed", "The body names a key twice in one object.")
    return value


def _no_number(name: str) -> NoReturn:
    raise Rejected("json_malformed", f"{name} is not JSON.")


def _must_be_moderate_text(value: Any, depth: int, items: int) -> None:
    """Encoding raises UnicodeError for a lone surrogate, which no database and no answer could carry."""
    if depth < 0:
        raise RecursionError
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for key, each in value.items():
            key.encode()
            _must_be_moderate_text(each, depth - 1, items)
    elif isinstance(value, list):
        if len(value) > items:
            raise Rejected("json_malformed", f"The body has an array of more than {items} items.", maximum=items)
        for each in value:
            _must_be_moderate_text(each, depth - 1, items)


def _too_deep(levels: int) -> Rejected:
    return Rejected("json_malformed", f"The body is nested deeper than {levels} levels.", maximum=levels)
