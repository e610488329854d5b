"""Secrets that are needed back, sealed: whoever reads a dump of the database shall not have them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.keys import Key, Keys, KeysNow
from infrastructure.signing import derived_key

_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """Sealed under a key that is not known any more, or altered."""


class Sealer:
    """AES-256-GCM under the keys of one purpose. A sealed secret names its key, and opens for its own owner only."""

    def __init__(self, keys: KeysNow) -> None:
        self._keys = keys

    @classmethod
    def under(cls, secret_keys: Sequence[str], purpose: str) -> Self:
        """Keys derived from secrets of the settings: the newest, and behind it those that still open."""
        newest, *before = [Key(derived_key(secret_key, purpose)) for secret_key in secret_keys]
        keys = Keys(newest, tuple(before))
        return cls(lambda: keys)

    def seal(self, owner_id: UUID, secret: bytes) -> bytes:
        key, nonce = self._keys().current, os.urandom(_NONCE_BYTES)
        return bytes.fromhex(key.id) + nonce + _cipher(key.secret).encrypt(nonce, secret, owner_id.bytes)

    def open(self, owner_id: UUID, sealed: bytes) -> bytes:
        """Raises CannotOpen."""
        key_id, nonce, text = sealed[:_ID_BYTES], sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        key = self._keys().by_id(key_id.hex())
        if key is None:
            raise CannotOpen("the secret was sealed under a key that is not known")
        try:
            return _cipher(key.secret).decrypt(nonce, text, owner_id.bytes)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen("the secret cannot be opened") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed under the newest key."""
        return sealed.startswith(bytes.fromhex(self._keys().current.id))


@lru_cache(128)
def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(secret)
