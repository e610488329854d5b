"""Keys in a test's hands."""

from __future__ import annotations

from typing import Any

from tests.api.stack import Client, Stack, json_of

KEYS = "/v1/api-keys"


def make(client: Client, *scopes: str, **more: Any) -> dict[str, Any]:
    """A new key, as it is shown once."""
    answer = client.post(KEYS, {"name": "Channel manager", "scopes": scopes, **more})
    assert answer.status_code == 201, answer.text
    return json_of(answer)


def tables_of(stack: Stack) -> list[str]:
    """Every table that Lodger can read: where something that is kept could be."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND has_table_privilege(oid, 'SELECT')"""
        )
        return [name for (name,) in cursor.fetchall()]


def machine(client: Client, key: str) -> Client:
    """What speaks for the same person with a key."""
    return Client(client.stack, key, client.user)
