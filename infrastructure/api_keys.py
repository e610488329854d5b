"""Secrets of API keys: how they look, and their digests in plain tables.

`lk_live_<key id>_<secret><checksum>`: the beginning is for scanners that look for leaked secrets and for people who
look for the key it belongs to, the checksum tells one that was cut short from one that was revoked. None of that lets
anybody in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from string import ascii_letters, digits
from typing import Final, Literal
from uuid import UUID
from zlib import crc32

from application.api_key_ports import FoundSecret, KeyNote
from application.ports import Signer
from domain.rejections import Rejected
from infrastructure.database import Database

_PURPOSE: Final = "api key"
_ALPHABET: Final = ascii_letters + digits
_SECRET_LENGTH: Final = 40  # 238 bits
_SHAPE: Final = re.compile(rf"(lk_(?:live|test)_[0-9a-f]{{32}}_[A-Za-z0-9]{{{_SECRET_LENGTH}}})([0-9a-f]{{8}})")


class ApiKeyTable:
    """Implements `application.api_key_ports.KeySecrets`."""

    def __init__(self, database: Database, signer: Signer, environment: Literal["live", "test"]) -> None:
        self._database = database
        self._signer = signer
        self._environment = environment

    def add(self, key_id: UUID, user_id: UUID, name: str, now: datetime) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO api_keys (key_id, user_id, name, created_at) VALUES (%s, %s, %s, %s)
                   ON CONFLICT (key_id) DO NOTHING""",
                [key_id, user_id, name, now],
            )

    def make(self, key_id: UUID, secret_id: UUID) -> str:
        begin = self._hint(key_id) + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
        text = begin + _checksum(begin)
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO api_key_secrets (secret_id, key_id, digest, last_four) VALUES (%s, %s, %s, %s)",
                [secret_id, key_id, self._signer.digest(_PURPOSE, text), text[-4:]],
            )
        return text

    def find(self, text: str) -> FoundSecret | None:
        shaped = _SHAPE.fullmatch(text)
        if shaped is None or _checksum(shaped[1]) != shaped[2]:
            raise Rejected("api_key_invalid", "This is no whole API key: it was cut short or altered.")
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT secret_id, key_id, user_id, last_used_at FROM api_key_secrets JOIN api_keys USING (key_id)
                   WHERE digest = ANY (%s)""",
                [list(self._signer.digests(_PURPOSE, text))],
            )
            row = cursor.fetchone()
            return FoundSecret(*row) if row else None

    def used(self, secret_id: UUID, now: datetime) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE api_key_secrets SET last_used_at = greatest(last_used_at, %s) WHERE secret_id = %s""",
                [now, secret_id],
            )

    def notes(self, user_id: UUID) -> Mapping[UUID, KeyNote]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT key_id, name, jsonb_object_agg(secret_id, last_four), created_at, max(last_used_at)
                   FROM api_keys JOIN api_key_secrets USING (key_id) WHERE user_id = %s GROUP BY key_id""",
                [user_id],
            )
            return {
                key_id: KeyNote(key_id, name, self._hint(key_id), {UUID(i): four for i, four in fours.items()}, *times)
                for key_id, name, fours, *times in cursor.fetchall()
            }

    def forget(self, key_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM api_keys WHERE key_id = %s", [key_id])

    def _hint(self, key_id: UUID) -> str:
        return f"lk_{self._environment}_{key_id.hex}_"


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
