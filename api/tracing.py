"""Each request's id: in its answer, its problems, its log lines and, as the correlation id, in its events."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

HEADER: Final = "X-Request-ID"
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

log = structlog.get_logger()


def register(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given.lower() if _UUID.fullmatch(given) else str(uuid4())
        g.began = perf_counter()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        # no path, query or header: they may hold tokens and addresses
        log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            problem=g.get("problem"),
            milliseconds=round((perf_counter() - g.began) * 1000, 1),
        )
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")
