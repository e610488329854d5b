"""Clocks: the system's, and the sandbox's, which can be moved forward so that deadlines can be seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from domain.rejections import Rejected
from infrastructure.database import Database

SANDBOX_NOW: Final = "clock_timestamp() + coalesce((SELECT ahead FROM sandbox_clock), interval '0')"
"""What the sandbox's clock shows, in SQL."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SandboxClock:
    """The database's time and how far it was moved ahead: one time for all processes.

    It costs a round trip for each question, which only the sandbox pays.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {SANDBOX_NOW}")
            row = cursor.fetchone()
        assert row is not None
        now: datetime = row[0]
        return now

    def start_at(self, instant: datetime) -> None:
        """Begin at `instant`, once: a clock that was set before is only ever moved forward."""
        self._put(
            """INSERT INTO sandbox_clock (ahead) VALUES (%s - clock_timestamp())
                     ON CONFLICT (only_one) DO UPDATE SET ahead = greatest(sandbox_clock.ahead, excluded.ahead)
                     RETURNING true""",
            instant,
        )

    def advance_to(self, instant: datetime) -> datetime:
        """Move forward; returns what it shows. Raises Rejected `clock_backwards`."""
        moved = self._put(
            """INSERT INTO sandbox_clock (ahead)
                             SELECT %s - clock_timestamp()
                             WHERE %s >= clock_timestamp()
                                 + coalesce((SELECT ahead FROM sandbox_clock), interval '0')
                             ON CONFLICT (only_one) DO UPDATE SET ahead = excluded.ahead
                                 WHERE excluded.ahead >= sandbox_clock.ahead
                             RETURNING true""",
            instant,
            instant,
        )
        if not moved:
            raise Rejected("clock_backwards", "The clock only moves forward.", now=self.now().isoformat())
        return self.now()

    def _put(self, statement: str, *arguments: datetime) -> bool:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchone() is not None
