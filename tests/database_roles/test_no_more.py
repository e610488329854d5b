"""What a login of one role cannot do, however it tries."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from infrastructure.database import Database
from infrastructure.rights import OWNER_ROLE, PROJECTOR_ROLE, ROLES, TABLES, WRITER_ROLE
from infrastructure.workers.projector import Projector
from projections.catalogue import running
from tests.database_roles.logins import Logins, refused
from tests.support.world import World

ATTEMPTS = {
    "make a table": "CREATE TABLE public.mine (n integer)",
    "make a temporary table": "CREATE TEMP TABLE mine (n integer)",
    "make a schema": "CREATE SCHEMA mine",
    "make a function": "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "make a view among the analysts'": "CREATE VIEW analytics.mine AS SELECT 1",
    "switch a trigger off": "ALTER TABLE public.events DISABLE TRIGGER events_append_only",
    "switch all triggers off": "SET session_replication_role = replica",
    "drop the log": "DROP TABLE public.events",
    "drop the guard of nights": "ALTER TABLE public.nights DROP CONSTRAINT nights_no_overlap",
    "take the log": "ALTER TABLE public.events OWNER TO current_user",
    "replace the append": "CREATE OR REPLACE FUNCTION public.own_lane() RETURNS int8range LANGUAGE sql AS ''",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'id'",
    "read a program's output": "COPY public.nights FROM PROGRAM 'id'",
    "write a file": "COPY (SELECT 1) TO '/tmp/mine'",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "read a folder": "SELECT pg_ls_dir('/')",
    "load a file": "SELECT lo_import('/etc/passwd')",
    "read passwords": "SELECT rolpassword FROM pg_authid",
    "make a role": "CREATE ROLE mine",
    "become a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "become the superuser": "SET SESSION AUTHORIZATION postgres",
    "load a library": "LOAD '/tmp/mine.so'",
    "make an extension": "CREATE EXTENSION dblink SCHEMA public",
}
ALONE = (
    "ALTER SYSTEM SET fsync = off",
    "CREATE DATABASE mine",
    "VACUUM FULL public.events",
    "CREATE SUBSCRIPTION mine CONNECTION 'dbname=mine' PUBLICATION mine",
)
"""What PostgreSQL does in no transaction."""


@pytest.mark.parametrize("role", TABLES)
def test_a_login_of_one_role_is_refused_everything_beyond_it(logins: Logins, role: str) -> None:
    with logins.acting_as(role) as cursor:
        assert [what for what, statement in ATTEMPTS.items() if not refused(cursor, statement)] == []


@pytest.mark.parametrize("role", TABLES)
def test_nor_does_it_do_what_changes_the_server(logins: Logins, role: str) -> None:
    with closing(psycopg2.connect(logins.of(role))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in ALONE:
            try:
                cursor.execute(statement)
            except InsufficientPrivilege:
                continue
            # Maintenance of what is somebody else's is passed over with a warning.
            assert any("permission denied" in notice for notice in connection.notices), statement


@pytest.mark.parametrize("role", TABLES)
def test_a_login_of_one_role_takes_no_other_and_gives_its_own_to_nobody(logins: Logins, role: str) -> None:
    with logins.acting_as(role) as cursor:
        for other in (*ROLES, "lodger", "postgres"):
            assert refused(cursor, f"SET ROLE {other}") == (other != role), other
        cursor.execute("RESET ROLE")
        assert refused(cursor, "UPDATE public.events SET data = '{}'")
        assert refused(cursor, f"GRANT {role} TO lodger")


def test_nobody_ends_sessions_of_another_role(logins: Logins) -> None:
    with closing(psycopg2.connect(logins.of(PROJECTOR_ROLE))) as other, logins.acting_as(WRITER_ROLE) as cursor:
        assert refused(cursor, f"SELECT pg_terminate_backend({other.info.backend_pid})")


def test_no_role_logs_in_by_itself(logins: Logins) -> None:
    for role in ROLES:
        with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
            psycopg2.connect(logins.url.replace("lodger@", f"{role}@"))


def test_a_name_found_first_elsewhere_gains_nothing(logins: Logins) -> None:
    """Names are looked up in the schema public alone, and there only the owner makes something."""
    database = Database(logins.of(WRITER_ROLE), 1)
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ("public",)
    database.close()


def test_bookings_and_read_models_need_the_writer_and_the_projector_and_not_the_owner(logins: Logins) -> None:
    world = World(logins.of(WRITER_ROLE, PROJECTOR_ROLE))
    booking = world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, running(audit=True)).run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, status FROM bookings WHERE booking_id = %s", [booking])
        assert cursor.fetchone() == (WRITER_ROLE, "confirmed")
    with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role(session_user, %s, 'MEMBER')", [OWNER_ROLE])
        assert cursor.fetchone() == (PROJECTOR_ROLE, False)
    world.close()


def test_rights_that_somebody_added_are_gone_after_migrating(logins: Logins) -> None:
    from infrastructure.schema import migrate

    name = f"n{uuid4().hex}"
    logins.as_owner("SET ROLE lodger_owner; GRANT DELETE ON nights TO lodger_auditor; GRANT UPDATE ON events TO PUBLIC")
    logins.as_superuser(f"CREATE ROLE {name}")
    migrate(logins.url)
    with logins.acting_as("lodger_auditor") as cursor:
        assert refused(cursor, "DELETE FROM nights")
        assert refused(cursor, "UPDATE public.events SET data = '{}'")
    logins.as_superuser(f"DROP ROLE {name}")
