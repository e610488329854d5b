"""What guests and hosts write to each other, in plain tables: personal data is never in an event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from math import ceil
from uuid import UUID

from application.ports import Answer, Correspondent, Draft, Idempotency, Message, Reading, TooManyMessages
from domain.policies import MESSAGE_QUIET, MESSAGES_PER_HOUR
from infrastructure.database import Database
from infrastructure.event_store.recorder import answer_document, raise_kept, to_json
from projections import mailings
from projections.projection import Cursor


class Messages:
    """Implements `application.ports.Messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, draft: Draft, keep: Callable[[Message], tuple[Idempotency, Answer] | None]) -> Message:
        """Store a message as its booking's next, with the kept answer and the mail to its reader, in one transaction.

        Raises AnswerKept, KeyReused, TooManyMessages.
        """
        with self._database.transaction() as connection, connection.cursor() as cursor:
            # Both sides' rows are locked by this, always in the same order: a thread grows by one at a time.
            message = Message(_next_number(cursor, draft), draft.author_id, draft.text, draft.sent_at)
            kept = keep(message)
            if kept is not None:
                cursor.execute("SELECT to_jsonb(kept) FROM keep_answer(%s) AS kept", [to_json(answer_document(kept))])
                ((earlier,),) = cursor.fetchall()
                if earlier["key"] is not None:
                    raise_kept(earlier, kept[0])
            _must_not_flood(cursor, draft)
            cursor.execute(
                "INSERT INTO messages (booking_id, number, author_id, text, sent_at) VALUES (%s, %s, %s, %s, %s)",
                [draft.booking_id, message.number, draft.author_id, draft.text, draft.sent_at],
            )
            mailings.tell_of_message(cursor, draft.booking_id, message.number, draft.reader, MESSAGE_QUIET)
        return message

    def thread(self, booking_id: UUID, before: int | None, limit: int) -> Sequence[Message]:
        """The newest messages of a booking before a number, newest first."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT number, author_id, text, sent_at FROM messages
                   WHERE booking_id = %s AND number < coalesce(%s, 2147483647) ORDER BY number DESC LIMIT %s""",
                [booking_id, before, limit],
            )
            return [Message(*row) for row in cursor.fetchall()]

    def readings(self, asked: Collection[Correspondent]) -> Mapping[Correspondent, Reading]:
        """How far each has read their booking's messages; whoever's booking has no messages is missing."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """SELECT booking_id, user_id, read_upto, unread FROM correspondents
                   JOIN unnest(%s::uuid[], %s::uuid[]) AS asked (booking_id, user_id) USING (booking_id, user_id)""",
                [[booking_id for booking_id, _ in asked], [user_id for _, user_id in asked]],
            )
            return {(booking_id, user_id): Reading(*how_far) for booking_id, user_id, *how_far in cursor.fetchall()}

    def mark_read(self, booking_id: UUID, user_id: UUID, upto: int) -> Reading:
        """Say that somebody has read a booking's messages up to a number; never less than before."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            # Locked before counting: a message that arrives meanwhile is counted by one of the two, and by one only.
            cursor.execute(
                """SELECT greatest(read_upto, least(%s, messages)) FROM correspondents
                   WHERE (booking_id, user_id) = (%s, %s) FOR UPDATE""",
                [upto, booking_id, user_id],
            )
            row = cursor.fetchone()
            if row is None:
                return Reading()
            cursor.execute(
                """UPDATE correspondents SET read_upto = %(upto)s, unread = (
                       SELECT count(*) FROM messages
                       WHERE booking_id = %(booking)s AND number > %(upto)s AND author_id <> %(user)s)
                   WHERE (booking_id, user_id) = (%(booking)s, %(user)s) RETURNING read_upto, unread""",
                {"upto": row[0], "booking": booking_id, "user": user_id},
            )
            ((read_upto, unread),) = cursor.fetchall()
            return Reading(read_upto, unread)


def _next_number(cursor: Cursor, draft: Draft) -> int:
    author = (draft.booking_id, draft.author_id, 1, 0, None)
    reader = (draft.booking_id, draft.reader_id, 1, 1, draft.sent_at)
    first, second = sorted((author, reader), key=lambda side: side[1])
    cursor.execute(
        """INSERT INTO correspondents AS c (booking_id, user_id, messages, unread, received_at)
           VALUES (%s, %s, %s, %s, %s), (%s, %s, %s, %s, %s)
           ON CONFLICT (booking_id, user_id) DO UPDATE
           SET messages = c.messages + 1, unread = c.unread + excluded.unread,
               received_at = coalesce(excluded.received_at, c.received_at)
           RETURNING messages""",
        [*first, *second],
    )
    return int(cursor.fetchall()[0][0])


def _must_not_flood(cursor: Cursor, draft: Draft) -> None:
    cursor.execute(
        """SELECT count(*), extract(epoch FROM min(recorded_at) + interval '1 hour' - clock_timestamp())
           FROM messages
           WHERE (author_id, booking_id) = (%s, %s) AND recorded_at > clock_timestamp() - interval '1 hour'""",
        [draft.author_id, draft.booking_id],
    )
    ((sent, seconds),) = cursor.fetchall()
    if sent >= MESSAGES_PER_HOUR:
        raise TooManyMessages(timedelta(seconds=max(1, ceil(seconds))))
