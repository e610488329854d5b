"""Webhooks of payment providers in their plain table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from application.payment_ports import Hint
from application.provider_webhook_ports import ProviderWebhook, UnknownWebhook, WebhookOutcome
from infrastructure.database import Database

_LEASE: Final = "2 minutes"
"""Longer than following one takes: until then nobody else does, were the worker killed."""


class ProviderWebhookTable:
    """Implements `application.provider_webhook_ports.ProviderWebhooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, provider: str, hint: Hint, body: bytes) -> bool:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO provider_webhooks (provider, event_id, about, reference, payment_id, body, sha256)
                   VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (provider, event_id) DO NOTHING""",
                [provider, hint.event_id, hint.about, hint.reference, hint.payment_id, body, sha256(body).digest()],
            )
            return cursor.rowcount == 1

    def take_due(self, away: Collection[str] = ()) -> ProviderWebhook | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE provider_webhooks
                    SET attempts = attempts + 1, next_attempt_at = clock_timestamp() + interval '{_LEASE}'
                    WHERE webhook_id = (SELECT webhook_id FROM provider_webhooks
                                        WHERE state = 'waiting' AND next_attempt_at <= clock_timestamp()
                                          AND provider <> ALL (%s)
                                        ORDER BY next_attempt_at, webhook_id LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING webhook_id, provider, sha256, attempts, event_id, about, reference, payment_id""",  # noqa: S608 - a constant
                [list(away)],
            )
            row = cursor.fetchone()
        if row is None:
            return None
        webhook_id, provider, digest, attempts, *hint = row
        return ProviderWebhook(webhook_id, provider, Hint(*hint), bytes(digest), attempts)

    def settle(self, webhook_id: int, outcome: WebhookOutcome) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE provider_webhooks SET state = %s, last_error = NULL
                   WHERE webhook_id = %s AND state = 'waiting'""",
                [outcome, webhook_id],
            )

    def postpone(self, webhook: ProviderWebhook, error: str) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE provider_webhooks
                   SET last_error = %s, next_attempt_at = clock_timestamp()
                                        + least(interval '1 s' * 2 ^ least(attempts, 12), interval '1 hour')
                   WHERE webhook_id = %s AND attempts = %s AND state = 'waiting'""",
                [error, webhook.webhook_id, webhook.attempt],
            )

    def unknown(self, before: int | None, limit: int) -> Sequence[UnknownWebhook]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT webhook_id, provider, event_id, reference, payment_id, received_at FROM provider_webhooks
                   WHERE state = 'unknown_payment' AND webhook_id < coalesce(%s, 9223372036854775807)
                   ORDER BY webhook_id DESC LIMIT %s""",
                [before, limit],
            )
            return [UnknownWebhook(*row) for row in cursor.fetchall()]

    def forget(self, before: datetime) -> int:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM provider_webhooks WHERE received_at < %s AND state <> 'waiting'",
                [before],
            )
            return cursor.rowcount
