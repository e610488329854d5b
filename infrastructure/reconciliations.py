"""When providers are asked again: a plain table beside the read model of payments.

Only real time counts, the database's: a sandbox's clock that was moved leaves nobody alone for longer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from projections.projection import Cursor

LEFT_ALONE = "10 s"
"""Without an event: until then the request, reaction or webhook that is at it may still be."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A payment whose provider is to be asked now, by whoever claimed it."""

    payment_id: UUID
    provider: str


def claim(cursor: Cursor, away: Collection[str] = ()) -> Claimed | None:
    """The payment that was left alone the longest and is due, but for those of providers that are `away`.

    The claim is also the plan for the next attempt, after a while that doubles (5 s to 5 min) until something happens
    with the payment: so whoever dies with it, or fails, has it asked again. No lock is held while asking.
    """
    cursor.execute(
        f"""INSERT INTO reconciliations AS r (payment_id, left_at, attempts, next_attempt_at)
            SELECT p.payment_id, p.left_at, 1, clock_timestamp() + interval '5 s'
            FROM payments p LEFT JOIN reconciliations known USING (payment_id)
            WHERE p.under_way AND p.left_at <= clock_timestamp() - interval '{LEFT_ALONE}'
              AND p.provider <> ALL (%s)
              AND (known IS NULL OR known.left_at < p.left_at OR known.next_attempt_at <= clock_timestamp())
            ORDER BY p.left_at, p.payment_id LIMIT 1 FOR UPDATE OF p SKIP LOCKED
            ON CONFLICT (payment_id) DO UPDATE
            SET left_at = excluded.left_at, last_error = NULL,
                attempts = CASE WHEN r.left_at < excluded.left_at THEN 1 ELSE r.attempts + 1 END,
                next_attempt_at = clock_timestamp() + CASE WHEN r.left_at < excluded.left_at THEN interval '5 s'
                    ELSE least(interval '5 s' * 2 ^ least(r.attempts, 10), interval '5 min') END
            -- Somebody else's by now, who took it between our look and our lock.
            WHERE r.left_at < excluded.left_at OR r.next_attempt_at <= clock_timestamp()
            RETURNING payment_id, (SELECT provider FROM payments p WHERE p.payment_id = r.payment_id)""",  # noqa: S608
        [list(away)],
    )
    row = cursor.fetchone()
    return Claimed(*row) if row else None


def failed(cursor: Cursor, payment_id: UUID, error: str) -> None:
    """Keep what went wrong, for operators to see."""
    cursor.execute("UPDATE reconciliations SET last_error = %s WHERE payment_id = %s", [error, payment_id])


def forget(cursor: Cursor) -> None:
    """Forget what has come to its end."""
    cursor.execute(
        "DELETE FROM reconciliations r USING payments p WHERE p.payment_id = r.payment_id AND NOT p.under_way"
    )
