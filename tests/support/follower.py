"""Following the log to its end while others write, and noting what was seen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from infrastructure.event_store.log_reader import LogReader
from tests.support.checkers import Reading

_PAGE = 500


def follow(reader: LogReader, upto: Callable[[], int], writers: list[Thread]) -> Reading:
    """Read as far as `upto` says, again and again, until all writers are done and their last event is passed.

    `upto` may give up waiting and say an old position, so that the writers are done does not mean that it is the end.
    """
    reading, after, end = Reading(), 0, None
    while end is None or after < end:
        if not any(writer.is_alive() for writer in writers):
            end = reader.safe_position(wait_seconds=10.0)
        limit = upto()
        while page := reader.read(after, limit, _PAGE):
            reading.seen += [(event.position or 0, event.stream_id, event.version) for event in page]
            after = reading.seen[-1][0]
        after = max(after, limit)
    return reading
