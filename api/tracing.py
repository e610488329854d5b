"""Each request's id: in its answer, its problems, its log lines and, as the correlation id, in its events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast
from uuid import uuid4

import structlog
from flask import request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from api.limits import Count, Limit, Name

HEADER: Final = "X-Request-ID"
_KEY: Final = "lodger.trace"
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

log = structlog.get_logger()


@dataclass(slots=True)
class Trace:
    """What is noted of a request while it is answered. `route` is the rule it matched, `problem` a refusal's code.

    `counted` says against which limits it was counted.
    """

    request_id: str
    began: float
    route: str | None = None
    problem: str | None = None
    counted: list[tuple[Name, Limit, Count]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Since it came."""
        return perf_counter() - self.began


def begin(environ: WSGIEnvironment) -> Trace:
    """Note that a request has come. Until `end` its id is on every log line."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    trace = Trace(given.lower() if _UUID.fullmatch(given) else str(uuid4()), perf_counter())
    environ[_KEY] = trace
    structlog.contextvars.bind_contextvars(request_id=trace.request_id)
    return trace


def current() -> Trace:
    """That of the request which is being answered."""
    return cast("Trace", request.environ[_KEY])


def log_answer(trace: Trace, method: str, status: int) -> None:
    """No path, query or header: they may hold tokens and addresses."""
    log.info(
        "request",
        method=method,
        route=trace.route,
        status=status,
        problem=trace.problem,
        milliseconds=round(trace.seconds * 1000, 1),
    )


def end() -> None:
    structlog.contextvars.unbind_contextvars("request_id")
