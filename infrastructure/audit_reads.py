"""Reads of auditors in a table to which they add, and which nobody changes."""

from __future__ import annotations

from collections.abc import Sequence

from application.audit_reads import Read, ReadBy
from infrastructure.database import Database


class AuditReadTable:
    """Implements `application.audit_reads.AuditReads`. `database` is the auditor's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, credential: ReadBy, reader: str, request: str) -> None:
        """See `AuditReads.keep`. Raises Unavailable."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_reads (credential, reader, request) VALUES (%s, %s, %s)",
                [credential, reader, request],
            )

    def newest(self, before: int | None, limit: int) -> Sequence[Read]:
        """See `AuditReads.newest`."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT read_id, read_at, credential, reader, request FROM audit_reads
                   WHERE read_id < coalesce(%s, 9223372036854775807) ORDER BY read_id DESC LIMIT %s""",
                [before, limit],
            )
            return [Read(*row) for row in cursor.fetchall()]
