"""API keys: what a machine may do in its user's name, and until when. Facts of the user's own stream.

The secrets are not in them, nor the names that people give their keys.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, assert_never, get_args
from uuid import UUID

from domain.events import Fact
from domain.policies import API_KEYS_MAX
from domain.rejections import Rejected

Scope = Literal[
    "analytics:read",
    "audit:read",
    "bookings:read",
    "bookings:write",
    "calendars:read",
    "calendars:write",
    "changes:read",
    "messages:read",
    "messages:write",
    "reviews:read",
    "reviews:write",
    "notifications:read",
    "notifications:write",
    "payments:read",
    "payments:write",
    "payouts:read",
    "properties:read",
    "properties:write",
    "statements:read",
    "webhook_endpoints:read",
    "webhook_endpoints:write",
]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

RESERVED: Final[Mapping[str, str]] = {"audit:read": "auditor", "analytics:read": "analyst"}
"""Scopes that only who has this role (or is an admin) may give a key. Using one asks for the role again."""


@dataclass(frozen=True, slots=True)
class UserApiKeyCreated(Fact):
    """From now on who has this secret may do this much, until `expires_at` (None: until it is revoked)."""

    TOPIC: ClassVar[str] = "UserApiKeyCreated"
    key_id: UUID
    secret_id: UUID
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserApiKeyRolled(Fact):
    """The key has another secret; the one before is taken until `former_until`."""

    TOPIC: ClassVar[str] = "UserApiKeyRolled"
    key_id: UUID
    secret_id: UUID
    former_until: datetime


@dataclass(frozen=True, slots=True)
class UserApiKeyRevoked(Fact):
    """Nobody may do anything with the key any more."""

    TOPIC: ClassVar[str] = "UserApiKeyRevoked"
    key_id: UUID


ApiKeyFact = UserApiKeyCreated | UserApiKeyRolled | UserApiKeyRevoked


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that was not revoked. At most two secrets open it: its own, and for a while the one before."""

    key_id: UUID
    secret_id: UUID
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    former_id: UUID | None = None
    former_until: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def opens_with(self, secret_id: UUID, now: datetime) -> bool:
        """Whether whoever has this secret may use the key now."""
        if self.has_expired(now):
            return False
        former = self.former_until is not None and now < self.former_until and secret_id == self.former_id
        return former or secret_id == self.secret_id


ApiKeys = tuple[ApiKey, ...]
"""A user's keys, in the order they were made."""


def evolve(keys: ApiKeys, fact: ApiKeyFact) -> ApiKeys:
    match fact:
        case UserApiKeyCreated(key_id, secret_id, scopes, expires_at):
            return (*keys, ApiKey(key_id, secret_id, scopes, expires_at))
        case UserApiKeyRolled(key_id, secret_id, former_until):
            return tuple(_rolled(key, secret_id, former_until) if key.key_id == key_id else key for key in keys)
        case UserApiKeyRevoked(key_id):
            return tuple(key for key in keys if key.key_id != key_id)
        case _:
            assert_never(fact)


def create(
    keys: ApiKeys, roles: Collection[str], wanted: UserApiKeyCreated, now: datetime
) -> tuple[UserApiKeyCreated, ...]:
    """Make a key. Raises Rejected `too_many_api_keys`, `api_key_expiry_past`, `role_missing`."""
    if len(keys) >= API_KEYS_MAX:
        raise Rejected("too_many_api_keys", "Revoke one first.", maximum=API_KEYS_MAX)
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise Rejected("api_key_expiry_past", "A key ends later than it begins.")
    for scope in wanted.scopes:
        role = RESERVED.get(scope)
        if role is not None and role not in roles and "admin" not in roles:
            raise Rejected("role_missing", f"The scope {scope} is for the role {role}.", roles=[role])
    return (wanted,)


def roll(
    keys: ApiKeys, key_id: UUID, secret_id: UUID, overlap: timedelta, now: datetime
) -> tuple[UserApiKeyRolled, ...]:
    """Give a key another secret. Raises Rejected `api_key_not_found`, `api_key_expired`."""
    if find(keys, key_id).has_expired(now):
        raise Rejected("api_key_expired", "Make another one: a new secret does not make a key last longer.")
    return (UserApiKeyRolled(key_id, secret_id, now + overlap),)


def revoke(keys: ApiKeys, key_id: UUID) -> tuple[UserApiKeyRevoked, ...]:
    """End a key. Raises Rejected `api_key_not_found`."""
    return (UserApiKeyRevoked(find(keys, key_id).key_id),)


def find(keys: ApiKeys, key_id: UUID) -> ApiKey:
    """Raises Rejected `api_key_not_found`, of one that was revoked too."""
    for key in keys:
        if key.key_id == key_id:
            return key
    raise Rejected("api_key_not_found", "You have no such key.")


def _rolled(key: ApiKey, secret_id: UUID, former_until: datetime) -> ApiKey:
    return replace(key, secret_id=secret_id, former_id=key.secret_id, former_until=former_until)
