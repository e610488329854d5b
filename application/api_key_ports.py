"""What the use cases of API keys need from outside, as protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """Which secret of whose key a text is."""

    secret_id: UUID
    key_id: UUID
    user_id: UUID
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What is kept beside a key: what its user calls it, by what it is recognised, and when it was last used.

    `hint` is how all secrets of the key begin, `last_fours` how each ends, by the secret's id.
    """

    key_id: UUID
    name: str
    hint: str
    last_fours: Mapping[UUID, str]
    created_at: datetime
    last_used_at: datetime | None


class KeySecrets(Protocol):
    """Keys' secrets, as digests. Having one means nothing: the user's stream says which of them opens what."""

    def add(self, key_id: UUID, user_id: UUID, name: str, now: datetime) -> None:
        """Note a key; again changes nothing."""
        ...

    def make(self, key_id: UUID, secret_id: UUID) -> str:
        """A new secret of a key that was noted. It is kept nowhere but in what is returned."""
        ...

    def find(self, text: str) -> FoundSecret | None:
        """Which secret this is. Raises Rejected `api_key_invalid` for what cannot be one."""
        ...

    def used(self, secret_id: UUID, now: datetime) -> None:
        """Note that a secret was used."""
        ...

    def notes(self, user_id: UUID) -> Mapping[UUID, KeyNote]:
        """Of the keys of a user, by id."""
        ...

    def forget(self, key_id: UUID) -> None:
        """Delete a key's name and its secrets' digests; again changes nothing."""
        ...
