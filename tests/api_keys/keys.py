"""Keys in a test's hands."""

from __future__ import annotations

from typing import Any

from tests.api.people import register, verify
from tests.api.stack import Client, Stack, json_of

KEYS = "/v1/api-keys"


def verified(stack: Stack, name: str = "user") -> Client:
    """A new person whose address is theirs, signed in."""
    client = register(stack, name)
    verify(stack, client)
    return client


def make(client: Client, *scopes: str, **more: Any) -> dict[str, Any]:
    """A new key, as it is shown once."""
    answer = client.post(KEYS, {"name": "Channel manager", "scopes": scopes, **more})
    assert answer.status_code == 201, answer.text
    return json_of(answer)


def machine(client: Client, key: str) -> Client:
    """What speaks for the same person with a key."""
    return Client(client.stack, key, client.user)
