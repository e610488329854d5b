"""People as analysts know them: by a name made of their id and a secret of the database, that tells of nobody."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.events import Event
from domain.users import UserBecameHost, UserErased, UserRegistered
from projections.projection import Cursor

FACTS: Final = (UserRegistered, UserBecameHost, UserErased)
TABLES: Final = ("analytics_users",)
_KEY_BYTES: Final = 16


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    """Somebody who is erased has no row, so that whatever they did is from then on nobody's."""
    if not any(isinstance(event.fact, FACTS) for event in events):
        return
    secret = _secret(cursor)
    for event in events:
        match event.fact:
            case UserRegistered():
                cursor.execute(
                    "INSERT INTO analytics_users (user_id, user_key, registered_at) VALUES (%s, %s, %s)",
                    [event.stream_id, user_key(secret, event.stream_id), event.occurred_at],
                )
            case UserBecameHost():
                cursor.execute(
                    "UPDATE analytics_users SET became_host_at = %s WHERE user_id = %s",
                    [event.occurred_at, event.stream_id],
                )
            case UserErased():
                cursor.execute("DELETE FROM analytics_users WHERE user_id = %s", [event.stream_id])
            case _:
                pass


def user_key(secret: bytes, user_id: UUID) -> str:
    """A keyed digest: the same for the same person, and without the secret nobody can tell whose it is."""
    return hmac.digest(secret, user_id.bytes, sha256)[:_KEY_BYTES].hex()


def _secret(cursor: Cursor) -> bytes:
    cursor.execute("SELECT secret FROM pseudonym_key")
    ((secret,),) = cursor.fetchall()
    return bytes(secret)
