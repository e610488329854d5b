"""Phones that mobile money is asked from."""

from __future__ import annotations

from uuid import UUID

from infrastructure.database import Database


class PhoneBook:
    """Implements `application.ports.Payers` on a plain table, outside the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, payment_id: UUID, phone: str) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO payers (payment_id, phone) VALUES (%s, %s)
                   ON CONFLICT (payment_id) DO UPDATE SET phone = excluded.phone""",
                [payment_id, phone],
            )

    def phone(self, payment_id: UUID) -> str | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT phone FROM payers WHERE payment_id = %s", [payment_id])
            row = cursor.fetchone()
        return row[0] if row else None
