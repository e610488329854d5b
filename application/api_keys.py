"""Use cases of API keys: make, list, roll and revoke them, and find out whose one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.api_key_ports import KeyNote
from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Answer
from application.principals import Principal, of_user
from application.streams import USER, Change
from domain import api_keys, users
from domain.api_keys import ApiKey, UserApiKeyCreated
from domain.rejections import Rejected
from domain.users import User, UserFact

NOTED_EVERY: Final = timedelta(minutes=1)
"""How exact "last used" is: a write for each request would cost more than most requests do."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a user wants a machine to be able to do. `expires_at` None: until it is revoked."""

    key_id: UUID
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A key and what is noted of it; `secret` is there once, when it was just made."""

    key: ApiKey
    note: KeyNote
    secret: str | None = None


def principal_of(lodger: Lodger, text: str) -> Principal:
    """Whom a machine with this key speaks for, fresh. Notes the use, but not twice a minute.

    Raises Rejected `api_key_invalid`, and what an account that is not active is refused with.
    """
    now = lodger.clock.now()
    found = lodger.key_secrets.find(text)
    user = lodger.load(USER, found.user_id).state if found else users.NOBODY
    key = next((key for key in user.api_keys if found and key.key_id == found.key_id), None)
    if found is None or key is None or not key.opens_with(found.secret_id, now):
        raise Rejected("api_key_invalid", "This API key is unknown, revoked or expired.")
    users.must_be_active(user)
    if found.last_used_at is None or now - found.last_used_at >= NOTED_EVERY:
        lodger.key_secrets.used(found.secret_id, now)
    principal = of_user(found.user_id, user, "api_key", str(key.key_id))
    return replace(principal, scopes=frozenset(key.scopes))


@retried
def create(lodger: Lodger, call: Call, user_id: UUID, wanted: NewKey) -> Answer | None:
    """Make a key for a user whose address is verified. The answer shows the secret and so is not kept."""
    user = lodger.load(USER, user_id)
    users.must_be_verified(user.state)
    secret_id = lodger.new_id()
    fact = UserApiKeyCreated(wanted.key_id, secret_id, wanted.scopes, wanted.expires_at)
    change = user.then(api_keys.create(user.state.api_keys, user.state.roles, fact, call.now))
    # The secret is nothing until the stream names it: a process that dies in between has made no key.
    lodger.key_secrets.add(wanted.key_id, user_id, wanted.name, call.now)
    return _made(lodger, call, change, wanted.key_id, secret_id)


@retried
def roll(lodger: Lodger, call: Call, user_id: UUID, key_id: UUID, overlap: timedelta) -> Answer | None:
    """Another secret for a key; the one before is taken for `overlap` more. The answer is not kept."""
    user = lodger.load(USER, user_id)
    secret_id = lodger.new_id()
    change = user.then(api_keys.roll(user.state.api_keys, key_id, secret_id, overlap, call.now))
    return _made(lodger, call, change, key_id, secret_id)


@retried
def revoke(lodger: Lodger, call: Call, user_id: UUID, key_id: UUID) -> Answer | None:
    user = lodger.load(USER, user_id, call)
    done = lodger.append(call, user.then(api_keys.revoke(user.state.api_keys, key_id)))
    lodger.key_secrets.forget(key_id)
    return done.answer


def of(lodger: Lodger, user_id: UUID) -> Sequence[Shown]:
    """A user's keys, in the order they were made."""
    notes = lodger.key_secrets.notes(user_id)
    return [Shown(key, notes[key.key_id]) for key in lodger.load(USER, user_id).state.api_keys if key.key_id in notes]


def find(lodger: Lodger, user_id: UUID, key_id: UUID) -> Shown:
    """Raises Rejected `api_key_not_found`."""
    key = api_keys.find(lodger.load(USER, user_id).state.api_keys, key_id)
    return Shown(key, lodger.key_secrets.notes(user_id)[key_id])


def _made(lodger: Lodger, call: Call, change: Change[User, UserFact], key_id: UUID, secret_id: UUID) -> Answer | None:
    secret = lodger.key_secrets.make(key_id, secret_id)
    done = lodger.append(call.unkept(), change)
    if call.render is None:
        return None
    note = lodger.key_secrets.notes(change.before.id)[key_id]
    answer = call.render(Shown(api_keys.find(done.state.api_keys, key_id), note, secret))
    return replace(answer, position=done.stream.position)
