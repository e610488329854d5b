"""Endpoints of webhooks and their outbox, as their owners see and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg2.errors import UniqueViolation

from application.ports import VersionConflict
from application.webhook_ports import DeliveryStatus, Kept, WebhookDelivery, WebhookEndpoint
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.event_store.kept_answers import keep
from infrastructure.outgoing import AddressRefused, Outgoing
from infrastructure.sealing import Sealer
from projections.changes import CHANGES, last_before
from projections.positions import reached

FORMER_SECRET: Final = timedelta(hours=24)
"""How long the secret before is used beside a new one."""

_ENDPOINT: Final = "endpoint_id, user_id, url, types, enabled, version, created_at, failing_since, given_up_at"
_DELIVERY: Final = """delivery_id, event_id, type, position, status, attempts, attempted_at,
    CASE status WHEN 'pending' THEN next_attempt_at END, response_status, error"""


class WebhookEndpoints:
    """Implements `application.webhook_ports.Webhooks`. Sending is the courier's."""

    def __init__(self, database: Database, sealer: Sealer, outgoing: Outgoing) -> None:
        self._database = database
        self._sealer = sealer
        self._outgoing = outgoing

    def check(self, url: str) -> None:
        """See `Webhooks.check`. Where its name leads is seen when something is sent."""
        try:
            self._outgoing.check(url)
        except AddressRefused as refused:
            raise Rejected("webhook_url_refused", str(refused)) from refused

    def of_user(self, user_id: UUID) -> Sequence[WebhookEndpoint]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_ENDPOINT} FROM webhook_endpoints WHERE user_id = %s"  # noqa: S608 - constants
                " ORDER BY created_at, endpoint_id",
                [user_id],
            )
            return [_endpoint(row) for row in cursor.fetchall()]

    def add(self, endpoint: WebhookEndpoint, secret: str) -> None:
        """Insert an endpoint that begins where the changes stand now. Raises VersionConflict."""
        sealed = self._sealer.seal(endpoint.endpoint_id, secret.encode())
        with self._database.connection() as connection, connection.cursor() as cursor:
            try:
                cursor.execute(
                    """INSERT INTO webhook_endpoints (endpoint_id, user_id, url, types, created_at, secret, position)
                       VALUES (%s, %s, %s, %s, %s, %s, %s)""",
                    [
                        *(endpoint.endpoint_id, endpoint.user_id, endpoint.url, list(endpoint.types)),
                        *(endpoint.created_at, sealed, reached(cursor, CHANGES.name)),
                    ],
                )
            except UniqueViolation as taken:
                raise VersionConflict(f"an endpoint at {endpoint.url}") from taken

    def change(self, endpoint: WebhookEndpoint, *, expected_version: int, answer: Kept = None) -> None:
        """Write what an owner may change. Raises VersionConflict, AnswerKept, AnswerInFlight, KeyReused."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            keep(cursor, answer)
            try:
                cursor.execute(
                    """UPDATE webhook_endpoints
                       SET url = %s, types = %s, enabled = %s, failing_since = %s, given_up_at = %s,
                           version = version + 1,
                           failures = CASE WHEN %s THEN 0 ELSE failures END,
                           rests_until = CASE WHEN %s THEN clock_timestamp() ELSE rests_until END
                       WHERE endpoint_id = %s AND version = %s""",
                    [
                        *(endpoint.url, list(endpoint.types), endpoint.enabled),
                        *(endpoint.failing_since, endpoint.given_up_at),
                        *(endpoint.failing_since is None, endpoint.failing_since is None),
                        *(endpoint.endpoint_id, expected_version),
                    ],
                )
            except UniqueViolation as taken:
                raise VersionConflict(f"an endpoint at {endpoint.url}") from taken
            if cursor.rowcount == 0:
                raise VersionConflict(f"endpoint {endpoint.endpoint_id} is not at version {expected_version}")
            if endpoint.enabled:
                # What waited while it was disabled has its whole day before it again.
                cursor.execute(
                    """UPDATE webhook_deliveries SET queued_at = clock_timestamp(), next_attempt_at = clock_timestamp()
                       WHERE endpoint_id = %s AND status = 'pending'""",
                    [endpoint.endpoint_id],
                )

    def disable(self, user_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE webhook_endpoints SET enabled = false WHERE user_id = %s AND enabled", [user_id])

    def remove(self, endpoint_id: UUID, *, answer: Kept = None) -> None:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            keep(cursor, answer)
            cursor.execute("DELETE FROM webhook_endpoints WHERE endpoint_id = %s", [endpoint_id])

    def renew_secret(self, endpoint_id: UUID, secret: str) -> datetime:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE webhook_endpoints
                   SET former_secret = secret, former_until = clock_timestamp() + %s, secret = %s
                   WHERE endpoint_id = %s RETURNING former_until""",
                [FORMER_SECRET, self._sealer.seal(endpoint_id, secret.encode()), endpoint_id],
            )
            ((until,),) = cursor.fetchall()
            assert isinstance(until, datetime)
            return until

    def deliveries(
        self, endpoint_id: UUID, status: DeliveryStatus | None, before: int | None, limit: int
    ) -> Sequence[WebhookDelivery]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT {_DELIVERY} FROM webhook_deliveries
                    WHERE endpoint_id = %s AND (%s IS NULL OR status = %s) AND (%s IS NULL OR position < %s)
                    ORDER BY position DESC LIMIT %s""",  # noqa: S608 - constants
                [endpoint_id, status, status, before, before, limit],
            )
            return [WebhookDelivery(*row) for row in cursor.fetchall()]

    def delivery(self, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_DELIVERY} FROM webhook_deliveries WHERE endpoint_id = %s AND delivery_id = %s",  # noqa: S608
                [endpoint_id, delivery_id],
            )
            row = cursor.fetchone()
            return WebhookDelivery(*row) if row else None

    def send_again(self, delivery_id: UUID, *, answer: Kept = None) -> None:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            keep(cursor, answer)
            cursor.execute(
                """UPDATE webhook_deliveries
                   SET status = 'pending', queued_at = clock_timestamp(), next_attempt_at = clock_timestamp()
                   WHERE delivery_id = %s""",
                [delivery_id],
            )

    def send_all_again(self, endpoint_id: UUID, since: int | datetime, *, answer: Kept = None) -> None:
        """Set the endpoint back: filling its outbox from there makes what was settled pending again."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            keep(cursor, answer)
            cursor.execute(
                "SELECT user_id, position FROM webhook_endpoints WHERE endpoint_id = %s FOR UPDATE", [endpoint_id]
            )
            row = cursor.fetchone()
            if row is None:
                return
            user_id, position = row
            begin = last_before(cursor, user_id, since) if isinstance(since, datetime) else since
            cursor.execute(
                "UPDATE webhook_endpoints SET position = %s WHERE endpoint_id = %s",
                [min(begin, position), endpoint_id],
            )


def _endpoint(row: tuple[Any, ...]) -> WebhookEndpoint:
    endpoint_id, user_id, url, types, *rest = row
    return WebhookEndpoint(endpoint_id, user_id, url, tuple(types), *rest)
