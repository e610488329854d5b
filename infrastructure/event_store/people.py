"""Personal data in its plain tables. It is never in an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from application.ports import Answer, Idempotency, Person, VersionConflict
from infrastructure.database import Database
from infrastructure.event_store.kept_answers import keep

_COLUMNS = "user_id, username, email, name, phone, bio, password_hash, version, created_at, photo_id, languages"


class People:
    """Implements `application.ports.People`. Registering is part of `Events.append`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Person]:
        """The people there are among these ids."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM people WHERE user_id = ANY (%s)",  # noqa: S608 - constants
                [list(user_ids)],
            )
            return {row[0]: _person(row) for row in cursor.fetchall()}

    def find(self, kind: str, digest: bytes) -> Person | None:
        """Whom an e-mail address or username belongs to, by its keyed digest."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT {_COLUMNS} FROM people
                    WHERE user_id = (SELECT user_id FROM identities WHERE kind = %s AND digest = %s)""",  # noqa: S608
                [kind, digest],
            )
            row = cursor.fetchone()
            return _person(row) if row else None

    def change_password(self, user_id: UUID, former_hash: str | None, password_hash: str) -> bool:
        """Replace a password, if the former one is still there; whether it was."""
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE people SET password_hash = %s WHERE user_id = %s AND password_hash IS NOT DISTINCT FROM %s",
                [password_hash, user_id, former_hash],
            )
            return cursor.rowcount == 1

    def change_profile(
        self, person: Person, *, expected_version: int, answer: tuple[Idempotency, Answer] | None = None
    ) -> None:
        """Write name, phone, bio and languages at `expected_version`, with the kept answer, in one transaction.

        Raises VersionConflict, AnswerKept, AnswerInFlight, KeyReused.
        """
        with self._database.transaction() as connection, connection.cursor() as cursor:
            keep(cursor, answer)
            cursor.execute(
                """UPDATE people SET name = %s, phone = %s, bio = %s, languages = %s, version = version + 1
                   WHERE user_id = %s AND version = %s""",
                [person.name, person.phone, person.bio, list(person.languages), person.user_id, expected_version],
            )
            if cursor.rowcount == 0:
                raise VersionConflict(f"person {person.user_id} is not at version {expected_version}")


def _person(row: tuple[Any, ...]) -> Person:
    known = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Person(**{**known, "languages": tuple(known["languages"])})
