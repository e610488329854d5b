"""JSON text of answers, made by schemas."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response
from marshmallow import Schema
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


JSON: Final = "application/json"


class JsonResponse(Response):
    """A response with a body, whose headers are as they shall be: Werkzeug looks through them all for what to mend."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:  # noqa: ARG002 - the library's signature
        return self.headers


def text(schema: type[Schema], shown: Any) -> str:
    """`shown` as compact JSON, by a schema."""
    return msgspec.json.encode(dumped(schema, shown)).decode()


def dumped(schema: type[Schema], shown: Any) -> Any:
    """`shown` as values that JSON has, by a schema."""
    return _instance(schema).dump(shown)


def sent(schema: type[Schema], shown: Any, status: int = 200, **headers: str) -> Response:
    """The answer to something that keeps none."""
    return JsonResponse(text(schema, shown), status, headers, content_type=JSON)


@cache
def _instance(schema: type[Schema]) -> Schema:
    """Making one copies all its fields, which would cost more than dumping by it."""
    return schema()
