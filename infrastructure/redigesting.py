"""Digests that keep addresses and names unique, made anew under the next key from the plain value.

While a key is announced, whoever registers takes the digests under both. So at no time do two processes lack a key that
both of them digest with and that everybody's digest is there for: two accounts of one address cannot come to be.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from application.keys import Key
from infrastructure.database import Database
from infrastructure.keyring import Keyring
from infrastructure.refusals import Refused

VALUES: Final = {"email": "email", "username": "username"}
"""By purpose, the column of `people` that its digests are made of."""

_BATCH: Final = 500

_SECOND: Final = """
    INSERT INTO identities (kind, digest, user_id)
    SELECT known.kind, wanted.next, known.user_id
    FROM unnest(%s::bytea[], %s::bytea[]) AS wanted(present, next)
    JOIN identities known ON known.kind = %s AND known.digest = wanted.present
    ORDER BY wanted.next
    ON CONFLICT DO NOTHING
"""


def digest_anew(database: Database, keyring: Keyring, purpose: str) -> None:
    """Whoever has a digest under the key that is used gets another one under the key that is announced."""
    keyring.read()
    keys = keyring.keys(purpose)
    (announced,) = [key for key in keys.others if key.id in _unused(database, purpose)]
    for cursor, people in _batches(database, purpose):
        present = [_digest(keys.current, value) for _, value in people]
        following = [_digest(announced, value) for _, value in people]
        cursor.execute(_SECOND, [present, following, purpose])
        cursor.execute(
            """SELECT count(*) FROM unnest(%s::bytea[], %s::bytea[]) AS wanted(present, next)
               JOIN identities known ON known.kind = %s AND known.digest = wanted.present
               JOIN identities other ON other.kind = %s AND other.digest = wanted.next
                AND other.user_id <> known.user_id""",
            [present, following, purpose, purpose],
        )
        if cursor.fetchone() != (0,):
            raise Refused(f"Two accounts would have one {purpose}. Nothing was ended; please report this.")


def forget_former(database: Database, keyring: Keyring, purpose: str) -> None:
    """Delete the digests under other keys than the one that is used: nobody looks for them any more."""
    keyring.read()
    current = keyring.keys(purpose).current
    for cursor, people in _batches(database, purpose):
        cursor.execute(
            "DELETE FROM identities WHERE kind = %s AND user_id = ANY (%s) AND NOT digest = ANY (%s)",
            [purpose, [user_id for user_id, _ in people], [_digest(current, value) for _, value in people]],
        )


def _batches(database: Database, purpose: str) -> Iterator[tuple[Any, list[tuple[UUID, str]]]]:
    """Everybody's value, some at a time, each in a transaction in which nobody else changes theirs."""
    last = UUID(int=0)
    while True:
        with _locked(database, purpose, last) as (cursor, people):
            if people:
                yield cursor, people
        if len(people) < _BATCH:
            return
        last = people[-1][0]


@contextmanager
def _locked(database: Database, purpose: str, after: UUID) -> Iterator[tuple[Any, list[tuple[UUID, str]]]]:
    with database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT user_id, {VALUES[purpose]} FROM people WHERE user_id > %s
                ORDER BY user_id LIMIT %s FOR UPDATE""",  # noqa: S608 - a constant
            [after, _BATCH],
        )
        yield cursor, cursor.fetchall()


def _unused(database: Database, purpose: str) -> set[str]:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT key_id FROM keyring WHERE purpose = %s AND used_from IS NULL AND sealed IS NOT NULL", [purpose]
        )
        return {key_id for (key_id,) in cursor.fetchall()}


def _digest(key: Key, value: str) -> bytes:
    return hmac.digest(key.secret, value.encode(), sha256)
