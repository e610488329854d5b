"""What tokens of API clients need from outside: where their families are kept, and which have ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Family:
    """The tokens that came of one login. Times are real; `used_at` is when its last access token was given out."""

    family_id: UUID
    user_id: UUID
    user_agent: str
    created_at: datetime
    used_at: datetime
    ends_at: datetime


class RefreshTokenUnknown(Exception):
    """Never given out, or its family has ended."""


class RefreshTokenReused(Exception):
    """Two have had it, so one of them has stolen it: its family has been revoked."""


class TokenFamilies(Protocol):
    """Families by the keyed digests of their refresh tokens, which are kept nowhere."""

    def begin(self, family_id: UUID, user_id: UUID, digest: bytes, user_agent: str) -> None:
        """Keep a new family, whose first refresh token has this digest."""
        ...

    def rotate(self, digests: Collection[bytes], successors: Sequence[bytes]) -> tuple[Family, bytes]:
        """Spend a refresh token for the first of its `successors`; once more within the grace, and as long as that
        is unspent, changes nothing and gives the same.

        There are several of each while the key that makes them is rotated. Raises RefreshTokenUnknown and
        RefreshTokenReused.
        """
        ...

    def of_user(self, user_id: UUID) -> Sequence[Family]:
        """Those that have not ended, newest first."""
        ...

    def revoke(self, user_id: UUID, family_id: UUID) -> bool:
        """End one family of a user; whether there was one."""
        ...

    def revoke_all(self, user_id: UUID, keep: str | None = None) -> None:
        """End every family of a user but the one with the id `keep`."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete those that ended before an instant; how many."""
        ...


class Revocations(Protocol):
    def includes(self, family_id: str) -> bool:
        """Whether a family has been revoked while access tokens of it may still be valid. At most a second old."""
        ...
