"""What keeps a rotation safe, taken away: the tests of rotations notice."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256

import pytest

from infrastructure import key_rotation, keyring, redigesting, resealing
from infrastructure.purposes import PURPOSES, Purpose
from infrastructure.signing import KeyedSigner
from tests.api.people import register
from tests.api.stack import Stack, running
from tests.keys import test_resealing as resealed
from tests.keys import test_rotation as rotations

NOTICED = (AssertionError, pytest.fail.Exception)


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    with running(database_url) as started:
        yield started


def addresses_are_unique_throughout(stack: Stack) -> None:
    rotations.test_no_two_accounts_have_one_address_at_any_moment_of_a_rotation(stack)


def test_whoever_registers_takes_the_digests_under_every_key(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def under_one(self: KeyedSigner, kind: str, value: str) -> tuple[bytes, ...]:
        return (hmac.digest(self._ring.keys(kind).current.secret, value.encode(), sha256),)

    monkeypatch.setattr(KeyedSigner, "digests", under_one)

    with pytest.raises(NOTICED):
        addresses_are_unique_throughout(stack)


def test_a_key_of_addresses_is_used_only_when_everybody_has_a_digest_under_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redigesting, "digest_anew", lambda *_: None)

    with pytest.raises(NOTICED):
        addresses_are_unique_throughout(stack)


def test_addresses_are_not_rotated_as_tokens_are(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "PURPOSES", {**PURPOSES, "email": Purpose("digests", "")})

    with pytest.raises(NOTICED):
        addresses_are_unique_throughout(stack)


def test_a_sealed_column_that_is_left_out_is_noticed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "SEALED", tuple(it for it in resealing.SEALED if it.column != "sealed"))
    monkeypatch.setattr(resealed, "SEALED", resealing.SEALED)

    with pytest.raises(NOTICED):
        resealed.test_every_column_of_bytes_is_sealed_anew_or_a_digest(stack)


def test_keys_that_have_ended_are_not_read(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_READ", keyring._READ.replace("ends_at > clock_timestamp()", "true"))
    register(stack, "ada")

    with pytest.raises(NOTICED):
        rotations.test_an_access_token_names_its_key_and_goes_on_until_its_own_end(stack)
