"""Signatures and keyed digests. Each purpose has a key of its own, derived from LODGER_SECRET_KEY."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Final

import jwt

from domain.rejections import Rejected

_ALGORITHM: Final = "HS256"


class KeyedSigner:
    """Implements `application.ports.Signer` with JSON Web Tokens of one fixed algorithm."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key

    def sign(self, purpose: str, claims: Mapping[str, object], expires_at: datetime) -> str:
        payload = {**claims, "exp": int(expires_at.timestamp()), "aud": purpose}
        return jwt.encode(payload, self._key(purpose), algorithm=_ALGORITHM)

    def verify(self, purpose: str, token: str, now: datetime) -> Mapping[str, object]:
        """The claims of a token made for `purpose`. Its expiry is held against `now`, which may be the sandbox's."""
        options: dict[str, object] = {"require": ["exp", "aud"], "verify_exp": False}
        try:
            claims = jwt.decode(token, self._key(purpose), [_ALGORITHM], options=options, audience=purpose)  # type: ignore[arg-type]
        except jwt.InvalidTokenError as error:
            raise Rejected(f"{purpose}_invalid", "This was not issued here, or was altered.") from error
        if now.timestamp() >= claims["exp"]:
            raise Rejected(f"{purpose}_expired", "It has expired. Ask for a new one.")
        return claims

    def digest(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key(kind), value.encode(), sha256)

    def _key(self, purpose: str) -> bytes:
        return derived_key(self._secret, purpose)


@cache
def derived_key(secret_key: str, purpose: str) -> bytes:
    """The key of one purpose: what is signed for one is worth nothing for another."""
    return hmac.digest(secret_key.encode(), f"lodger:{purpose}".encode(), sha256)
