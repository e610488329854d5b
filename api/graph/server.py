"""The graph over HTTP: POST JSON, one operation or a batch of them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request
from graphql import parse
from strawberry.types import ExecutionResult

from api.answers import JSON, JsonResponse
from api.authentication import admit_whoever
from api.commands import POSITION_HEADER
from api.graph.context import Context
from api.graph.errors import shown
from api.graph.schema import SCHEMA
from api.json_body import read_json

resource = Blueprint("graphql", __name__, url_prefix="/graphql")

_LOOPS: Final = threading.local()


@resource.post("")
def execute() -> Response:
    """Whatever the graph offers, for whoever calls."""
    principal = admit_whoever()
    body = read_json(request)
    context = Context(principal, parse(body["query"]))
    result = _run(context, body)
    answered: dict[str, Any] = {"data": result.data}
    if result.errors:
        answered["errors"] = [shown(error, suggesting=False) for error in result.errors]
    headers = {} if context.committed_at is None else {POSITION_HEADER: str(context.committed_at)}
    return JsonResponse(msgspec.json.encode(answered), 200, headers, content_type=JSON)


def _run(context: Context, body: dict[str, Any]) -> ExecutionResult:
    """Execute on this thread's event loop: resolvers read as REST does, only loaders wait for one another."""
    return _loop().run_until_complete(
        SCHEMA.execute(
            "",
            variable_values=body.get("variables"),
            context_value=context,
            operation_name=body.get("operationName"),
        )
    )


def _loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop | None = getattr(_LOOPS, "loop", None)
    if loop is None or loop.is_closed():
        loop = _LOOPS.loop = asyncio.new_event_loop()
    return loop
