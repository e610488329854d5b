"""Logs: lines for people in development, JSON in production. Never the values of local variables."""

from __future__ import annotations

import logging
from typing import Final

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
    # The default shows tracebacks with all local variables: among them are passwords, phones and tokens.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    rendered: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if settings.env == "production"
        else [plain]
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(processors=[*_SHARED, *rendered], wrapper_class=structlog.make_filtering_bound_logger(level))
