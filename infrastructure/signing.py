"""Signatures and keyed digests. Each purpose has keys of its own: see `infrastructure.keyring`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Final, Protocol

import jwt

from application.keys import Keys
from domain.rejections import Rejected

_ALGORITHM: Final = "HS256"


class Ring(Protocol):
    """The keys of every purpose."""

    def keys(self, purpose: str) -> Keys: ...


class KeyedSigner:
    """Implements `application.ports.Signer` with JSON Web Tokens of one fixed algorithm."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def sign(self, purpose: str, claims: Mapping[str, object], expires_at: datetime) -> str:
        payload = {**claims, "exp": int(expires_at.timestamp()), "aud": purpose}
        key = self._ring.keys(purpose).current
        return jwt.encode(payload, key.secret, algorithm=_ALGORITHM, headers=key.header)

    def verify(self, purpose: str, token: str, now: datetime) -> Mapping[str, object]:
        """The claims of a token made for `purpose`. Its expiry is held against `now`, which may be the sandbox's."""
        options: dict[str, object] = {"require": ["exp", "aud"], "verify_exp": False}
        try:
            key = self._ring.keys(purpose).of_header(jwt.get_unverified_header(token))
            if key is None:
                raise jwt.InvalidTokenError("signed with a key that is not known")
            claims = jwt.decode(token, key.secret, [_ALGORITHM], options=options, audience=purpose)  # type: ignore[arg-type]
        except jwt.InvalidTokenError as error:
            raise Rejected(f"{purpose}_invalid", "This was not issued here, or was altered.") from error
        if now.timestamp() >= claims["exp"]:
            raise Rejected(f"{purpose}_expired", "It has expired. Ask for a new one.")
        return claims

    def digest(self, kind: str, value: str) -> bytes:
        return self.digests(kind, value)[0]

    def digests(self, kind: str, value: str) -> tuple[bytes, ...]:
        return tuple(hmac.digest(key.secret, value.encode(), sha256) for key in self._ring.keys(kind))


@cache
def derived_key(secret_key: str, purpose: str) -> bytes:
    """A key of one purpose alone, from a secret of the settings."""
    return hmac.digest(secret_key.encode(), f"lodger:{purpose}".encode(), sha256)
