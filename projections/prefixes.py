"""Where in the log a prefix of it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import assert_never

from domain.prefixes import AtLog, AtPosition, before_first, beyond
from projections import trail
from projections.projection import Cursor


def prefix(
    at: AtLog | None, last: Callable[[int | None], int], reading: Callable[[int], AbstractContextManager[Cursor]]
) -> int:
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


def _must_have_come(cursor: Cursor, at: datetime) -> None:
    """What is yet to be recorded could be of the prefix, too. The database's clock is what records go by."""
    cursor.execute("SELECT clock_timestamp()")
    ((now,),) = cursor.fetchall()
    if at > now:
        raise beyond("The log", now=now.astimezone(UTC).isoformat())
