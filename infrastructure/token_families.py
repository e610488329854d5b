"""Families of refresh tokens in PostgreSQL, and what each process knows of those that were revoked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from application.token_ports import Family, RefreshTokenReused, RefreshTokenUnknown
from domain.policies import ACCESS_TOKEN, REFRESH_TOKEN_END, REFRESH_TOKEN_GRACE, REFRESH_TOKEN_IDLE
from infrastructure.database import POOL_TIMEOUT_SECONDS, Database, Unavailable
from projections.projection import Cursor

_COLUMNS: Final = "family_id, user_id, user_agent, created_at, used_at, ends_at"
_GOES_ON: Final = "revoked_at IS NULL AND ends_at > clock_timestamp() AND used_at > clock_timestamp() - %s"
_REVOKED: Final = "revoked_at = clock_timestamp(), user_agent = ''"
"""What a program calls itself is of no use to anybody after the end."""

_log = structlog.get_logger()


class TokenFamilyTable:
    """Implements `application.token_ports.TokenFamilies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, family_id: UUID, user_id: UUID, digest: bytes, user_agent: str) -> None:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """WITH begun AS (
                       INSERT INTO token_families (family_id, user_id, user_agent, ends_at)
                       VALUES (%s, %s, %s, clock_timestamp() + %s) RETURNING family_id)
                   INSERT INTO refresh_tokens (digest, family_id) SELECT %s, family_id FROM begun""",
                [family_id, user_id, user_agent, REFRESH_TOKEN_END, digest],
            )

    def rotate(self, digests: Collection[bytes], successors: Sequence[bytes]) -> tuple[Family, bytes]:
        """See the port."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            rotated = _rotated(cursor, digests, successors)
        if rotated is None:  # told after the commit, which the revocation needs
            raise RefreshTokenReused
        return rotated

    def of_user(self, user_id: UUID) -> Sequence[Family]:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT {_COLUMNS} FROM token_families WHERE user_id = %s AND {_GOES_ON}
                    ORDER BY created_at DESC, family_id""",  # noqa: S608 - constants
                [user_id, REFRESH_TOKEN_IDLE],
            )
            return [Family(*row) for row in cursor.fetchall()]

    def revoke(self, user_id: UUID, family_id: UUID) -> bool:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE token_families SET {_REVOKED}
                    WHERE family_id = %s AND user_id = %s AND {_GOES_ON}""",  # noqa: S608 - constants
                [family_id, user_id, REFRESH_TOKEN_IDLE],
            )
            return cursor.rowcount == 1

    def revoke_all(self, user_id: UUID, keep: str | None = None) -> None:
        """See the port."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE token_families SET {_REVOKED}
                    WHERE user_id = %s AND revoked_at IS NULL AND family_id::text IS DISTINCT FROM %s""",  # noqa: S608
                [user_id, keep],
            )

    def forget(self, before: datetime) -> int:
        """See the port. Their refresh tokens go with them."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM token_families WHERE ends_at < %s OR revoked_at < %s OR used_at < %s",
                [before, before, before - REFRESH_TOKEN_IDLE],
            )
            return cursor.rowcount


def _rotated(cursor: Cursor, digests: Collection[bytes], successors: Sequence[bytes]) -> tuple[Family, bytes] | None:
    """The family of a token that is spent now, or was just now, and its successor; None of one that may not be."""
    cursor.execute(
        f"""SELECT {_COLUMNS}, digest, successor, spent_at > clock_timestamp() - %s
            FROM refresh_tokens t JOIN token_families f USING (family_id)
            WHERE digest = ANY (%s) AND {_GOES_ON} FOR UPDATE OF f, t""",  # noqa: S608 - constants
        [REFRESH_TOKEN_GRACE, list(digests), REFRESH_TOKEN_IDLE],
    )
    row = cursor.fetchone()
    if row is None:
        raise RefreshTokenUnknown
    *columns, digest, given, just_now = row
    family = Family(*columns)
    if given is None:
        _spend(cursor, family, digest, successors[0])
        return family, successors[0]
    if just_now and bytes(given) in successors and _is_unspent(cursor, given):
        return family, bytes(given)
    cursor.execute(f"UPDATE token_families SET {_REVOKED} WHERE family_id = %s", [family.family_id])  # noqa: S608
    return None


def _spend(cursor: Cursor, family: Family, digest: bytes, successor: bytes) -> None:
    cursor.execute(
        "UPDATE refresh_tokens SET spent_at = clock_timestamp(), successor = %s WHERE digest = %s", [successor, digest]
    )
    cursor.execute("INSERT INTO refresh_tokens (digest, family_id) VALUES (%s, %s)", [successor, family.family_id])
    cursor.execute("UPDATE token_families SET used_at = clock_timestamp() WHERE family_id = %s", [family.family_id])


def _is_unspent(cursor: Cursor, digest: bytes) -> bool:
    cursor.execute("SELECT FROM refresh_tokens WHERE digest = %s AND spent_at IS NULL", [digest])
    return cursor.rowcount == 1


_FRESH_SECONDS: Final = 1.0
_MARGIN: Final = timedelta(minutes=2)
"""The clocks of this process and of the database may differ so much."""


class RevokedFamilies:
    """Implements `application.token_ports.Revocations`: the families revoked within an access token's life.

    Asked once a second, by one thread for all; the others go on with what is known. While PostgreSQL is away that
    stays in use: a request that gets past it meets the same absence.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: frozenset[str] | None = None
        self._asked_at = float("-inf")
        self._asking = Lock()

    def includes(self, family_id: str) -> bool:
        """See the port. Raises Unavailable before anything was ever known."""
        if self._age() >= _FRESH_SECONDS and self._asking.acquire(timeout=self._patience()):
            try:
                if self._age() >= _FRESH_SECONDS:
                    self._ask()
            finally:
                self._asking.release()
        if self._known is None:
            raise Unavailable("which tokens are revoked is not known yet")
        return family_id in self._known

    def _age(self) -> float:
        return monotonic() - self._asked_at

    def _patience(self) -> float:
        """How long, in seconds, to wait for the thread that asks: what is a little old still serves."""
        if self._known is None:
            return POOL_TIMEOUT_SECONDS
        return 0.0 if self._age() < 2 * _FRESH_SECONDS else 0.25

    def _ask(self) -> None:
        try:
            self._known = self._revoked()
        except Unavailable as error:
            if self._known is None:
                raise
            _log.warning("database away, revoked tokens as known", error=str(error))
        finally:
            self._asked_at = monotonic()

    def _revoked(self) -> frozenset[str]:
        since = ACCESS_TOKEN + _MARGIN
        with self._database.connection() as connection, connection.cursor() as cursor:
            # A family whose last access token has expired has none left that could be used.
            cursor.execute(
                """SELECT family_id::text FROM token_families
                   WHERE revoked_at > clock_timestamp() - %s AND used_at > clock_timestamp() - %s""",
                [since, since],
            )
            return frozenset(family_id for (family_id,) in cursor.fetchall())
