"""Read models as of a place in the log, in a schema of their own: what a report said then, said again.

They are folded without anybody's keys: a copy is no place for what people wrote to survive in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg2
from psycopg2 import sql

from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.refusals import Refused
from infrastructure.rights import ANALYST_ROLE, AUDITOR_ROLE, REBUILDING
from infrastructure.workers.folding import Progress, fold_into
from infrastructure.workers.rebuild import alone, call
from projections.projection import Cursor, Projection

PREFIX: Final = "as_of_"
_NAME: Final = re.compile(rf"{PREFIX}[a-z0-9_]{{1,50}}", re.ASCII)


def make(
    owner: Database,
    projecting: tuple[Database, LogReader],
    projection: Projection,
    schema: str,
    upto: int,
    progress: Progress,
    *,
    for_analysts: bool = False,
) -> None:
    """Fold the log up to a safe position into the projection's tables in `schema`, which is made where it is not yet.

    The tables are made where a rebuild makes them, and moved when they are whole: one that dies leaves nothing here.
    Auditors may read them, and analysts where they are for them. `owner` may make schemas; the log of `projecting` is
    read without keys. Raises Refused, and whatever stops the fold.
    """
    database, reader = projecting
    names = list(projection.tables)
    with alone(database, projection):
        with owner.transaction() as connection, connection.cursor() as cursor:
            _must_be_free(cursor, schema, names, upto)
        call(database, "prepare_rebuild", names)
        index = lambda: call(database, "index_rebuild", names)  # noqa: E731 - a word for what is done later
        fold_into(database, reader, projection, REBUILDING, upto, progress, index)
        with _allowed(), owner.transaction() as connection, connection.cursor() as cursor:
            _must_be_free(cursor, schema, names, upto)
            _move(cursor, schema, names, upto, (AUDITOR_ROLE, *([ANALYST_ROLE] if for_analysts else [])))


def drop(owner: Database, schema: str) -> None:
    """Drop all that was made in a schema, and it. Raises Refused where there is none."""
    with _allowed(), owner.transaction() as connection, connection.cursor() as cursor:
        if _said_of(cursor, schema) is None:
            raise Refused(f"There is no schema {schema}.")
        cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def must_be_a_name(schema: str) -> str:
    """Raises Refused for what could be somebody else's schema."""
    if not _NAME.fullmatch(schema):
        raise Refused(f"Such a schema's name is {PREFIX}, then small letters, digits and _: {PREFIX}march.")
    return schema


def _must_be_free(cursor: Cursor, schema: str, names: Sequence[str], upto: int) -> None:
    said = _said_of(cursor, schema)
    if said not in (None, _saying(upto)):
        raise Refused(f"{schema} is of another moment. Drop it (--drop), or choose another --schema.")
    cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [schema])
    if taken := {name for (name,) in cursor.fetchall()}.intersection(names):
        raise Refused(f"{schema} has {', '.join(sorted(taken))} already. Drop it first (--drop).")


def _move(cursor: Cursor, schema: str, names: Sequence[str], upto: int, readers: Sequence[str]) -> None:
    place = sql.Identifier(schema)
    if _said_of(cursor, schema) is None:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(place))
        cursor.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(place, sql.Literal(_saying(upto))))
    for name in names:
        cursor.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier(REBUILDING, name), place),
        )
    cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", [list(readers)])
    for (role,) in cursor.fetchall():
        for right in ("USAGE ON SCHEMA {}", "SELECT ON ALL TABLES IN SCHEMA {}"):
            cursor.execute(sql.SQL(f"GRANT {right} TO {{}}").format(place, sql.Identifier(role)))


def _said_of(cursor: Cursor, schema: str) -> str | None:
    """What stands at a schema; None: there is none."""
    cursor.execute(
        "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s", [schema]
    )
    row = cursor.fetchone()
    return row[0] if row else None


def _saying(upto: int) -> str:
    return f"Read models as of position {upto} of the log: `lodger projections as-of`."


@contextmanager
def _allowed() -> Iterator[None]:
    try:
        yield
    except psycopg2.errors.InsufficientPrivilege as error:
        said = error.diag.message_primary
        raise Refused(f"This login may not make schemas ({said}): take the one that migrates.") from error
