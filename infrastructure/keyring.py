"""The ring: the keys of every purpose, in the database, each sealed under LODGER_SECRET_KEY.

A process reads the ring again before its knowledge is older than a second, and does nothing with one that is older than
`OLDEST_SECONDS`. A new key is announced `AHEAD_SECONDS` before it is used, which is longer: so whatever one process
signs, every other one can verify. Times are the database's; how late somebody's own clock is does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from threading import Lock
from time import monotonic
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from application.keys import Key, Keys
from infrastructure.database import Database, Unavailable
from infrastructure.purposes import PURPOSES
from infrastructure.refusals import Refused
from infrastructure.sealing import CannotOpen, Sealer
from infrastructure.signing import derived_key

READ_EVERY_SECONDS: Final = 1.0
OLDEST_SECONDS: Final = 4.0
AHEAD_SECONDS: Final = 5.0

_READ: Final = """
    SELECT purpose, key_id, sealed, is_first, coalesce(used_from <= clock_timestamp(), false)
    FROM keyring
    WHERE sealed IS NOT NULL AND (ends_at IS NULL OR ends_at > clock_timestamp())
    ORDER BY purpose, coalesce(used_from <= clock_timestamp(), false) DESC, used_from DESC NULLS LAST, key_id
"""

_Row = tuple[str, str, bytes, bool, bool]


class WrongSecretKey(CannotOpen, Refused):
    """The ring is sealed under another LODGER_SECRET_KEY, or was altered."""

    def __init__(self) -> None:
        super().__init__(
            "LODGER_SECRET_KEY is not the one that the database's keys are sealed under. Set that one, or give the"
            " database its keys back: ./run lodger keys restore FILE --as YOU --reason WHY"
        )


class Keyring:
    """The keys as they are now. `root_keys` are LODGER_SECRET_KEY and those before it. One may be shared by threads."""

    def __init__(self, database: Database, root_keys: Sequence[str]) -> None:
        self._database = database
        self._first_root = root_keys[-1]
        self.root = Sealer.under(root_keys, "keyring")
        self._rows: Mapping[str, list[_Row]] = {}
        self._keys: Mapping[str, Keys] = {}
        self._read_at = self._tried_at = -OLDEST_SECONDS
        self._lock = Lock()

    def keys(self, purpose: str) -> Keys:
        """Raises Unavailable, WrongSecretKey, and KeyError for a purpose that nobody has described."""
        if monotonic() - self._read_at > READ_EVERY_SECONDS:
            self._read_again()
        return self._keys.get(purpose) or self._first(purpose)

    def sealer(self, purpose: str) -> Sealer:
        return Sealer(partial(self.keys, purpose))

    def read(self) -> None:
        """Read the ring now."""
        began = monotonic()
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(_READ)
            rows = {purpose: list(group) for purpose, group in groupby(map(_row, cursor.fetchall()), lambda r: r[0])}
        # The same objects while nothing changes: what is remembered of them stays remembered.
        known, before = self._keys, self._rows
        self._keys = {p: known[p] if before.get(p) == group else self._opened(group) for p, group in rows.items()}
        self._rows, self._read_at = rows, began

    def _read_again(self) -> None:
        with self._lock:
            now = monotonic()
            if now - self._read_at <= READ_EVERY_SECONDS:
                return  # by another thread, meanwhile
            if now - self._tried_at > READ_EVERY_SECONDS:
                self._tried_at = now
                try:
                    self.read()
                except Unavailable:
                    if now - self._read_at > OLDEST_SECONDS:
                        raise
            elif now - self._read_at > OLDEST_SECONDS:
                raise Unavailable("the keys could not be read for too long")

    def _first(self, purpose: str) -> Keys:
        """The first key of a purpose is derived, as every one was before there was a ring: what it made goes on."""
        if purpose not in PURPOSES:
            raise KeyError(f"say in infrastructure/purposes.py what keys for {purpose!r} do")
        key = Key(derived_key(self._first_root, purpose))
        with self._database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO keyring (purpose, key_id, sealed, is_first, used_from)
                   VALUES (%s, %s, %s, true, clock_timestamp()) ON CONFLICT DO NOTHING""",
                [purpose, key.id, self.root.seal(owner(purpose, key.id), key.secret)],
            )
        with self._lock:
            self.read()
        return self._keys[purpose]

    def _opened(self, rows: Sequence[_Row]) -> Keys:
        try:
            keys = [Key(self.root.open(owner(p, key_id), sealed), is_first) for p, key_id, sealed, is_first, _ in rows]
        except CannotOpen as error:
            raise WrongSecretKey from error
        return Keys(keys[0], tuple(keys[1:]))


def owner(purpose: str, key_id: str) -> UUID:
    """What a sealed key is bound to: put in the place of another one, it does not open."""
    return uuid5(NAMESPACE_OID, f"lodger:{purpose}:{key_id}")


def _row(row: tuple[Any, ...]) -> _Row:
    purpose, key_id, sealed, is_first, is_used = row
    return purpose, key_id, bytes(sealed), is_first, is_used
