"""Bringing webhooks, following them, and looking at what came of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from application import provider_webhooks
from application.lodger import Lodger
from infrastructure.database import Database
from infrastructure.workers.provider_webhooks import Follower
from tests.support.scripted_gateway import Delivery


def bring(lodger: Lodger, delivery: Delivery, provider: str = "scripted") -> bool:
    """A webhook comes in; whether it is new."""
    return provider_webhooks.receive(lodger, provider, delivery.headers, delivery.body, datetime.now(UTC))


def follow(lodger: Lodger) -> None:
    """Let a worker follow whatever is due."""
    follower = Follower(lodger)
    follower.run()
    follower.wait()


def rows(database: Database, columns: str) -> list[tuple[Any, ...]]:
    """Of the webhooks, in the order they came."""
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM provider_webhooks ORDER BY webhook_id")
        return cursor.fetchall()


def states(database: Database) -> dict[str, str]:
    """Of each webhook, by the provider's event."""
    return dict(rows(database, "event_id, state"))


def hasten(database: Database) -> None:
    """Everything that waits is due now."""
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE provider_webhooks SET next_attempt_at = clock_timestamp()")
