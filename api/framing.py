"""What a request must be before anybody looks at what it says: of one meaning for every server that it passes."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, RequestURITooLarge

from api.json_body import raw_body
from domain.rejections import Rejected

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WANTED: Final = (
    "Send the body with a Content-Length and without Transfer-Encoding. If your client cannot, ask whoever runs this "
    "API: bodies in chunks are their setting LODGER_CHUNKED_BODIES."
)


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
        raise BadRequest("A Transfer-Encoding is chunked, and nothing else.")
    if len(path) + len(query) > url_limit:
        raise RequestURITooLarge(f"A path and query have at most {url_limit} bytes.")
    if "\x00" in path:
        raise NotFound("Nothing has such a name.")
    if "%" in query:
        _must_be_text(query)


def must_have_length(request: Request) -> None:
    """Refuse every body in chunks: a length beside them is taken away before anybody here sees it.

    It is read first, up to the limit. Who sends on without an end learns that it is too much; everybody else has sent
    it all by then, and reads what is answered: clients that are still sending find their connection closed instead.
    Raises Rejected `chunks_refused`, and 413.
    """
    if "Transfer-Encoding" not in request.headers:
        return
    try:
        with suppress(BadRequest):  # chunks that make no sense, or none at all
            raw_body(request)
    except RequestEntityTooLarge as error:
        raise RequestEntityTooLarge(
            f"The body has no length, and is too large to be read to its end. {_WANTED}"
        ) from error
    raise Rejected("chunks_refused", _WANTED)


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
