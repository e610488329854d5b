"""The outbox of webhooks: filled from the changes, emptied by the courier.

An endpoint has a position of its own in the changes: everything up to it that is wanted is among its deliveries. So
nothing is skipped while workers are down or the endpoint is disabled, and sending again is setting it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from projections.changes import Entry
from projections.projection import Cursor

GIVEN_UP_AFTER: Final = "24 hours"
"""From then on a failed attempt was the last one of its delivery."""

DISABLED_AFTER: Final = "5 days"
"""Of nothing but failures: then an endpoint is disabled until its owner enables it."""

KEPT: Final = "30 days"
"""How long the log of deliveries goes back."""

_PAGE: Final = 200
_LEASE: Final = "2 minutes"
"""Longer than any attempt takes: until then nobody else sends to the endpoint, were the worker killed."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to attempt now, by whoever claimed it. `attempt` counts from 1. Secrets are sealed, newest first.

    `request_id` is the correlation id of what it tells of.
    """

    delivery_id: UUID
    endpoint_id: UUID
    user_id: UUID
    url: str
    secrets: tuple[bytes, ...]
    entry: Entry
    attempt: int
    queued_at: datetime
    request_id: UUID | None = None


def fill(cursor: Cursor) -> int:
    """Make deliveries of the next changes of each enabled endpoint; how many endpoints there was something for."""
    cursor.execute(
        """WITH behind AS (
               SELECT endpoint_id, user_id, types, position FROM webhook_endpoints e
               WHERE enabled AND EXISTS (SELECT FROM changes c WHERE c.user_id = e.user_id AND c.position > e.position)
               ORDER BY endpoint_id LIMIT %(page)s FOR UPDATE SKIP LOCKED
           ), news AS (
               SELECT b.endpoint_id, b.types, c.* FROM behind b CROSS JOIN LATERAL (
                   SELECT position, event_id, type, booking_id, stream_id, version FROM changes
                   WHERE user_id = b.user_id AND position > b.position ORDER BY position LIMIT %(page)s) c
           ), filled AS (
               INSERT INTO webhook_deliveries (endpoint_id, position, event_id, type, booking_id, stream_id, version)
               SELECT endpoint_id, position, event_id, type, booking_id, stream_id, version FROM news
               WHERE cardinality(types) = 0 OR type = ANY (types)
               ORDER BY endpoint_id, position
               -- There already when the endpoint was set back.
               ON CONFLICT (endpoint_id, position) DO UPDATE
               SET status = 'pending', queued_at = clock_timestamp(), next_attempt_at = clock_timestamp()
           )
           UPDATE webhook_endpoints e SET position = n.last
           FROM (SELECT endpoint_id, max(position) AS last FROM news GROUP BY endpoint_id) n
           WHERE e.endpoint_id = n.endpoint_id""",
        {"page": _PAGE},
    )
    return cursor.rowcount


def claim(cursor: Cursor, limit: int) -> list[Claimed]:
    """Deliveries that are due, at most one of each endpoint; nobody else is given one of the same meanwhile.

    Of a booking the earliest change that waits comes first, and holds back the others of that booking only. The claim
    is also the plan for the next attempt: it waits as long again as it has already been tried for (15 s to 6 h), so
    each pause is as long as all before it. No lock is held while sending.
    """
    cursor.execute(
        f"""WITH due AS (
               SELECT e.endpoint_id, d.delivery_id FROM webhook_endpoints e CROSS JOIN LATERAL (
                   SELECT delivery_id FROM webhook_deliveries d
                   WHERE d.endpoint_id = e.endpoint_id AND status = 'pending' AND next_attempt_at <= clock_timestamp()
                     AND NOT EXISTS (
                         SELECT FROM webhook_deliveries earlier
                         WHERE earlier.endpoint_id = d.endpoint_id AND earlier.booking_id = d.booking_id
                           AND earlier.status = 'pending' AND earlier.position < d.position)
                   ORDER BY position LIMIT 1) d
               WHERE e.enabled AND e.rests_until <= clock_timestamp()
               ORDER BY e.rests_until LIMIT %s FOR UPDATE OF e SKIP LOCKED
           ), claimed AS (
               UPDATE webhook_deliveries d
               SET attempts = attempts + 1, attempted_at = clock_timestamp(),
                   next_attempt_at = clock_timestamp()
                       + least(greatest(clock_timestamp() - queued_at, interval '15 s'), interval '6 hours')
               FROM due WHERE d.delivery_id = due.delivery_id AND d.status = 'pending'
               RETURNING d.*
           )
           UPDATE webhook_endpoints e SET rests_until = clock_timestamp() + interval '{_LEASE}'
           FROM claimed d WHERE e.endpoint_id = d.endpoint_id
           RETURNING d.delivery_id, e.endpoint_id, e.user_id, e.url, e.secret,
                     CASE WHEN e.former_until > clock_timestamp() THEN e.former_secret END, d.attempts, d.queued_at,
                     (SELECT (meta::json->>'correlation_id')::uuid FROM events l WHERE l.position = d.position),
                     d.position, d.event_id, d.type, d.booking_id, d.stream_id, d.version""",  # noqa: S608 - constants
        [limit],
    )
    rows = cursor.fetchall()
    return [
        Claimed(
            delivery_id,
            endpoint_id,
            user_id,
            url,
            tuple(bytes(sealed) for sealed in (secret, former) if sealed is not None),
            Entry(*entry),
            attempt,
            queued_at,
            request_id,
        )
        for delivery_id, endpoint_id, user_id, url, secret, former, attempt, queued_at, request_id, *entry in rows
    ]


def delivered(cursor: Cursor, claimed: Claimed, response_status: int) -> None:
    """It was taken: the endpoint is well, and the next delivery may follow at once.

    Asked for again meanwhile, it stays pending.
    """
    cursor.execute(
        """WITH settled AS (
               UPDATE webhook_deliveries SET status = 'delivered', response_status = %s, error = NULL
               WHERE delivery_id = %s AND queued_at = %s
           )
           UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, rests_until = clock_timestamp()
           WHERE endpoint_id = %s""",
        [response_status, claimed.delivery_id, claimed.queued_at, claimed.endpoint_id],
    )


def not_delivered(cursor: Cursor, claimed: Claimed, response_status: int | None, error: str) -> bool:
    """It was not taken; whether the endpoint was given up over it.

    The endpoint rests for a while that doubles with each failure in a row (2 s to 10 min): one that hangs or is
    overrun is not tried with everything that waits for it.
    """
    cursor.execute(
        f"""WITH settled AS (
               UPDATE webhook_deliveries
               SET response_status = %s, error = %s,
                   status = CASE WHEN clock_timestamp() - queued_at >= interval '{GIVEN_UP_AFTER}'
                                 THEN 'failed' ELSE 'pending' END
               WHERE delivery_id = %s AND queued_at = %s
           )
           UPDATE webhook_endpoints
           SET failures = failures + 1,
               failing_since = coalesce(failing_since, clock_timestamp()),
               rests_until = clock_timestamp() + least(interval '2 s' * 2 ^ least(failures, 12), interval '10 min'),
               enabled = enabled AND clock_timestamp() - coalesce(failing_since, clock_timestamp())
                                     < interval '{DISABLED_AFTER}',
               given_up_at = CASE WHEN enabled AND clock_timestamp() - failing_since >= interval '{DISABLED_AFTER}'
                                  THEN clock_timestamp() ELSE given_up_at END
           WHERE endpoint_id = %s
           RETURNING given_up_at IS NOT NULL""",  # noqa: S608 - constants
        [response_status, error, claimed.delivery_id, claimed.queued_at, claimed.endpoint_id],
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def forget(cursor: Cursor) -> None:
    """Forget deliveries that were settled long ago. Sent again, they are made anew from the changes."""
    cursor.execute(
        f"""DELETE FROM webhook_deliveries
            WHERE status <> 'pending' AND attempted_at < clock_timestamp() - interval '{KEPT}'"""  # noqa: S608
    )
