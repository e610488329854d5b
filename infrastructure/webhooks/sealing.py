"""Secrets of webhooks, sealed: signing needs them back, and whoever reads a dump of the database shall not."""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.signing import derived_key

_NONCE_BYTES: Final = 12


class CannotOpen(Exception):
    """Sealed under another LODGER_SECRET_KEY, or altered."""


class Sealer:
    """AES-256-GCM under a key derived from LODGER_SECRET_KEY. A sealed secret opens for its own endpoint only.

    Nothing more is claimed: who has the database and that key has the secrets, as has who runs the workers.
    """

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(derived_key(secret_key, "webhook secret"))

    def seal(self, endpoint_id: UUID, secret: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), endpoint_id.bytes)

    def open(self, endpoint_id: UUID, sealed: bytes) -> str:
        """Raises CannotOpen."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], endpoint_id.bytes).decode()
        except InvalidTag as error:
            raise CannotOpen("the secret cannot be opened") from error
