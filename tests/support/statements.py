"""Counting what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg2 import extensions

from infrastructure.database import Connection, Database


@contextmanager
def executed(database: Database) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, on connections that are made for it."""
    found: list[str] = []
    plain = Connection.cursor

    class Counting(extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the library's name
            found.append(str(query))
            super().execute(query, vars)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "cursor", lambda self, **_: plain(self, cursor_factory=Counting))
        database.close()
        with database.connection():
            found.clear()
        yield found
    database.close()
