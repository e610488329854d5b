"""Access tokens: short-lived JSON Web Tokens of one fixed algorithm (RFC 9068)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import time
from typing import Final
from uuid import UUID, uuid4

import jwt

from application.keys import Keys, KeysNow
from application.principals import Principal
from application.token_ports import Revocations
from domain.policies import ACCESS_TOKEN
from domain.rejections import Rejected
from domain.users import STAFF_ROLES

LEEWAY: Final = timedelta(seconds=60)
"""How far another process's clock may be ahead: a token issued later than that is none of ours."""

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "lodger-api"
_HEADER: Final = {"alg": _ALGORITHM, "typ": "at+jwt"}
_CLAIMS: Final = ["iss", "aud", "sub", "iat", "exp", "jti", "sid", "roles", "verified"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and checks access tokens. They live in real time: a sandbox clock that is moved logs nobody out."""

    keys: KeysNow
    issuer: str
    revocations: Revocations

    def issue(self, principal: Principal) -> str:
        """A token that speaks for the user for 15 minutes."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": _AUDIENCE,
            "sub": str(principal.user_id),
            "iat": now,
            "exp": now + ACCESS_TOKEN,
            "jti": str(uuid4()),
            "sid": principal.credential_id,
            "roles": sorted(principal.roles),
            "verified": principal.is_verified,
        }
        key = self.keys().current
        return jwt.encode(claims, key.secret, algorithm=_ALGORITHM, headers={**_HEADER, **key.header})

    def principal_of(self, token: str) -> Principal:
        """Whom the token speaks for. Raises Rejected `token_invalid`."""
        try:
            principal, expires_at = _verified(token, self.keys(), self.issuer)
            if expires_at <= time():
                raise jwt.ExpiredSignatureError("expired since it was verified")
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Rejected("token_invalid", "This access token is not valid, or no longer. Get a new one.") from error
        if self.revocations.includes(principal.credential_id):
            raise Rejected("token_invalid", "The login that this access token is of has ended. Log in again.")
        return principal


@lru_cache(4_096)
def _verified(token: str, keys: Keys, issuer: str) -> tuple[Principal, int]:
    """Whom a token speaks for, and until when in Unix time.

    Remembered, because a token is sent many times and verifying it takes a tenth of a command's time; its end is
    the one thing that can change about it. A refusal is an error and is not remembered.
    """
    key = keys.of_header(jwt.get_unverified_header(token))
    if key is None:
        raise jwt.InvalidTokenError("signed with a key that is not known")
    decoded = jwt.decode_complete(
        token,
        key.secret,
        algorithms=[_ALGORITHM],
        audience=_AUDIENCE,
        issuer=issuer,
        leeway=LEEWAY,  # for when it was issued; its end is held against the clock exactly, above
        options={"require": _CLAIMS},
    )
    if decoded["header"] != {**_HEADER, **key.header}:  # no key of somebody else's (jku), no other kind of token
        raise jwt.InvalidTokenError("unexpected header")
    claims = decoded["payload"]
    roles = frozenset(role for role in STAFF_ROLES if role in claims["roles"])
    user_id, family_id = UUID(claims["sub"]), str(UUID(claims["sid"]))
    return Principal(user_id, "access_token", family_id, roles, claims["verified"] is True), int(claims["exp"])
