"""Rotating keys while everything runs: each use of a key has its own way, and no request fails in any of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import sleep
from typing import Final

from application import platform
from application.calls import Call
from application.keys import Key
from application.lodger import Lodger
from domain.events import Actor
from domain.platform import KeyDestroyed, KeyRotated, RootKeyRotated
from infrastructure import redigesting, resealing
from infrastructure.database import Database
from infrastructure.keyring import AHEAD_SECONDS, OLDEST_SECONDS, Keyring, owner
from infrastructure.purposes import PURPOSES
from infrastructure.refusals import Refused

SETTLED_SECONDS: Final = OLDEST_SECONDS + 6.0
"""After this every process knows, and what it had begun before it knew is over: a statement may take five seconds."""

_LOCK: Final = "hashtextextended('lodger keys', 0)"


@dataclass(frozen=True, slots=True)
class Rotation:
    """`call` makes a call of whoever rotates, with the reason. `wait` is for tests that are alone with the database."""

    lodger: Lodger
    database: Database
    keyring: Keyring
    call: Callable[[], Call]
    wait: Callable[[float], None] = sleep

    def rotate(self, purposes: Sequence[str]) -> None:
        """Make a key for each purpose and see to it that it, and in the end it alone, is used.

        May be run again after it was interrupted. Raises Refused while another one is under way, and Unavailable.
        """
        with self._alone():
            self._rotate(purposes)

    def _rotate(self, purposes: Sequence[str]) -> None:
        for purpose in purposes:
            self._announce(purpose)
        self.wait(AHEAD_SECONDS + SETTLED_SECONDS)
        for purpose in purposes:
            if PURPOSES[purpose].use == "seals":
                resealing.reseal(self.database, self.keyring, purpose)
                # Somebody may have read a row just before, and not opened it yet.
                self._end_others(purpose, timedelta(seconds=SETTLED_SECONDS))
        identifying = [purpose for purpose in purposes if PURPOSES[purpose].use == "identifies"]
        if identifying:
            self._identify_anew(identifying)
        destroy_what_ended(self.lodger, self.database, self.call)

    def rotate_root(self) -> int:
        """Seal the ring under the newest secret key of the settings, which every process must have; how many keys."""
        platform.record(self.lodger, self.call(), RootKeyRotated())
        with self.database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT purpose, key_id, sealed FROM keyring WHERE sealed IS NOT NULL FOR UPDATE")
            rows = [(purpose, key_id, bytes(sealed)) for purpose, key_id, sealed in cursor.fetchall()]
            before = [row for row in rows if not self.keyring.root.is_current(row[2])]
            for purpose, key_id, sealed in before:
                secret = self.keyring.root.open(owner(purpose, key_id), sealed)
                cursor.execute(
                    "UPDATE keyring SET sealed = %s WHERE purpose = %s AND key_id = %s",
                    [self.keyring.root.seal(owner(purpose, key_id), secret), purpose, key_id],
                )
        return len(before)

    def end(self, purpose: str, key_id: str) -> None:
        """Destroy a key whose end nobody can know but an operator: what it made is worth nothing from now on."""
        if PURPOSES[purpose].use not in ("signs", "digests"):
            raise Refused(f"Keys of {purpose} end by themselves when they are rotated.")
        keys = self.keyring.keys(purpose)
        if key_id == keys.current.id or keys.by_id(key_id) is None:
            raise Refused(f"{key_id} is no former key of {purpose}. See ./run lodger keys list.")
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE keyring SET ends_at = clock_timestamp() WHERE purpose = %s AND key_id = %s", [purpose, key_id]
            )
        destroy_what_ended(self.lodger, self.database, self.call)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})")
            if cursor.fetchone() != (True,):
                raise Refused("Another rotation is under way. Try again in a minute.")
            try:
                yield
            finally:
                cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")

    def _announce(self, purpose: str) -> None:
        described = PURPOSES[purpose]
        self.keyring.keys(purpose)  # the first one exists
        if described.use == "identifies" and self._announced(purpose):
            return  # by a rotation that was interrupted
        key = Key(os.urandom(32))
        platform.record(self.lodger, self.call(), KeyRotated(purpose, key.id))
        ahead = None if described.use == "identifies" else AHEAD_SECONDS
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO keyring (purpose, key_id, sealed, used_from)
                   VALUES (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))""",
                [purpose, key.id, self.keyring.root.seal(owner(purpose, key.id), key.secret), ahead],
            )
        if described.lasts is not None:
            self._end_others(purpose, described.lasts + timedelta(seconds=AHEAD_SECONDS))

    def _identify_anew(self, purposes: Sequence[str]) -> None:
        """By now everything that is registered has a digest under both keys; what was there before gets its second."""
        for purpose in purposes:
            redigesting.digest_anew(self.database, self.keyring, purpose)
            with self.database.connection() as connection, connection.cursor() as cursor:
                cursor.execute(
                    """UPDATE keyring SET used_from = clock_timestamp() + make_interval(secs => %s)
                       WHERE purpose = %s AND used_from IS NULL AND sealed IS NOT NULL""",
                    [AHEAD_SECONDS, purpose],
                )
        self.wait(AHEAD_SECONDS + SETTLED_SECONDS)
        for purpose in purposes:
            self._end_others(purpose, timedelta(0))
        self.wait(SETTLED_SECONDS)
        for purpose in purposes:
            redigesting.forget_former(self.database, self.keyring, purpose)

    def _end_others(self, purpose: str, lasts: timedelta) -> None:
        """Say when all keys of a purpose end but the newest; what has an end already keeps it."""
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """UPDATE keyring SET ends_at = clock_timestamp() + %s
                   WHERE purpose = %s AND ends_at IS NULL AND sealed IS NOT NULL AND used_from <
                         (SELECT max(used_from) FROM keyring WHERE purpose = %s AND sealed IS NOT NULL)""",
                [lasts, purpose, purpose],
            )

    def _announced(self, purpose: str) -> bool:
        with self.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT FROM keyring WHERE purpose = %s AND used_from IS NULL AND sealed IS NOT NULL", [purpose]
            )
            return cursor.fetchone() is not None


def destroy_what_ended(lodger: Lodger, database: Database, call: Callable[[], Call]) -> None:
    """Take the keys that have ended out of the ring. No process has used them since; their rows stay."""
    while _destroy_one(lodger, database, call):
        pass


def destroy_ended_keys(lodger: Lodger, database: Database) -> None:
    """The same by a worker, when their time has come. Raises Unavailable."""
    actor = Actor("system", "keys")
    destroy_what_ended(lodger, database, lambda: Call(actor, lodger.clock.now(), lodger.new_id(), lodger.new_id()))


def _destroy_one(lodger: Lodger, database: Database, call: Callable[[], Call]) -> bool:
    with database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT purpose, key_id FROM keyring WHERE sealed IS NOT NULL AND ends_at <= clock_timestamp()
               LIMIT 1 FOR UPDATE SKIP LOCKED"""  # another worker is at those
        )
        row = cursor.fetchone()
        if row is None:
            return False
        platform.record(lodger, call(), KeyDestroyed(*row))
        cursor.execute(
            """UPDATE keyring SET sealed = NULL, destroyed_at = clock_timestamp()
               WHERE purpose = %s AND key_id = %s""",
            row,
        )
        return True
