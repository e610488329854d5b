"""Logs: one line for each thing that happened, JSON in production and for people in development.

What libraries log, what Python warns of and what nobody caught goes the same way, so that no line is of another kind.
Never the values of local variables, and nothing of anybody's (`infrastructure/redaction.py`).
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from structlog.typing import Processor

from infrastructure.redaction import redact
from infrastructure.settings import LogFormat, Settings

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_log = structlog.get_logger()


def configure(settings: Settings) -> None:
    """Set up structlog for this process."""
    structlog.configure(
        processors=[*_SHARED, *rendered(settings.log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def for_commands() -> None:
    """For who works at a terminal: what is wrong, beside what the command itself says."""
    structlog.configure(
        processors=[*_SHARED, *rendered("console")],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def take_over(settings: Settings) -> None:
    """Set up structlog, and let everything else that this process says go through it."""
    configure(settings)
    logging.basicConfig(handlers=[Handler(settings.log_format)], level=_level(settings), force=True)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda failed: _uncaught(
        failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback
    )


def rendered(log_format: LogFormat) -> list[Processor]:
    """What makes a line of an entry: exceptions as text first, so that they are looked through too."""
    last: Processor
    match log_format:
        case "json":
            last = structlog.processors.JSONRenderer(serializer=_encoded)
        case "console":
            # The default shows tracebacks with all local variables: among them are passwords, phones and tokens.
            last = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return [structlog.processors.format_exc_info, redact, last]


class Handler(logging.Handler):
    """Writes what came through the standard library as lines like our own, to wherever standard output leads now."""

    def __init__(self, log_format: LogFormat) -> None:
        super().__init__()
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered(log_format)],
                use_get_message=True,
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(self.format(record) + "\n")  # in one piece: threads share it
            sys.stdout.flush()
        except Exception:  # noqa: BLE001 - what cannot be logged stops nothing
            self.handleError(record)


def for_granian(settings: Settings) -> dict[str, Any]:
    """The configuration of the server's own loggers, which it makes anew in each of its processes."""
    ours = {"handlers": ["lodger"], "level": settings.log_level.upper(), "propagate": False}
    return {
        "handlers": {"lodger": {"()": "infrastructure.logs.Handler", "log_format": settings.log_format}},
        "loggers": {"_granian": ours, "granian.access": ours},
    }


@contextmanager
def about(request_id: UUID | None) -> Iterator[None]:
    """While the block lasts every line of this thread is about one request: the correlation id of its events."""
    if request_id is None:
        yield
        return
    tokens = structlog.contextvars.bind_contextvars(request_id=str(request_id))
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("uncaught", exc_info=(kind, error, trace))


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level.upper()]


def _encoded(entry: object, default: Callable[[Any], Any]) -> str:
    """Text, as a worker's standard output takes nothing else. `default` shows what JSON has no word for."""
    return msgspec.json.encode(entry, enc_hook=default).decode()
