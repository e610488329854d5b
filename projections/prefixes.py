"""Where in the log a prefix of it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import assert_never

from domain.prefixes import AtLog, AtPosition, before_first, beyond
from projections import trail
from projections.projection import Cursor

Last = Callable[[int | None], int]
Trail = Callable[[int], AbstractContextManager[Cursor]]
Find = Callable[[AtLog | None, Last, Trail], int]
"""How a position is found: see `prefix` and `start`."""


def prefix(at: AtLog | None, last: Last, reading: Trail) -> int:
    """The position of the last event of a prefix, of which nothing more is to come.

    `last` says that of the log's last event up to a position (None: of all there are); `reading` opens a cursor on the
    trail once it has come as far as a position. Raises Rejected `before_first_event`, `beyond_log`; and what they do.
    """
    end = last(None)
    match at:
        case None:
            found = end
        case AtPosition(position):
            if position > end:
                raise beyond("The log", position=end)
            found = last(position)
        case datetime():
            with reading(end) as cursor:
                _must_have_come(cursor, at)
                found = trail.upto(cursor, at)
        case _:
            assert_never(at)
    if not found:
        raise before_first("anything")
    return found


def start(at: AtLog | None, last: Last, reading: Trail) -> int:
    """The first position that an event can have of which, with what came behind it, a moment is the beginning.

    Of an instant: what is not of the longest prefix that was all recorded before it. Arguments as for `prefix`. Raises
    Rejected `beyond_log`; and what they do.
    """
    match at:
        case None:
            return 1
        case AtPosition(position):
            return position
        case datetime():
            with reading(last(None)) as cursor:
                _must_have_come(cursor, at)
                return trail.upto(cursor, at - timedelta(microseconds=1)) + 1
        case _:
            assert_never(at)


def _must_have_come(cursor: Cursor, at: datetime) -> None:
    """What is yet to be recorded could be of the prefix, too. The database's clock is what records go by."""
    cursor.execute("SELECT clock_timestamp()")
    ((now,),) = cursor.fetchall()
    if at > now:
        raise beyond("The log", now=now.astimezone(UTC).isoformat())
