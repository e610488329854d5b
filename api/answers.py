"""JSON text of answers, made by schemas."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from flask import Response
from marshmallow import Schema


def text(schema: type[Schema], shown: Any) -> str:
    """`shown` as compact JSON, by a schema."""
    return msgspec.json.encode(_instance(schema).dump(shown)).decode()


def sent(schema: type[Schema], shown: Any, **headers: str) -> Response:
    """The answer to something that keeps none."""
    return Response(text(schema, shown), 200, headers, mimetype="application/json")


@cache
def _instance(schema: type[Schema]) -> Schema:
    """Making one copies all its fields, which would cost more than dumping by it."""
    return schema()
