"""Mailings: who is to be written to about what. An outbox, of which mail is sent apart from projecting.

A row says who (by role) and what about (by stream), never an address or a text: those are looked up when sending. What
is told to whom is in `domain.notices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid5

from psycopg2.extras import execute_values

from domain.events import Event
from domain.notices import MESSAGE, TOLD, Recipient, Template, recipients
from domain.policies import ACCOUNT_LETTER_PAUSE
from projections.projection import Cursor, Projection

Status = Literal["pending", "sent", "refused", "unwanted"]
"""`refused`: there is nobody to send it to; `unwanted`: the recipient does not want it, or needs it no more."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mail to send: the event that it tells of, the event's stream, and who gets it.

    For one about messages these are the first one's derived id and the booking, for one that was asked for a new id
    and the user; the position of both is 0. `request_id` is the event's correlation id, for logs.
    """

    event_id: UUID
    recipient: Recipient
    template: Template
    stream_id: UUID
    position: int
    request_id: UUID | None = field(default=None, compare=False)


def apply(cursor: Cursor, events: Sequence[Event]) -> None:
    rows = [
        (event.event_id, recipient, notice.template, event.stream_id, event.position)
        for event in events
        for notice in [TOLD[type(event.fact)]]
        for recipient in recipients(event.fact)
    ]
    execute_values(cursor, "INSERT INTO mailings (event_id, recipient, template, stream_id, position) VALUES %s", rows)


MAILINGS: Final = Projection(
    name="mailings",
    version=1,
    tables=("mailings",),
    facts=tuple(TOLD),
    apply=apply,
    # Rebuilt rows would be sent again: who was written to is a fact of its own.
    rebuildable=False,
)


def tell_of_message(cursor: Cursor, booking_id: UUID, number: int, recipient: Recipient, quiet: timedelta) -> None:
    """Plan a mail about what is written to one side of a booking, due after `quiet`.

    One that waits already tells of this message too, so that a conversation is not a mail per line.
    """
    cursor.execute(
        """INSERT INTO mailings (event_id, recipient, template, stream_id, position, next_attempt_at)
           VALUES (%s, %s, %s, %s, 0, clock_timestamp() + %s)
           ON CONFLICT (stream_id, recipient) WHERE template = 'message_received' AND status = 'pending' DO NOTHING""",
        [uuid5(booking_id, f"message:{number}"), recipient, MESSAGE.template, booking_id, quiet],
    )


def plan_asked(cursor: Cursor) -> None:
    """Plan the mails that were asked for, to whom the addresses belong.

    Those that belong to nobody are forgotten; of two in a row only the first is sent.
    """
    cursor.execute(
        """WITH asked AS (DELETE FROM asked_letters RETURNING template, digest)
           INSERT INTO mailings (event_id, recipient, template, stream_id, position)
           SELECT gen_random_uuid(), 'user', template, user_id, 0
           FROM (SELECT DISTINCT template, user_id FROM asked JOIN identities USING (digest) WHERE kind = 'email') found
           WHERE NOT EXISTS (SELECT FROM mailings earlier
                             WHERE earlier.stream_id = user_id AND earlier.template = found.template
                               AND earlier.position = 0 AND earlier.created_at > clock_timestamp() - %s)""",
        [ACCOUNT_LETTER_PAUSE],
    )


def tell_user(cursor: Cursor, template: Template, user_id: UUID) -> None:
    """Plan a mail to a user about their account."""
    cursor.execute(
        """INSERT INTO mailings (event_id, recipient, template, stream_id, position)
           VALUES (gen_random_uuid(), 'user', %s, %s, 0)""",
        [template, user_id],
    )


# --- sending --------------------------------------------------------------------------------------------------


def claim_due(cursor: Cursor, limit: int) -> list[Mailing]:
    """Mails that are due, not to be claimed again before a while that doubles with each attempt (15 s to 5 min).

    So the claim is also the plan for the next attempt, whether this one fails or dies; no lock is held while sending.
    """
    cursor.execute(
        """UPDATE mailings m
           SET attempts = attempts + 1,
               next_attempt_at = clock_timestamp() + least(interval '15 s' * 2 ^ least(attempts, 10), interval '5 min')
           WHERE (event_id, recipient, template) IN (
               SELECT event_id, recipient, template FROM mailings
               WHERE status = 'pending' AND next_attempt_at <= clock_timestamp()
               ORDER BY next_attempt_at, position LIMIT %s FOR UPDATE SKIP LOCKED)
           RETURNING event_id, recipient, template, stream_id, position,
                     (SELECT (meta::json->>'correlation_id')::uuid FROM events e WHERE e.position = m.position)""",
        [limit],
    )
    return sorted(
        (Mailing(*row) for row in cursor.fetchall()), key=lambda mailing: (mailing.position, mailing.recipient)
    )


def settle(cursor: Cursor, mailing: Mailing, status: Status, error: str | None = None) -> None:
    """Record what became of an attempt; "pending" when it is to be made again."""
    cursor.execute(
        """UPDATE mailings SET status = %s, last_error = %s, sent_at = CASE %s WHEN 'sent' THEN clock_timestamp() END
           WHERE (event_id, recipient, template) = (%s, %s, %s)""",
        [status, error, status, mailing.event_id, mailing.recipient, mailing.template],
    )


def waiting(cursor: Cursor) -> tuple[int, datetime | None]:
    """How many mails wait to be sent, and since when the oldest does."""
    cursor.execute("SELECT count(*), min(created_at) FROM mailings WHERE status = 'pending'")
    ((count, since),) = cursor.fetchall()
    return count, since
