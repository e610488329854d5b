"""The graph over HTTP: POST JSON, one operation or a batch of them, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from time import perf_counter
from typing import Any, Final

import msgspec
import structlog
from flask import Blueprint, Response, request
from marshmallow import ValidationError, fields
from strawberry.types import ExecutionResult
from werkzeug.exceptions import BadRequest

from api.answers import JSON, JsonResponse
from api.authentication import admit_whoever
from api.commands import POSITION_HEADER
from api.edge import edge
from api.graph import documents, errors
from api.graph.context import Context
from api.graph.documents import Asked, Operation
from api.graph.limits import Limits
from api.graph.schema import SCHEMA, execute
from api.json_body import read_json
from api.lists import position_sent
from api.metrics import count_operation
from api.schemas.fields import Strict, Text
from domain.rejections import Rejected

resource = Blueprint("graphql", __name__, url_prefix="/graphql")

RESPONSE: Final = "application/graphql-response+json"
"""What clients accept to be told by the status that nothing was executed."""

_NAME_LENGTH: Final = 200

log = structlog.get_logger()


class OperationSchema(Strict):
    """An operation as clients send it."""

    query = fields.String(required=True)
    variables = fields.Dict(keys=fields.String(), allow_none=True)
    operation_name = Text(_NAME_LENGTH, data_key="operationName", allow_none=True)
    extensions = fields.Dict(keys=fields.String(), allow_none=True)


_OPERATION: Final = OperationSchema()


@resource.post("")
def answer_operations() -> Response:
    """Whatever the graph offers, for whoever calls."""
    limits = edge().options.graph
    principal = admit_whoever()
    body = read_json(request)
    asked = _asked(body, limits)
    position, committed_at, answers = position_sent(), 0, []
    for operation in documents.operations(SCHEMA.core, asked, limits):
        context = Context(principal, operation, position)
        answers.append(_answer(context, limits))
        position, committed_at = context.position, max(committed_at, context.committed_at or 0)
    headers = {POSITION_HEADER: str(committed_at)} if committed_at else {}
    accepted = RESPONSE if RESPONSE in request.accept_mimetypes.values() else JSON
    is_refused = accepted == RESPONSE and all("data" not in each for each in answers)
    text = msgspec.json.encode(answers if isinstance(body, list) else answers[0])
    return JsonResponse(text, 400 if is_refused else 200, headers, content_type=accepted)


def _asked(body: Any, limits: Limits) -> Sequence[Asked]:
    """The operations of a body. Raises ValidationError, BadRequest and Rejected `graphql_batch_too_large`."""
    if not isinstance(body, list):
        return [_operation(body)]
    if not body:
        raise BadRequest("A batch has at least one operation.")
    if len(body) > limits.batch:
        raise Rejected(
            "graphql_batch_too_large", f"A batch has at most {limits.batch} operations.", maximum=limits.batch
        )
    return [_operation(each) for each in body]


def _operation(sent: Any) -> Asked:
    if not isinstance(sent, dict):
        raise BadRequest("An operation is an object with a query.")
    given = _OPERATION.load(sent)
    return Asked(given["query"], _number_or_text(given.get("variables") or {}), given.get("operation_name"))


def _number_or_text(value: Any) -> Any:
    """A variable's value as GraphQL has it: fractions are floats there. Raises ValidationError for what is no text."""
    match value:
        case Decimal():
            return float(value)
        case str() if "\x00" in value:
            raise ValidationError("NUL is not text.", "variables")
        case dict():
            return {_number_or_text(name): _number_or_text(each) for name, each in value.items()}
        case list():
            return [_number_or_text(each) for each in value]
        case _:
            return value


def _answer(context: Context, limits: Limits) -> Mapping[str, Any]:
    """What one operation comes to. `data` is missing where nothing was executed."""
    began = perf_counter()
    result = execute(context)
    told = [errors.shown(error, suggesting=limits.introspection) for error in result.errors or ()]
    _note(context.operation, result, told, perf_counter() - began)
    answered: dict[str, Any] = {"errors": told} if told else {}
    if result.data is not None or any("path" in each for each in told):
        answered["data"] = result.data
    return answered


def _note(operation: Operation, result: ExecutionResult, told: Sequence[Mapping[str, Any]], seconds: float) -> None:
    """For the log and the metrics: never the document or its variables, which may hold anything."""
    codes = sorted({each["extensions"]["code"] for each in told})
    count_operation(operation.kind, "refused" if result.data is None else "partial" if codes else "answered", seconds)
    log.info(
        "operation",
        kind=operation.kind,
        operation=operation.name,
        problems=codes,
        milliseconds=round(seconds * 1000, 1),
    )
