"""Where hosts are paid: plain tables, outside the events."""

from __future__ import annotations

from uuid import UUID

from application.payout_ports import Destination
from infrastructure.database import Database


class PayeeTable:
    """Implements `application.payout_ports.Payees`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def choose(self, host_id: UUID, destination: Destination) -> None:
        """Replace where a host is paid."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO payout_destinations AS chosen (host_id, method, provider, reference)
                   VALUES (%s, %s, %s, %s) ON CONFLICT (host_id) DO UPDATE
                   SET (method, provider, reference) = (excluded.method, excluded.provider, excluded.reference)""",
                [host_id, destination.method, destination.provider, destination.reference],
            )

    def destination(self, host_id: UUID) -> Destination | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT method, provider, reference FROM payout_destinations WHERE host_id = %s", [host_id])
            row = cursor.fetchone()
        return Destination(*row) if row else None

    def remember(self, payout_id: UUID, host_id: UUID, reference: str) -> None:
        """See `Payees.remember`. A try that is made again says it anew: only the last one's payout is scheduled."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO payout_addresses (payout_id, host_id, reference) VALUES (%s, %s, %s)
                   ON CONFLICT (payout_id) DO UPDATE SET reference = excluded.reference""",
                [payout_id, host_id, reference],
            )

    def reference(self, payout_id: UUID) -> str:
        """See `Payees.reference`."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT reference FROM payout_addresses WHERE payout_id = %s", [payout_id])
            ((reference,),) = cursor.fetchall()
        return str(reference)

    def host_of(self, payout_id: UUID) -> UUID | None:
        """See `Payees.host_of`."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT host_id FROM payout_addresses WHERE payout_id = %s", [payout_id])
            row = cursor.fetchone()
        return row[0] if row else None
