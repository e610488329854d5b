"""Logins that are members of one role each, as a process of a deployment is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2.errors import InsufficientPrivilege

from projections.projection import Cursor
from tests.support.servers import Databases


class Logins:
    """Of one database: `url` is the owning login's."""

    def __init__(self, postgres: Databases, url: str) -> None:
        self.url = url
        self.database = urlsplit(url).path.removeprefix("/")
        self._superuser_url = postgres.superuser_url(self.database)
        self._made: list[str] = []

    def of(self, *roles: str) -> str:
        """The URL of a login that is a member of these roles and of nothing else."""
        name = "_and_".join(role.replace("lodger_", "only_") for role in roles) or "nobody"
        if name not in self._made:
            self.as_superuser(f"CREATE ROLE {name} LOGIN" + (f" IN ROLE {', '.join(roles)}" if roles else ""))
            self._made.append(name)
        return self.url.replace("lodger@", f"{name}@")

    @contextmanager
    def acting_as(self, role: str) -> Iterator[Cursor]:
        """A cursor of a login that may take this role and has taken it. What it does is rolled back."""
        with closing(psycopg2.connect(self.of(role))) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
            yield cursor
            connection.rollback()

    def as_superuser(self, statement: str) -> None:
        with closing(psycopg2.connect(self._superuser_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def as_owner(self, statement: str) -> None:
        """As `lodger migrate` does."""
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def end(self) -> None:
        for name in self._made:
            self.as_superuser(f"DROP OWNED BY {name}; DROP ROLE {name}")


def refused(cursor: Cursor, statement: str) -> bool:
    """Whether PostgreSQL says 42501 to it; whatever else it says, and what it does, is taken back."""
    cursor.execute("SAVEPOINT before")
    try:
        cursor.execute(statement)
    except InsufficientPrivilege:
        return True
    except psycopg2.Error:
        return False
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT before")
    return False
