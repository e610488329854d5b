"""Identities at OpenID providers, and the logins that were finished, in plain tables."""

from __future__ import annotations

from uuid import UUID

from application.external_logins import OIDC
from application.ports import IdentityTaken
from domain.policies import OIDC_LOGIN
from infrastructure.database import Database


class IdentityTable:
    """Implements `application.identity_ports.Identities`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def link(self, user_id: UUID, digest: bytes) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO identities (kind, digest, user_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [OIDC, digest, user_id],
            )
            cursor.execute("SELECT user_id FROM identities WHERE kind = %s AND digest = %s", [OIDC, digest])
            ((owner,),) = cursor.fetchall()
        if owner != user_id:
            raise IdentityTaken(OIDC)

    def disown(self, user_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE people SET password_hash = NULL WHERE user_id = %s", [user_id])

    def finish(self, login_id: UUID) -> bool:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM oidc_logins_used WHERE used_at < clock_timestamp() - 2 * %s::interval", [OIDC_LOGIN]
            )
            cursor.execute("INSERT INTO oidc_logins_used (login_id) VALUES (%s) ON CONFLICT DO NOTHING", [login_id])
            return cursor.rowcount == 1
