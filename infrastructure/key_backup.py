"""Every key of the ring in one file that a passphrase opens.

The file is JSON: how the passphrase becomes a key (scrypt, RFC 7914), and the ring, encrypted with it (AES-256-GCM).
The secret key of the settings is not in it: put back, the ring is sealed under the one that the settings have then.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from application.keys import Key
from infrastructure.database import Database
from infrastructure.keyring import Keyring, owner
from infrastructure.refusals import Refused
from infrastructure.sealing import CannotOpen

PASSPHRASE_LEAST: Final = 16

_COST: Final = {"n": 1 << 17, "r": 8, "p": 1}
"""128 MiB and half a second for each guess."""

_FORMAT: Final = "lodger keys 1"


@dataclass(frozen=True, slots=True)
class SavedKey:
    """One key, as it is."""

    purpose: str
    secret: bytes
    is_first: bool
    made_at: datetime
    used_from: datetime | None
    ends_at: datetime | None


def save(database: Database, keyring: Keyring, path: Path, passphrase: str) -> int:
    """Write a new file that only this user can read; how many keys it has."""
    keys = _ring(database, keyring)
    salt, nonce = os.urandom(16), os.urandom(12)
    content = AESGCM(_key(passphrase, salt)).encrypt(nonce, msgspec.json.encode(keys), _FORMAT.encode())
    parts = {"salt": salt, "nonce": nonce, "content": content}
    document = {"format": _FORMAT, "scrypt": _COST, **{name: b64encode(part).decode() for name, part in parts.items()}}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(f"{path} exists. Nothing is written over a backup of keys.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(document))
        file.flush()
        os.fsync(file.fileno())
    return len(keys)


def read(path: Path, passphrase: str) -> list[SavedKey]:
    """The keys of a file. Raises Refused when the passphrase is not its own, or it was altered."""
    try:
        document: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        if document["format"] != _FORMAT or document["scrypt"] != _COST:
            raise Refused(f"{path} is of another version of Lodger.")
        salt, nonce, content = (b64decode(document[name]) for name in ("salt", "nonce", "content"))
        text = AESGCM(_key(passphrase, salt)).decrypt(nonce, content, _FORMAT.encode())
    except InvalidTag as error:
        raise Refused("This is not its passphrase, or the file was altered.") from error
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"{path} is no backup of keys.") from error
    return msgspec.json.decode(text, type=list[SavedKey])


def put_back(database: Database, keyring: Keyring, saved: Sequence[SavedKey]) -> int:
    """Give the ring every saved key that it lacks or cannot open, sealed under the settings' secret key; how many.

    Keys that it can open stay as they are, also those that are newer than the backup. Destroyed ones stay destroyed.
    """
    count = 0
    with database.transaction() as connection, connection.cursor() as cursor:
        for key in saved:
            key_id = Key(key.secret).id
            cursor.execute(
                "SELECT sealed, destroyed_at FROM keyring WHERE purpose = %s AND key_id = %s FOR UPDATE",
                [key.purpose, key_id],
            )
            row = cursor.fetchone()
            if row is not None and (row[1] is not None or _opens(keyring, key.purpose, key_id, bytes(row[0]))):
                continue
            if row is None and key.is_first:
                _must_have_no_first(cursor, key.purpose)
            cursor.execute(
                """INSERT INTO keyring (purpose, key_id, sealed, is_first, made_at, used_from, ends_at)
                   VALUES (%s, %s, %s, %s, %s, %s, %s)
                   ON CONFLICT (purpose, key_id) DO UPDATE SET sealed = excluded.sealed""",
                [
                    *(key.purpose, key_id, keyring.root.seal(owner(key.purpose, key_id), key.secret)),
                    *(key.is_first, key.made_at, key.used_from, key.ends_at),
                ],
            )
            count += 1
    return count


def _ring(database: Database, keyring: Keyring) -> list[SavedKey]:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT purpose, key_id, sealed, is_first, made_at, used_from, ends_at FROM keyring
               WHERE sealed IS NOT NULL ORDER BY purpose, made_at"""
        )
        return [
            SavedKey(purpose, keyring.root.open(owner(purpose, key_id), bytes(sealed)), *rest)
            for purpose, key_id, sealed, *rest in cursor.fetchall()
        ]


def _opens(keyring: Keyring, purpose: str, key_id: str, sealed: bytes) -> bool:
    try:
        keyring.root.open(owner(purpose, key_id), sealed)
    except CannotOpen:
        return False
    return True


def _must_have_no_first(cursor: Any, purpose: str) -> None:
    cursor.execute("SELECT FROM keyring WHERE purpose = %s AND is_first", [purpose])
    if cursor.fetchone() is not None:
        raise Refused(f"This database has begun with a key of its own for {purpose}: use one that nobody has used yet.")


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, **_COST).derive(passphrase.encode())
