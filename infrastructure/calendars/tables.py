"""Linked and published calendars in their plain tables: an address may be a secret, and secrets are in no event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.linked_calendars import LinkedCalendar
from infrastructure.database import Database

_COLUMNS: Final = (
    "feed_id, property_id, url, due_at, etag, attempted_at, read_at, failures, error_code, error_text, entries, notes"
)


class LinkedCalendarTable:
    """Implements `application.linked_calendars.LinkedCalendars`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, linked: LinkedCalendar) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""INSERT INTO linked_calendars ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                    ON CONFLICT (feed_id) DO NOTHING""",  # noqa: S608 - constants
                _row(linked),
            )

    def update(self, linked: LinkedCalendar) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE linked_calendars SET ({_COLUMNS}) = (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                    WHERE feed_id = %s""",  # noqa: S608 - constants
                [*_row(linked), linked.feed_id],
            )

    def of_property(self, property_id: UUID) -> Mapping[UUID, LinkedCalendar]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM linked_calendars WHERE property_id = %s",  # noqa: S608 - constants
                [property_id],
            )
            return {row[0]: _linked(row) for row in cursor.fetchall()}

    def forget(self, feed_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM linked_calendars WHERE feed_id = %s", [feed_id])

    def hasten(self, feed_id: UUID, due_at: datetime) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE linked_calendars SET due_at = least(due_at, %s) WHERE feed_id = %s", [due_at, feed_id]
            )

    def take_due(self, now: datetime, busy_until: datetime) -> LinkedCalendar | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE linked_calendars SET due_at = %s
                    WHERE feed_id = (SELECT feed_id FROM linked_calendars WHERE due_at <= %s
                                     ORDER BY due_at, feed_id LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING {_COLUMNS}""",  # noqa: S608 - constants
                [busy_until, now],
            )
            row = cursor.fetchone()
        return _linked(row) if row else None


class PublishedCalendarTable:
    """Implements `application.linked_calendars.PublishedCalendars`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, property_id: UUID, digest: bytes) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO published_calendars (property_id, digest) VALUES (%s, %s)
                   ON CONFLICT (property_id) DO UPDATE SET digest = excluded.digest""",
                [property_id, digest],
            )

    def withdraw(self, property_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM published_calendars WHERE property_id = %s", [property_id])

    def find(self, digests: Sequence[bytes]) -> UUID | None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT property_id FROM published_calendars WHERE digest = ANY (%s)", [list(digests)])
            row = cursor.fetchone()
        return row[0] if row else None


def _row(linked: LinkedCalendar) -> list[Any]:
    code, text = linked.error or (None, None)
    return [
        linked.feed_id,
        linked.property_id,
        linked.url,
        linked.due_at,
        linked.etag,
        linked.attempted_at,
        linked.read_at,
        linked.failures,
        code,
        text,
        linked.entries,
        list(linked.notes),
    ]


def _linked(row: tuple[Any, ...]) -> LinkedCalendar:
    feed_id, property_id, url, due_at, etag, attempted_at, read_at, failures, code, text, entries, notes = row
    error = (code, text) if code else None
    return LinkedCalendar(
        feed_id, property_id, url, due_at, etag, attempted_at, read_at, failures, error, entries, tuple(notes)
    )
