"""Photos in their table, which is also the list of what is to be done with their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from application.photo_ports import Photo
from infrastructure.database import Database

_AGAIN: Final = "interval '1 minute'"
"""After this long what did not work is tried again, and what somebody else is at no more."""


_GIVEN_UP: Final = """
    DELETE FROM photos
    WHERE photo_id = %s AND state = 'new' AND uploaded_at < clock_timestamp() - interval '1 day'"""
"""An upload that died before its file was there: nothing shows it, as that comes after the file."""


class PhotoTable:
    """Implements `application.photo_ports.Photos`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, photo: Photo) -> UUID:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO photos (photo_id, user_id, property_id, sha256, width, height)
                   VALUES (%s, %s, %s, %s, %s, %s)
                   ON CONFLICT (coalesce(property_id, user_id), sha256) WHERE state <> 'removed'
                   DO UPDATE SET state = 'new', due_at = clock_timestamp()
                   RETURNING photo_id""",
                [photo.photo_id, photo.user_id, photo.property_id, photo.sha256, photo.width, photo.height],
            )
            ((photo_id,),) = cursor.fetchall()
            return UUID(str(photo_id))

    def remove(self, photo_ids: Sequence[UUID]) -> None:
        if not photo_ids:
            return
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE photos SET state = 'removed', due_at = clock_timestamp() WHERE photo_id = ANY (%s)",
                [list(photo_ids)],
            )

    def show_user(self, user_id: UUID, photo_id: UUID | None) -> None:
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE people SET photo_id = %s, version = version + 1
                   WHERE user_id = %s AND photo_id IS DISTINCT FROM %s""",
                [photo_id, user_id, photo_id],
            )
            cursor.execute(
                """UPDATE photos SET state = 'removed', due_at = clock_timestamp()
                   WHERE user_id = %s AND property_id IS NULL AND photo_id IS DISTINCT FROM %s""",
                [user_id, photo_id],
            )

    def work(self, make: Callable[[UUID], bool], delete: Callable[[UUID], None]) -> bool:
        """Taken for a minute, and not locked: no transaction stays open while pictures are made and stores asked."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE photos SET due_at = clock_timestamp() + {_AGAIN}
                    WHERE photo_id = (SELECT photo_id FROM photos WHERE state <> 'ready' AND due_at <= clock_timestamp()
                                      ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING photo_id, state"""  # noqa: S608 - constants
            )
            row = cursor.fetchone()
        if row is None:
            return False
        photo_id, state = row
        if state == "removed":
            delete(photo_id)
            self._finish("DELETE FROM photos WHERE photo_id = %s AND state = 'removed'", photo_id)
        elif make(photo_id):
            self._finish("UPDATE photos SET state = 'ready' WHERE photo_id = %s AND state = 'new'", photo_id)
        else:
            self._finish(_GIVEN_UP, photo_id)
        return True

    def _finish(self, statement: str, photo_id: UUID) -> None:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, [photo_id])
