"""The schema's revisions: Alembic, without an .ini file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2 import extensions
from sqlalchemy.pool import NullPool

from infrastructure.database import Unavailable, engine_url
from infrastructure.refusals import Refused
from infrastructure.roles import create_roles, grant_rights

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_LOCK = "hashtextextended('lodger migrate', 0)"


def migrate(url: str, say: Callable[[str], None] = lambda _line: None) -> None:
    """Bring the database to the head revision; safe to call twice and from several processes at once.

    Each migration is a transaction of its own. Roles and rights are seen to every time: roles belong to the
    cluster and do not come with a restored database. `say` gets a line for each step. Raises Refused when a newer
    version of Lodger was here.
    """
    with _unpooled(url) as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, extensions.connection)
        connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({_LOCK})"))  # until it disconnects
        connection.commit()
        before = MigrationContext.configure(connection).get_current_revision()
        connection.commit()
        _must_know(before)
        create_roles(raw, say)
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        grant_rights(raw)
        after = head_revision()
        say(f"the database is at revision {after}" if before == after else f"migrated from {before} to {after}")


def current_revision(url: str) -> str | None:
    """The revision the database is at; None when no migration has seen it."""
    with _unpooled(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The newest revision this code has."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert head is not None
    return head


def must_be_current(url: str) -> None:
    """Raises Refused when the database is at another revision than this code, or does not answer."""
    try:
        if current_revision(url) == head_revision():
            return
    except Unavailable as error:
        raise Refused(f"PostgreSQL does not answer ({error}). Try: ./run lodger doctor") from error
    raise Refused("The database's schema is not this version's. Bring it up to date first: ./run lodger migrate")


def _must_know(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if revision is not None and revision not in known:
        raise Refused(
            f"The database is at revision {revision}, and this version of Lodger knows revisions up to"
            f" {head_revision()}. Go back to the newer version (git pull), or restore a backup from before."
        )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def _unpooled(url: str) -> Iterator[sqlalchemy.Connection]:
    """A connection without time limits, closed at the end and not kept."""
    try:
        with sqlalchemy.create_engine(engine_url(url), poolclass=NullPool).connect() as connection:
            yield connection
    except sqlalchemy.exc.OperationalError as error:
        raise Unavailable(str(error)) from error
