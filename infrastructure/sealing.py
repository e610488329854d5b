"""Secrets that are needed back, sealed: whoever reads a dump of the database shall not have them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.signing import derived_key

_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12


Purpose = Literal["webhook secret", "person key", "second factor"]


class CannotOpen(Exception):
    """Sealed under a LODGER_SECRET_KEY that is not known any more, or altered."""


class Sealer:
    """AES-256-GCM under a key derived from LODGER_SECRET_KEY for one purpose.

    `secret_keys` are that key, and behind it those before it, which still open what was sealed under them. A sealed
    secret opens for its own owner only. Nothing more is claimed: who has the database and that key has the secrets.
    """

    def __init__(self, secret_keys: Sequence[str], purpose: Purpose) -> None:
        keys = [derived_key(secret_key, purpose) for secret_key in secret_keys]
        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self._newest = _id(keys[0])

    def seal(self, owner_id: UUID, secret: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, secret, owner_id.bytes)

    def open(self, owner_id: UUID, sealed: bytes) -> bytes:
        """Raises CannotOpen."""
        key_id, nonce, text = sealed[:_ID_BYTES], sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        try:
            return self._ciphers[key_id].decrypt(nonce, text, owner_id.bytes)
        except (KeyError, InvalidTag, ValueError) as error:
            raise CannotOpen("the secret cannot be opened") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed under the newest key."""
        return sealed.startswith(self._newest)


def _id(key: bytes) -> bytes:
    """Tells keys apart without telling anything of them."""
    return sha256(b"lodger:key id:" + key).digest()[:_ID_BYTES]
