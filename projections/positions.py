"""How far each consumer of the log has come, and why it stands still when it does.

A projection's position is moved in the transaction of its rows, for events that it does not care for too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Final

from projections import parked
from projections.projection import Connection, Cursor

_COLUMNS: Final = "name, version, position, stopped_reason, moved_at, parked, kept_version, kept_position"
_POLL_SECONDS: Final = 0.004


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a consumer stands: everything up to `position` is done, but for the `parked` events.

    `stopped_reason` None: it goes on. `kept_version` and `kept_position` are those of the tables that a rebuild
    replaced; None: no such tables are kept.
    """

    name: str
    version: int
    position: int
    stopped_reason: str | None
    moved_at: datetime
    parked: int
    kept_version: int | None
    kept_position: int | None


class Behind(Exception):
    """A read model has not come as far as was asked for. `reason` is for people."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Parked(Behind):
    """A read model has come so far without some events that it could not take, and it is they that were asked for."""


def register(cursor: Cursor, name: str, version: int) -> None:
    """Begin at the start of the log, unless begun already."""
    cursor.execute("INSERT INTO positions (name, version) VALUES (%s, %s) ON CONFLICT DO NOTHING", [name, version])


def standings(cursor: Cursor) -> dict[str, Standing]:
    """Every consumer by name."""
    cursor.execute(f"SELECT {_COLUMNS} FROM positions ORDER BY name")  # noqa: S608 - a constant
    return {row[0]: Standing(*row) for row in cursor.fetchall()}


def hold(cursor: Cursor, name: str) -> Standing:
    """The standing of one consumer, locked until the transaction ends; waits for whoever has it."""
    cursor.execute(f"SELECT {_COLUMNS} FROM positions WHERE name = %s FOR UPDATE", [name])  # noqa: S608 - a constant
    (row,) = cursor.fetchall()
    return Standing(*row)


def begin(cursor: Cursor, names: Sequence[str]) -> dict[str, Standing]:
    """Begin a transaction: the standings that nobody else has, locked until it ends."""
    cursor.execute(
        f"BEGIN; SELECT {_COLUMNS} FROM positions WHERE name = ANY (%s) ORDER BY name FOR UPDATE SKIP LOCKED",  # noqa: S608
        [list(names)],
    )
    return {row[0]: Standing(*row) for row in cursor.fetchall()}


def commit(cursor: Cursor, names: Sequence[str], position: int, changed: Sequence[str]) -> None:
    """`move`, and end what `begin` began."""
    cursor.execute(f"{_MOVE}; COMMIT", [position, list(changed), list(names)])


def move(cursor: Cursor, names: Sequence[str], position: int, changed: Sequence[str] = ()) -> None:
    """Everything up to `position` is done; whatever was wrong is not any more. `changed` may have other rows now.

    The transaction's commit is not waited for: lost in a crash, a position is lost with what was written before it,
    and both are made again.
    """
    cursor.execute(_MOVE, [position, list(changed), list(names)])


_MOVE: Final = """UPDATE positions SET position = %s, stopped_reason = NULL, moved_at = clock_timestamp(),
           changes = changes + (name = ANY (%s))::integer
    WHERE name = ANY (%s) RETURNING set_config('synchronous_commit', 'off', true)"""


def change(cursor: Cursor, name: str) -> None:
    """A read model's rows are others now, though it stands where it stood."""
    cursor.execute("UPDATE positions SET changes = changes + 1 WHERE name = %s", [name])


def stop(cursor: Cursor, name: str, reason: str) -> bool:
    """Say why a consumer stands still; whether that is news."""
    cursor.execute(
        "UPDATE positions SET stopped_reason = %s WHERE name = %s AND stopped_reason IS DISTINCT FROM %s",
        [reason, name, reason],
    )
    return cursor.rowcount == 1


def reached(cursor: Cursor, name: str) -> int:
    """How far a consumer has come; 0 before it ever ran."""
    cursor.execute("SELECT position FROM positions WHERE name = %s", [name])
    row = cursor.fetchone()
    return row[0] if row else 0


def wait_until(
    connect: Callable[[], AbstractContextManager[Connection]],
    name: str,
    position: int,
    timeout_seconds: float = 2.0,
    *,
    whole: bool = False,
) -> None:
    """Return once a read model shows `position`, so that people see what they just did.

    No connection is held while waiting. Raises Behind after the time, or at once when the read model is stopped;
    Parked when it has come so far without events of the same partition, or with `whole` without any.
    """
    deadline = monotonic() + timeout_seconds
    while True:
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT position, stopped_reason, parked FROM positions WHERE name = %s", [name])
            at, stopped, waiting = cursor.fetchone() or (0, None, 0)
            if at >= position:
                if waiting and parked.conceals(cursor, name, position, whole=whole):
                    raise Parked(name, f"events before position {position} are parked: an operator has to see to them")
                return
        if stopped is not None:
            raise Behind(name, stopped)
        if monotonic() >= deadline:
            raise Behind(name, f"it is at position {at} of the log and was asked for {position}")
        sleep(_POLL_SECONDS)
