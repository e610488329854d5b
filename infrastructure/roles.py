"""The database's roles, made and given their rights; which rights is in `infrastructure/rights.py`.

Nobody logs in as one of them: a login is a member of what it may act as, and each pool of connections takes the one
role that it needs. Where the migrating login may not create roles everything still works as that login, the trigger
still keeps events as they are, and `lodger doctor` names what is missing (`missing_roles`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from psycopg2 import extensions
from psycopg2.errors import InsufficientPrivilege

from infrastructure.rights import (
    ANALYST_ROLE,
    ANALYTICS,
    COLUMNS,
    FUNCTIONS,
    OWNER_ROLE,
    PROJECTOR_ROLE,
    REBUILDING,
    REPLACED,
    ROLES,
    SEQUENCES,
    TABLES,
    spelt,
)

# May this login take the role? Since PostgreSQL 16 a member may or may not.
MAY_SET = "pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)"

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
            WHERE relnamespace IN ('public'::regnamespace, '{ANALYTICS}'::regnamespace)
              AND relowner = current_user::regrole AND relkind IN ('r', 'p', 'v', 'm', 'S')
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
    missing: Sequence[str] = ()
    try:
        with connection, connection.cursor() as cursor:
            missing = _missing(cursor)
            for role in missing:
                # Another database of the cluster may be at the same place: then the role exists by now.
                cursor.execute(
                    f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation"
                    " THEN NULL; END $$"
                )
                cursor.execute(f"GRANT {role} TO CURRENT_USER")
    except InsufficientPrivilege as error:
        say(f"going on without the roles {', '.join(missing)}: {error.diag.message_primary}")


def grant_rights(connection: extensions.connection) -> None:
    """Give everything to the owner, and each role that exists its rights and no others.

    Does nothing while this login may not act as the owner. One transaction: nobody is without rights meanwhile.
    """
    with connection, connection.cursor() as cursor:
        if OWNER_ROLE in _missing(cursor):
            return
        cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [OWNER_ROLE])
        if cursor.fetchone() != (True,):
            cursor.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}")
        cursor.execute(f"GRANT USAGE, CREATE ON SCHEMA {ANALYTICS}, {REBUILDING}, {REPLACED} TO {OWNER_ROLE}")
        cursor.execute(_GIVE_TO_OWNER)
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s) ORDER BY rolname", [list(TABLES)])
        existing = [name for (name,) in cursor.fetchall()]
        cursor.execute(";\n".join(_grants(cursor, existing)))


def missing_roles(connection: extensions.connection) -> Sequence[str]:
    """The roles that do not exist or that this login may not take."""
    with connection.cursor() as cursor:
        return _missing(cursor)


def _grants(cursor: extensions.cursor, roles: Sequence[str]) -> Iterator[str]:
    """What everybody has is taken away before each is given what is theirs."""
    everybody = ", ".join(("PUBLIC", *roles))
    cursor.execute("SELECT quote_ident(current_database()), quote_ident(current_user)")
    ((database, login),) = cursor.fetchall()
    yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC"
    yield f"REVOKE ALL ON SCHEMA public, {ANALYTICS}, {REBUILDING}, {REPLACED} FROM {everybody}"
    for kind, relation in _relations(cursor):
        yield f"REVOKE ALL ON {kind} {relation} FROM {everybody}"
    for function in _functions(cursor):
        yield f"REVOKE ALL ON FUNCTION {function} FROM {everybody}"
    for maker in (login, OWNER_ROLE):
        yield f"ALTER DEFAULT PRIVILEGES FOR ROLE {maker} REVOKE EXECUTE ON ROUTINES FROM PUBLIC"
    for role in roles:
        yield f"GRANT CONNECT ON DATABASE {database} TO {role}"
        yield from _rights_of(role, _functions(cursor, FUNCTIONS.get(role, ())))
    if PROJECTOR_ROLE in roles:
        yield f"GRANT USAGE ON SCHEMA {REBUILDING}, {REPLACED} TO {PROJECTOR_ROLE}"
    if ANALYST_ROLE in roles:
        yield f"GRANT USAGE ON SCHEMA {ANALYTICS} TO {ANALYST_ROLE}"
        yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {ANALYTICS} TO {ANALYST_ROLE}"
        for maker in (login, OWNER_ROLE):
            yield (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {maker} IN SCHEMA {ANALYTICS}"
                f" GRANT SELECT ON TABLES TO {ANALYST_ROLE}"
            )


def _rights_of(role: str, functions: Sequence[str]) -> Iterator[str]:
    """What `infrastructure/rights.py` says of the schema public."""
    if TABLES[role]:
        yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for table, letters in TABLES[role].items():
        yield f"GRANT {', '.join(spelt(letters))} ON {table} TO {role}"
    for table, columns in COLUMNS.get(role, {}).items():
        for right, names in columns.items():
            yield f"GRANT {right} ({', '.join(names)}) ON {table} TO {role}"
    for sequence, rights in SEQUENCES.get(role, {}).items():
        yield f"GRANT {rights} ON SEQUENCE {sequence} TO {role}"
    for function in functions:
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {role}"


def _relations(cursor: extensions.cursor) -> Sequence[tuple[str, str]]:
    """Our tables, views and sequences."""
    cursor.execute(
        """SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass::text FROM pg_class
           WHERE relnamespace = ANY (%s::regnamespace[]) AND relowner = %s::regrole
             AND relkind IN ('r', 'p', 'v', 'm', 'S')
           ORDER BY 2""",
        [["public", ANALYTICS], OWNER_ROLE],
    )
    return cursor.fetchall()


def _functions(cursor: extensions.cursor, names: Sequence[str] | None = None) -> Sequence[str]:
    """Ours with their arguments, those of some names or all: an extension's are not ours."""
    cursor.execute(
        """SELECT oid::regprocedure::text FROM pg_proc
           WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
             AND proname = ANY (coalesce(%s, ARRAY[proname]))
             AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
           ORDER BY 1""",
        [None if names is None else list(names)],
    )
    return [function for (function,) in cursor.fetchall()]


def _missing(cursor: extensions.cursor) -> Sequence[str]:
    cursor.execute(f"SELECT rolname FROM pg_roles WHERE {MAY_SET}")  # noqa: S608 - a constant
    takeable = {name for (name,) in cursor.fetchall()}
    return [role for role in ROLES if role not in takeable]
