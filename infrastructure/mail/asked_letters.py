"""Mails about an account that somebody asked for, as rows that the postman turns into mailings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg2.extras import execute_values

from domain.notices import Template
from infrastructure.database import Database
from projections import mailings


class AskedLetters:
    """Implements `application.ports.AskedLetters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, template: Template, digests: Sequence[bytes]) -> None:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO asked_letters (template, digest) VALUES %s ON CONFLICT DO NOTHING",
                [(template, digest) for digest in digests],
            )

    def tell(self, template: Template, user_id: UUID) -> None:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            mailings.tell_user(cursor, template, user_id)
