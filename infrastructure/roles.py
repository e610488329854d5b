"""Who may do what in the database.

`lodger_owner` owns the tables and `lodger_writer` is what the application acts as; nobody logs in as either. Where
the migrating login may not create roles everything still works as that login, the trigger still keeps events as
they are, and `lodger doctor` names what is missing (`missing_roles`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg2 import extensions
from psycopg2.errors import InsufficientPrivilege

OWNER_ROLE = "lodger_owner"
WRITER_ROLE = "lodger_writer"

# May this login take the role? Since PostgreSQL 16 a member may or may not.
MAY_SET = "pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)"

# The writer may change every table but those of the store, where it gets what append() and its readers need.
# `position` and `recorded_at` stay the database's: a position that is not evaluated by the INSERT itself would let
# readers of the log miss events.
_WRITER_RIGHTS = f"""
    GRANT USAGE ON SCHEMA public TO {WRITER_ROLE};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {WRITER_ROLE};
    GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {WRITER_ROLE};
    REVOKE INSERT, UPDATE, DELETE ON events, events_readable, alembic_version FROM {WRITER_ROLE};
    GRANT INSERT (partition_key, stream_id, version, type, schema_version, data, meta) ON events TO {WRITER_ROLE};
    REVOKE UPDATE ON nights FROM {WRITER_ROLE};
"""

_GIVE_TO_OWNER = f"""
    DO $$
    DECLARE
        statement text;
    BEGIN
        FOR statement IN
            SELECT format('ALTER %s %s OWNER TO {OWNER_ROLE}',
                          CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                                       WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
            FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relowner = current_user::regrole
              AND relkind IN ('r', 'p', 'v', 'm', 'S')
              -- What belongs to an extension stays with it, a column's sequence goes with its table.
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i', 'e'))
            UNION ALL
            SELECT format('ALTER ROUTINE %s OWNER TO {OWNER_ROLE}', oid::regprocedure)
            FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
        LOOP
            EXECUTE statement;
        END LOOP;
    END $$
"""  # noqa: S608 - constants


def create_roles(connection: extensions.connection, say: Callable[[str], None]) -> None:
    """Create the roles that are missing and make the login their member, as far as it may."""
    try:
        with connection, connection.cursor() as cursor:
            for role in _missing(cursor):
                # Another database of the cluster may be at the same place: then the role exists by now.
                cursor.execute(
                    f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation"
                    " THEN NULL; END $$"
                )
                cursor.execute(f"GRANT {role} TO CURRENT_USER")
    except InsufficientPrivilege as error:
        say(f"going on without the roles {OWNER_ROLE} and {WRITER_ROLE}: {error.diag.message_primary}")


def grant_rights(connection: extensions.connection) -> None:
    """Give the tables to the owner and the writer its rights; does nothing while a role is missing."""
    with connection, connection.cursor() as cursor:
        if _missing(cursor):
            return
        cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [OWNER_ROLE])
        if cursor.fetchone() != (True,):
            cursor.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}")
        cursor.execute(_GIVE_TO_OWNER)
        cursor.execute(_WRITER_RIGHTS)


def missing_roles(connection: extensions.connection) -> Sequence[str]:
    """The roles that do not exist or that this login may not take."""
    with connection.cursor() as cursor:
        return _missing(cursor)


def _missing(cursor: extensions.cursor) -> Sequence[str]:
    cursor.execute(f"SELECT rolname FROM pg_roles WHERE {MAY_SET}")  # noqa: S608 - a constant
    takeable = {name for (name,) in cursor.fetchall()}
    return [role for role in (OWNER_ROLE, WRITER_ROLE) if role not in takeable]
