"""What is sealed is sealed anew when its key, or the one over all keys, is replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from infrastructure.keyring import Keyring
from infrastructure.purposes import PURPOSES
from infrastructure.resealing import SEALED
from infrastructure.sealing import CannotOpen
from tests.api.people import register
from tests.api.stack import Stack, json_of
from tests.keys.conftest import rotate, rotation, settle

ENDPOINT = {"url": "https://hooks.example.org/lodger"}


# --- what is sealed -----------------------------------------------------------------------------------------


def test_what_is_sealed_is_sealed_anew_and_the_former_key_is_destroyed(stack: Stack) -> None:
    bob = register(stack, "bob")
    endpoint = json_of(bob.wish("/v1/webhook-endpoints", ENDPOINT))
    person = UUID(bob.id)
    before = person_key(stack, person)
    gone = uuid4()
    run(stack, "INSERT INTO person_keys (person_id) VALUES (%s)", gone)

    rotate(stack, "person key", "webhook secret")
    settle(stack)

    assert person_key(stack, person) == before
    sealed = value(stack, "SELECT secret FROM webhook_endpoints WHERE endpoint_id = %s", endpoint["id"])
    assert (
        stack.wired.keyring.sealer("webhook secret").open(UUID(endpoint["id"]), sealed) == endpoint["secret"].encode()
    )
    assert stack.wired.keyring.sealer("webhook secret").is_current(sealed)
    assert stack.wired.keyring.keys("person key").others == ()
    assert stack.count("SELECT count(*) FROM keyring WHERE destroyed_at IS NOT NULL") == 2
    assert value(stack, "SELECT sealed IS NULL FROM person_keys WHERE person_id = %s", gone) is True


def person_key(stack: Stack, person_id: UUID) -> bytes:
    """The very key, whatever it is sealed under."""
    sealer = stack.wired.keyring.sealer("person key")
    sealed = value(stack, "SELECT sealed FROM person_keys WHERE person_id = %s", person_id)
    if sealed is None:
        run(stack, "INSERT INTO person_keys VALUES (%s, %s)", person_id, sealer.seal(person_id, b"p" * 32))
        return b"p" * 32
    return sealer.open(person_id, sealed)


def value(stack: Stack, statement: str, *arguments: object) -> Any:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        row = cursor.fetchone()
    found = row[0] if row else None
    return bytes(found) if isinstance(found, memoryview) else found


def run(stack: Stack, statement: str, *arguments: object) -> None:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement, arguments)


DIGESTS = {
    "answers.digest",
    "api_key_secrets.digest",
    "asked_letters.digest",
    "identities.digest",
    "published_calendars.digest",
    "refresh_tokens.digest",
    "refresh_tokens.successor",
}
"""Keyed digests: nothing of what they are made of is stored."""

NO_KEYS = {
    "imported_listings.digest",
    "log_leaves.hash",
    "log_subtrees.hash",
    "photos.sha256",
    "provider_webhooks.body",
    "provider_webhooks.sha256",
}
"""Bytes that have to do with no key."""


def test_every_column_of_bytes_is_sealed_anew_or_a_digest(stack: Stack) -> None:
    columns = value(
        stack,
        """SELECT array_agg(table_name || '.' || column_name) FROM information_schema.columns
           WHERE table_schema = 'public' AND data_type = 'bytea' AND table_name <> 'keyring'""",
    )
    assert set(columns) == {f"{sealed.table}.{sealed.column}" for sealed in SEALED} | DIGESTS | NO_KEYS
    assert {sealed.purpose for sealed in SEALED} == {name for name, it in PURPOSES.items() if it.use == "seals"}


# --- the root -----------------------------------------------------------------------------------------------


def test_with_a_new_secret_key_everything_is_sealed_under_it_and_the_old_one_can_go(stack: Stack) -> None:
    ada, root = register(stack, "ada"), stack.wired.settings.secret_key
    between = Keyring(stack.wired.database, ["n" * 32, root])
    assert between.keys("email").current.id == stack.wired.keyring.keys("email").current.id

    assert replace(rotation(stack.wired), keyring=between).rotate_root() > 0

    assert (
        Keyring(stack.wired.database, ["n" * 32]).keys("email").current.secret == between.keys("email").current.secret
    )
    with pytest.raises(CannotOpen):
        Keyring(stack.wired.database, [root]).keys("email")
    assert ada.get("/v1/users/me").status_code == 200
    assert replace(rotation(stack.wired), keyring=between).rotate_root() == 0


def test_a_sealed_key_put_in_the_place_of_another_does_not_open(stack: Stack) -> None:
    stack.wired.keyring.keys("quote")
    stack.wired.keyring.keys("cursor")
    run(stack, "UPDATE keyring SET sealed = (SELECT sealed FROM keyring WHERE purpose = 'quote')")

    with pytest.raises(CannotOpen):
        Keyring(stack.wired.database, [stack.wired.settings.secret_key]).keys("cursor")
