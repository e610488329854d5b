"""What a request must be before anybody looks at what it says: of one meaning for every server that it passes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import BadRequest, NotFound, RequestURITooLarge

from api.json_body import raw_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def must_be_well_formed(environ: WSGIEnvironment, url_limit: int) -> None:
    """Refuse what the server lets through and others might understand otherwise. Raises 400, 404 and 414.

    The server itself refuses two lengths that differ, folded headers, and characters that headers cannot have. Of a
    length beside chunks it takes the chunks, and closes the connection after the answer: see `must_have_length`.
    """
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if not _METHOD.fullmatch(environ["REQUEST_METHOD"]):
        raise BadRequest("Methods are written in capitals.")
    if not path.startswith("/"):
        raise BadRequest("The target is no path.")
    if not _is_host(environ.get("HTTP_HOST", "")) and environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        raise BadRequest("There is one Host, and it is a name or an address.")
    if environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
        raise BadRequest("Bodies come with a length, or chunked and nothing else.")
    if len(path) + len(query) > url_limit:
        raise RequestURITooLarge(f"A path and query have at most {url_limit} bytes.")
    if "\x00" in path:
        raise NotFound("Nothing has such a name.")
    if "%" in query:
        _must_be_text(query)


def must_have_length(request: Request) -> None:
    """Refuse a body in chunks, for who wants none: a length beside chunks is taken away before anybody here sees it.

    Raises 400, and 413 when it is too large anyway.
    """
    if "Transfer-Encoding" in request.headers:
        raw_body(request)
        raise BadRequest("Bodies come with a Content-Length here, and not in chunks.")


@lru_cache(256)
def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


def _must_be_text(query: str) -> None:
    """The framework would put a replacement where bytes are no text, and take a lone % for itself."""
    if _BROKEN_PERCENT.search(query):
        raise BadRequest("A % in the query is followed by two hexadecimal digits.")
    try:
        unquote_to_bytes(query).decode()
    except UnicodeError as error:
        raise BadRequest("The query is not UTF-8.") from error
