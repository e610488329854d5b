"""Words for tests of being forgotten."""

from __future__ import annotations

from infrastructure.workers.erasures import forget_people
from tests.api.people import PASSWORD
from tests.api.stack import Client, Stack


def settle(stack: Stack) -> None:
    """Let the workers do whatever follows, the first sweep of the erased too."""
    stack.run_workers()
    forget_people(stack.wired.lodger)
    stack.run_workers()


def sweep_again(stack: Stack) -> None:
    """As if the time for it had come."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE erasures SET next_sweep_at = clock_timestamp()")
    settle(stack)


def erase(client: Client) -> None:
    """Ask to be forgotten, and be."""
    client.stack.run_workers()
    asked = client.json("DELETE", "/v1/users/me", {"password": PASSWORD})
    assert asked.status_code == 202, asked.text
    settle(client.stack)
