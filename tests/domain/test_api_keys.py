"""API keys: made, rolled and revoked by their user; what each secret opens, and until when."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain import api_keys
from domain.api_keys import ApiKeys, UserApiKeyCreated, UserApiKeyRevoked, UserApiKeyRolled, create, find, revoke, roll
from domain.policies import API_KEYS_MAX
from domain.rejections import Rejected
from domain.users import NOBODY, UserErased, UserRegistered, evolve
from tests.support.examples import NOW
from tests.support.spec import Spec

KEYS = Spec[ApiKeys, api_keys.ApiKeyFact](api_keys.evolve, ())
KEY, FIRST, SECOND, THIRD = (UUID(int=n) for n in (1, 11, 12, 13))
HOUR = timedelta(hours=1)
MADE = UserApiKeyCreated(KEY, FIRST, ("bookings:read",), None)


def test_a_key_is_made_as_it_was_wanted() -> None:
    KEYS.given().when(lambda keys: create(keys, (), MADE, NOW)).then(MADE)


def test_so_many_keys_and_no_more() -> None:
    past = [UserApiKeyCreated(UUID(int=n), UUID(int=1_000 + n), ("bookings:read",), None) for n in range(API_KEYS_MAX)]
    wanted = UserApiKeyCreated(UUID(int=500), FIRST, ("bookings:read",), None)
    KEYS.given(*past).when(lambda keys: create(keys, (), wanted, NOW)).then_rejected("too_many_api_keys")
    KEYS.given(*past, UserApiKeyRevoked(UUID(int=3))).when(lambda keys: create(keys, (), wanted, NOW)).then(wanted)


def test_a_key_ends_later_than_it_begins() -> None:
    wanted = UserApiKeyCreated(KEY, FIRST, ("bookings:read",), NOW)
    KEYS.given().when(lambda keys: create(keys, (), wanted, NOW)).then_rejected("api_key_expiry_past")


@pytest.mark.parametrize(
    ("scope", "roles", "may"),
    [
        ("audit:read", (), False),
        ("audit:read", ("analyst", "operator"), False),
        ("audit:read", ("auditor",), True),
        ("analytics:read", ("auditor",), False),
        ("analytics:read", ("analyst",), True),
        ("analytics:read", ("admin",), True),
    ],
)
def test_reserved_scopes_are_for_their_role(scope: str, roles: tuple[str, ...], may: bool) -> None:
    wanted = UserApiKeyCreated(KEY, FIRST, ("bookings:read", scope), None)
    outcome = KEYS.given().when(lambda keys: create(keys, roles, wanted, NOW))
    if may:
        outcome.then(wanted)
    else:
        outcome.then_rejected("role_missing")


def test_of_a_rolled_key_the_secret_before_is_taken_for_a_while() -> None:
    KEYS.given(MADE).when(lambda keys: roll(keys, KEY, SECOND, HOUR, NOW)).then(
        UserApiKeyRolled(KEY, SECOND, NOW + HOUR)
    )
    key = find(KEYS.fold([MADE, UserApiKeyRolled(KEY, SECOND, NOW + HOUR)]), KEY)
    just_before = NOW + HOUR - timedelta(microseconds=1)
    assert key.opens_with(FIRST, just_before)
    assert not key.opens_with(FIRST, NOW + HOUR)
    assert key.opens_with(SECOND, NOW + HOUR)


def test_rolled_twice_only_the_last_two_secrets_count() -> None:
    past = (MADE, UserApiKeyRolled(KEY, SECOND, NOW + HOUR), UserApiKeyRolled(KEY, THIRD, NOW + HOUR))
    key = find(KEYS.fold(past), KEY)
    assert [key.opens_with(secret, NOW) for secret in (FIRST, SECOND, THIRD)] == [False, True, True]


def test_an_expired_key_opens_nothing_and_is_not_rolled() -> None:
    made = UserApiKeyCreated(KEY, FIRST, ("bookings:read",), NOW + HOUR)
    key = find(KEYS.fold([made]), KEY)
    assert key.opens_with(FIRST, NOW)
    assert not key.opens_with(FIRST, NOW + HOUR)
    rolled = UserApiKeyRolled(KEY, SECOND, NOW + 2 * HOUR)
    assert not find(KEYS.fold([made, rolled]), KEY).opens_with(FIRST, NOW + HOUR), "an overlap makes nothing longer"
    KEYS.given(made).when(lambda keys: roll(keys, KEY, SECOND, HOUR, NOW + HOUR)).then_rejected("api_key_expired")


def test_a_revoked_key_is_gone() -> None:
    KEYS.given(MADE).when(lambda keys: revoke(keys, KEY)).then(UserApiKeyRevoked(KEY))
    KEYS.given(MADE, UserApiKeyRevoked(KEY)).when(lambda keys: revoke(keys, KEY)).then_rejected("api_key_not_found")
    KEYS.given(MADE, UserApiKeyRevoked(KEY)).when(lambda keys: roll(keys, KEY, SECOND, HOUR, NOW)).then_rejected(
        "api_key_not_found"
    )
    with pytest.raises(Rejected):
        find(KEYS.fold([MADE, UserApiKeyRevoked(KEY)]), KEY)


def test_who_is_forgotten_has_no_keys() -> None:
    state = evolve(evolve(NOBODY, UserRegistered()), MADE)
    assert [key.key_id for key in state.api_keys] == [KEY]
    assert evolve(state, UserErased()).api_keys == ()
