"""Access tokens: short-lived JSON Web Tokens of one fixed algorithm (RFC 9068)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import time
from typing import Final
from uuid import UUID, uuid4

import jwt

from domain.rejections import Rejected

LIFETIME: Final = timedelta(minutes=15)
_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "lodger-api"
_HEADER: Final = {"alg": _ALGORITHM, "typ": "at+jwt"}
_CLAIMS: Final = ["iss", "aud", "sub", "iat", "exp", "jti"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and checks access tokens. They live in real time: a sandbox clock that is moved logs nobody out."""

    key: bytes = field(repr=False)
    issuer: str

    def issue(self, user_id: UUID) -> str:
        """A token that speaks for the user for 15 minutes."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": _AUDIENCE,
            "sub": str(user_id),
            "iat": now,
            "exp": now + LIFETIME,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self.key, algorithm=_ALGORITHM, headers=_HEADER)

    def user_of(self, token: str) -> UUID:
        """Whom the token speaks for. Raises Rejected `token_invalid`."""
        try:
            user_id, expires_at = _verified(token, self.key, self.issuer)
            if expires_at <= time():
                raise jwt.ExpiredSignatureError("expired since it was verified")
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Rejected("token_invalid", "This access token is not valid, or no longer. Get a new one.") from error
        return user_id


@lru_cache(4_096)
def _verified(token: str, key: bytes, issuer: str) -> tuple[UUID, int]:
    """Whom a token speaks for, and until when in Unix time.

    Remembered, because a token is sent many times and verifying it takes a tenth of a command's time; its end is
    the one thing that can change about it. A refusal is an error and is not remembered.
    """
    decoded = jwt.decode_complete(
        token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, issuer=issuer, options={"require": _CLAIMS}
    )
    if decoded["header"] != _HEADER:  # no key of somebody else's (kid, jku), no other kind of token
        raise jwt.InvalidTokenError("unexpected header")
    claims = decoded["payload"]
    return UUID(claims["sub"]), int(claims["exp"])
