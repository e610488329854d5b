"""For people who write operations: a page to try them on, and the schema, which is no secret, for their tools."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec
from flask import Blueprint, Response, render_template, request, send_from_directory
from graphql import introspection_from_schema
from werkzeug.exceptions import MethodNotAllowed

from api.answers import JSON
from api.graph.schema import SCHEMA

pages = Blueprint("graphql_pages", __name__, url_prefix="/graphql")

_SCRIPTS: Final = {"explorer.js": "graphql_explorer.js", "schema_browser.js": "graphql_schema_browser.js"}
_SECONDS: Final = 300
_HTML: Final = "text/html"


@pages.get("")
def explorer() -> str:
    """The page, for browsers. Operations are never executed by GET: addresses are logged, and caches keep answers."""
    accepted = request.accept_mimetypes
    if accepted and not accepted.accept_html:
        raise MethodNotAllowed(["POST"], "Operations are sent by POST.")
    return render_template("graphql.html")


@pages.get("/explorer.js")
@pages.get("/schema_browser.js", endpoint="schema_browser")
def script() -> Response:
    return send_from_directory("templates", _SCRIPTS[request.path.rpartition("/")[2]], max_age=_SECONDS)


@pages.get("/schema.graphql")
def schema() -> Response:
    return _file(printed(), "text/plain")


@pages.get("/schema.json")
def schema_as_json() -> Response:
    """What the schema would answer if it were asked for itself."""
    return _file(_introspected(), JSON)


@cache
def printed() -> str:
    """The schema in its own language, as docs/graphql/schema.graphql has it."""
    return SCHEMA.as_str() + "\n"


@cache
def _introspected() -> bytes:
    return msgspec.json.encode(introspection_from_schema(SCHEMA.core))


def _file(content: str | bytes, mimetype: str) -> Response:
    file = Response(content, mimetype=mimetype)
    file.cache_control.max_age = _SECONDS
    return file
