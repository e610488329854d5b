"""What is known of payers: phones that mobile money is asked from, and what their clients confirm charges with."""

from __future__ import annotations

from uuid import UUID

from infrastructure.database import Database


class PayerTable:
    """Implements `application.payment_ports.Payers` on a plain table, outside the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, payment_id: UUID, phone: str) -> None:
        self._keep("phone", payment_id, phone)

    def phone(self, payment_id: UUID) -> str | None:
        return self._find("phone", payment_id)

    def remember_client_secret(self, payment_id: UUID, secret: str) -> None:
        self._keep("client_secret", payment_id, secret)

    def client_secret(self, payment_id: UUID) -> str | None:
        return self._find("client_secret", payment_id)

    def _keep(self, column: str, payment_id: UUID, value: str) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO payers (payment_id, {column}) VALUES (%s, %s)
                    ON CONFLICT (payment_id) DO UPDATE SET {column} = excluded.{column}""",  # noqa: S608 - constants
                [payment_id, value],
            )

    def _find(self, column: str, payment_id: UUID) -> str | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {column} FROM payers WHERE payment_id = %s", [payment_id])  # noqa: S608 - constants
            row = cursor.fetchone()
        return row[0] if row else None
