"""Whom to forget, and how often their traces are swept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from application.erasure_ports import Erasure
from infrastructure.database import Database

SWEEPS: Final = ("15 seconds", "20 minutes")
"""After the first sweep, when to sweep again: once nobody remembers the key, and once no access token is good."""

DAILY: Final = "1 day"
SWEPT_FOR: Final = "180 days"
"""Banks and providers come back to a payment months later, and name its payer."""

_LEASE: Final = "1 minute"
_COLUMNS: Final = "user_id, begun_at, sweeps, done_at"


class ErasureTable:
    """Implements `application.erasure_ports.Erasures`. Real time counts: it is what keys and tokens live by."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, user_id: UUID, *, anew: bool = False) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO erasures (user_id) VALUES (%s) ON CONFLICT (user_id) DO UPDATE
                   SET begun_at = clock_timestamp(), sweeps = 0, done_at = NULL, next_sweep_at = clock_timestamp()
                   WHERE %s""",
                [user_id, anew],
            )

    def take_due(self) -> Erasure | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE erasures SET next_sweep_at = clock_timestamp() + interval '{_LEASE}'
                    WHERE user_id = (SELECT user_id FROM erasures
                                     WHERE done_at IS NULL AND next_sweep_at <= clock_timestamp()
                                     ORDER BY next_sweep_at, user_id LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING {_COLUMNS}"""  # noqa: S608 - constants
            )
            row = cursor.fetchone()
        return Erasure(*row) if row else None

    def swept(self, erasure: Erasure) -> None:
        pause = SWEEPS[erasure.sweeps] if erasure.sweeps < len(SWEEPS) else DAILY
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE erasures
                    SET sweeps = sweeps + 1, next_sweep_at = clock_timestamp() + %s::interval,
                        done_at = CASE WHEN clock_timestamp() - begun_at >= interval '{SWEPT_FOR}'
                                       THEN clock_timestamp() END
                    WHERE user_id = %s AND sweeps = %s""",  # noqa: S608 - constants
                [pause, erasure.user_id, erasure.sweeps],
            )

    def listed(self) -> Sequence[Erasure]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM erasures ORDER BY begun_at, user_id")  # noqa: S608 - constants
            return [Erasure(*row) for row in cursor.fetchall()]
