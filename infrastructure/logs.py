"""Logs: lines for people in development, JSON in production. Never the values of local variables."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import Processor

from infrastructure.settings import Settings

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: Settings) -> None:
    """Set up structlog for this process."""
    rendered: list[Processor]
    if settings.env == "production":
        rendered = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_encoded)]
    else:
        # The default shows tracebacks with all local variables: among them are passwords, phones and tokens.
        rendered = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[*_SHARED, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _encoded(entry: object, default: Callable[[Any], Any]) -> str:
    """Text, as a worker's standard output takes nothing else. `default` shows what JSON has no word for."""
    return msgspec.json.encode(entry, enc_hook=default).decode()
