"""Everything that is sealed in the database, and sealing it anew under the newest key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from infrastructure.database import Database
from infrastructure.keyring import Keyring

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column whose values are sealed, each for the owner in another column."""

    purpose: str
    table: str
    owner: str
    column: str


SEALED: Final = (
    Sealed("person key", "person_keys", "person_id", "sealed"),
    Sealed("webhook secret", "webhook_endpoints", "endpoint_id", "secret"),
    Sealed("webhook secret", "webhook_endpoints", "endpoint_id", "former_secret"),
    Sealed("second factor", "second_factors", "factor_id", "sealed"),
)
"""Every column there is; a test compares it with the schema."""


def reseal(database: Database, keyring: Keyring, purpose: str) -> int:
    """Seal anew what was sealed with other keys of a purpose than the one that is used now; how many values.

    What somebody changes meanwhile is left to them: they know the newest key. Raises CannotOpen, Unavailable.
    """
    keyring.read()
    return sum(_reseal(database, keyring, sealed) for sealed in SEALED if sealed.purpose == purpose)


def _reseal(database: Database, keyring: Keyring, sealed: Sealed) -> int:
    sealer, table, owner, column = keyring.sealer(sealed.purpose), sealed.table, sealed.owner, sealed.column
    last, count = UUID(int=0), 0
    while True:
        with database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {owner}, {column} FROM {table}"  # noqa: S608 - constants
                f" WHERE {owner} > %s AND {column} IS NOT NULL ORDER BY {owner} LIMIT %s",
                [last, _BATCH],
            )
            rows = [(owner_id, bytes(value)) for owner_id, value in cursor.fetchall()]
            for owner_id, value in rows:
                if sealer.is_current(value):
                    continue
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s WHERE {owner} = %s AND {column} = %s",  # noqa: S608
                    [sealer.seal(owner_id, sealer.open(owner_id, value)), owner_id, value],
                )
                count += cursor.rowcount
        if len(rows) < _BATCH:
            return count
        last = rows[-1][0]
