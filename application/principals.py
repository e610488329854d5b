"""Principals: who a request speaks for, by which credential, and what that credential may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.events import Actor
from domain.users import StaffRole, User

Credential = Literal["access_token", "session", "api_key", "operator_token"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls. `user_id` None is the operator's token of the settings, which is no user.

    `roles` and `is_verified` are as they were when the credential was given out: roles that are taken away end it, and
    an address that was verified stays so. `credential_id` is the id of the session, of the tokens' family or of the
    key. `scopes` are what an API key may be used for ("bookings:read"); None is everything that its user may do.
    """

    user_id: UUID | None
    credential: Credential
    credential_id: str = ""
    roles: frozenset[StaffRole] = frozenset()
    is_verified: bool = False
    scopes: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """Whose an idempotency key is: the same for all credentials of a user."""
        return "operator" if self.user_id is None else f"user:{self.user_id}"

    @property
    def actor(self) -> Actor:
        """Who acts, as events say it."""
        if self.credential == "api_key":
            return Actor("api_key", f"{self.user_id}/{self.credential_id}")
        return Actor("user", str(self.user_id))

    def operator(self, reason: str) -> Actor:
        """The same for what an operator does, whose every act has a reason."""
        return Actor("operator", "operator" if self.user_id is None else str(self.user_id), reason)


BY_SETTINGS: Final = Principal(None, "operator_token", roles=frozenset({"operator", "admin"}), is_verified=True)
"""Whoever has the operator's token of the settings: how the first admin comes to be one."""


def of_user(user_id: UUID, user: User, credential: Credential, credential_id: str) -> Principal:
    """A user who just showed who they are. The user's state must be fresh."""
    return Principal(user_id, credential, credential_id, user.roles, user.is_verified)
