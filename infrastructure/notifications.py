"""What people chose and read of their notifications: no facts of the log, so in plain tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from psycopg2.extras import execute_values

from domain.notices import Category, Channels, Preferences
from infrastructure.database import Database


class Notifications:
    """Implements `application.ports.Notifications`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preferences(self, user_ids: Collection[UUID]) -> Mapping[UUID, Preferences]:
        """What each of some people chose; a category that they never chose anything for is missing."""
        chosen: dict[UUID, dict[Category, Channels]] = {user_id: {} for user_id in user_ids}
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT user_id, category, email, in_app FROM notification_preferences WHERE user_id = ANY (%s)",
                [list(chosen)],
            )
            for user_id, category, email, in_app in cursor.fetchall():
                chosen[user_id][category] = Channels(email, in_app)
        return chosen

    def prefer(self, user_id: UUID, chosen: Preferences) -> None:
        """Replace what somebody chose."""
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM notification_preferences WHERE user_id = %s AND category <> ALL (%s)",
                [user_id, list(chosen)],
            )
            execute_values(
                cursor,
                """INSERT INTO notification_preferences (user_id, category, email, in_app) VALUES %s
                   ON CONFLICT (user_id, category) DO UPDATE SET (email, in_app) = (excluded.email, excluded.in_app)""",
                [(user_id, category, channels.email, channels.in_app) for category, channels in sorted(chosen.items())],
            )

    def mark_read(self, user_id: UUID, upto: int) -> None:
        """Say that somebody has read what the log told them up to a position; never less than before.

        A position that they were not told of yet is taken for their last one's: later notifications are born unread.
        """
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO notification_marks AS mark (user_id, read_upto)
                   SELECT user_id, least(%s, max(position)) FROM notifications WHERE user_id = %s GROUP BY user_id
                   ON CONFLICT (user_id) DO UPDATE SET read_upto = greatest(mark.read_upto, excluded.read_upto)""",
                [upto, user_id],
            )
