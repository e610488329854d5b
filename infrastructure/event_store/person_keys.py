"""A key per person: what they wrote is readable as long as it is there. Destroying it is how a person is forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Lock
from typing import Final, Protocol
from uuid import UUID

from cachetools import TTLCache
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg2.extras import execute_values

from infrastructure.database import Database

CACHE_SECONDS: Final = 10
"""How long a process still reads what somebody wrote whose key was destroyed meanwhile."""

_CACHED: Final = 10_000


class Wrapping(Protocol):
    """Seals keys under a key-encryption key from the settings."""

    def seal(self, owner_id: UUID, secret: bytes) -> bytes: ...

    def open(self, owner_id: UUID, sealed: bytes) -> bytes: ...


class PersonKeys:
    """AES-256-GCM keys in `person_keys`, each wrapped. A row without a key is of somebody who was erased.

    One may be shared by threads.
    """

    def __init__(self, database: Database, wrapping: Wrapping) -> None:
        self._database = database
        self._wrapping = wrapping
        self._known: TTLCache[UUID, AESGCM | None] = TTLCache(_CACHED, CACHE_SECONDS)
        self._lock = Lock()

    def find(self, person_ids: Iterable[UUID]) -> dict[UUID, AESGCM | None]:
        """The keys of some people, in at most one round trip; None for those who have none."""
        wanted = set(person_ids)
        with self._lock:
            found = {person_id: self._known[person_id] for person_id in wanted if person_id in self._known}
        missing = list(wanted - found.keys())
        if missing:
            read = {**dict.fromkeys(missing), **self._read(missing)}
            with self._lock:
                self._known.update(read)
            found |= read
        return found

    def make(self, person_id: UUID) -> AESGCM | None:
        """The key of a person, made if they never had one; None for somebody who was erased."""
        return self.make_all([person_id])[person_id]

    def make_all(self, person_ids: Iterable[UUID]) -> dict[UUID, AESGCM | None]:
        """The same of several people, in as many round trips as of one."""
        found = self.find(person_ids)
        missing = sorted(person_id for person_id, key in found.items() if key is None)
        if not missing:
            return found
        made = [(person_id, self._wrapping.seal(person_id, os.urandom(32))) for person_id in missing]
        with self._database.connection() as connection, connection.cursor() as cursor:
            execute_values(cursor, "INSERT INTO person_keys (person_id, sealed) VALUES %s ON CONFLICT DO NOTHING", made)
        for person_id in missing:
            self.forget(person_id)  # another may have been faster
        return found | self.find(missing)

    def forget(self, person_id: UUID) -> None:
        """Look again the next time."""
        with self._lock:
            self._known.pop(person_id, None)

    def _read(self, person_ids: list[UUID]) -> dict[UUID, AESGCM | None]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT person_id, sealed FROM person_keys WHERE person_id = ANY (%s) AND sealed IS NOT NULL",
                [person_ids],
            )
            return {
                person_id: AESGCM(self._wrapping.open(person_id, bytes(sealed)))
                for person_id, sealed in cursor.fetchall()
            }
