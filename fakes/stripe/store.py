"""Everything the fake knows, as JSON objects in SQLite: one call at a time, each in one transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

Object = dict[str, Any]
"""An object of the API, as it is answered."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, account TEXT, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, n);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    n INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
);
"""


class Store:
    """Objects by id. `account` is the connected account that an object belongs to (None: the platform's own)."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = RLock()
        self.sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.sql.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Alone with the data; what was changed is kept unless the block raises."""
        with self._lock:
            self.sql.execute("BEGIN IMMEDIATE")
            try:
                yield self.sql
            except BaseException:
                self.sql.execute("ROLLBACK")
                raise
            self.sql.execute("COMMIT")

    def add(self, prefix: str, kind: str, account: str | None = None, **fields: object) -> Object:
        """A new object with an id of its own."""
        made: Object = {
            "id": f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            **fields,
        }
        self.sql.execute(
            "INSERT INTO objects (id, kind, account, body) VALUES (?, ?, ?, ?)",
            [made["id"], kind, account, json.dumps(made)],
        )
        return made

    def change(self, changed: Object, **fields: object) -> Object:
        changed.update(fields)
        self.sql.execute("UPDATE objects SET body = ? WHERE id = ?", [json.dumps(changed), changed["id"]])
        return changed

    def find(self, kind: str, identifier: str, account: str | None = None) -> Object | None:
        found = self.sql.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = ? AND account IS ?", [identifier, kind, account]
        ).fetchone()
        return json.loads(found[0]) if found else None

    def all(self, kind: str, account: str | None = None, **fields: object) -> list[Object]:
        """The newest first, as Stripe lists them; those whose `fields` are so."""
        rows = self.sql.execute(
            "SELECT body FROM objects WHERE kind = ? AND account IS ? ORDER BY n DESC", [kind, account]
        )
        found = [json.loads(body) for (body,) in rows]
        return [each for each in found if all(each.get(name) == value for name, value in fields.items())]
