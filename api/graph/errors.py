"""Refusals in the graph: errors of a query, or members of a mutation's union. Codes are those of `api.problems`."""

from __future__ import annotations

import re
from typing import Any, Final

import strawberry
import structlog
from graphql import GraphQLError
from marshmallow import ValidationError
from strawberry.scalars import JSON

from api import tracing
from api.problems import STATUS_OF, TITLE_OF, known_code, type_of
from domain.rejections import Rejected

_INVALID: Final = "graphql_invalid"
_SUGGESTION: Final = re.compile(r"\s*Did you mean .*\?", re.DOTALL)

log = structlog.get_logger()


@strawberry.type
class Problem:
    """A command that was refused. The same as REST's problem details (RFC 9457)."""

    code: str = strawberry.field(description="Stable: what clients go by.")
    type: str = strawberry.field(description="Leads to a page about it.")
    title: str
    status: int = strawberry.field(description="The status that REST answers with.")
    detail: str
    details: JSON = strawberry.field(description="More about it, by code: an object.")
    errors: JSON | None = strawberry.field(default=None, description="Messages by field, of `validation_failed`.")


def problem(refusal: Rejected | ValidationError) -> Problem:
    """A refusal as a mutation answers it. One that is a mistake of ours is raised again."""
    if isinstance(refusal, ValidationError):
        return _problem("validation_failed", "See `errors`, by field.", {}, refusal.messages)
    if refusal.code not in STATUS_OF:
        raise refusal
    return _problem(refusal.code, refusal.message, dict(refusal.details), None)


def _problem(code: str, detail: str, details: dict[str, Any], errors: Any) -> Problem:
    return Problem(
        code=code,
        type=type_of(code),
        title=TITLE_OF[code],
        status=STATUS_OF[code],
        detail=detail,
        details=JSON(details),
        errors=None if errors is None else JSON(errors),
    )


def shown(error: GraphQLError, *, suggesting: bool) -> dict[str, Any]:
    """An error of an operation as clients get it: with a stable code, and without what only we should know."""
    cause = error.original_error
    code, message, details = _INVALID, error.message, {}
    if isinstance(cause, Rejected) and cause.code in STATUS_OF:
        code, message, details = cause.code, cause.message or TITLE_OF[cause.code], dict(cause.details)
    elif isinstance(cause, ValidationError):
        code, message, details = "validation_failed", "See `errors`, by field.", {"errors": cause.messages}
    elif cause is not None and not _is_clients(error):
        code, message = _masked(cause)
    elif not suggesting:
        message = _SUGGESTION.sub("", message)
    told: dict[str, Any] = {"message": message}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        told["path"] = error.path
    told["extensions"] = {**details, "code": code, "type": type_of(code), "status": STATUS_OF[code]}
    return told


def _is_clients(error: GraphQLError) -> bool:
    """Whether a value that was sent is at fault: scalars say so before any field is resolved."""
    return error.path is None and isinstance(error.original_error, (GraphQLError, ValueError, TypeError))


def _masked(cause: Exception) -> tuple[str, str]:
    """What REST would answer, said as little about; the trace is for the log."""
    code = known_code(cause)
    if code == "internal_error":
        log.error("unhandled", exc_info=cause)
        return code, f"It has been recorded under urn:uuid:{tracing.current().request_id}."
    log.warning("unavailable", error=type(cause).__name__)
    return code, "Try again in a moment."
