"""Role × table × {SELECT, INSERT, UPDATE, DELETE, TRUNCATE}, asked of PostgreSQL itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import psycopg2
import pytest

from infrastructure.rights import (
    ANALYST_ROLE,
    AUDITOR_ROLE,
    COLUMNS,
    DEFINERS,
    FUNCTIONS,
    PROJECTOR_ROLE,
    READ_MODELS,
    SEQUENCES,
    TABLES,
    WRITER_ROLE,
)
from projections.projection import Cursor
from tests.database_roles.logins import Logins, refused

NOBODYS = ("alembic_version",)
"""The owner's alone."""

PERSONAL = (
    "answers",
    "api_key_secrets",
    "api_keys",
    "asked_letters",
    "correspondents",
    "erasures",
    "identities",
    "linked_calendars",
    "messages",
    "notification_marks",
    "notification_preferences",
    "oidc_logins_used",
    "payers",
    "payout_addresses",
    "payout_destinations",
    "people",
    "photos",
    "provider_answers",
    "provider_webhooks",
    "refresh_tokens",
    "second_factors",
    "session_generations",
    "token_families",
    "webhook_endpoints",
)

_LETTERS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d", "TRUNCATE": "D"}


def query(logins: Logins, statement: str) -> list[str]:
    with closing(psycopg2.connect(logins.url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [each for (each,) in cursor.fetchall()]


def tables(logins: Logins) -> list[str]:
    """Everything with rows in the schema public."""
    return query(
        logins,
        """SELECT relname FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1""",
    )


def undecided(logins: Logins) -> list[str]:
    """Tables of which nothing is written down."""
    decided = {table for rights in TABLES.values() for table in rights}
    return [table for table in tables(logins) if table not in decided and table not in NOBODYS]


def probes(cursor: Cursor, table: str) -> Mapping[str, str]:
    """A statement for each right that needs that right and no other, and does nothing."""
    cursor.execute(
        """SELECT attname FROM pg_attribute
           WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
        [f"public.{table}"],
    )
    every = ", ".join(f'"{column}" = DEFAULT' for (column,) in cursor.fetchall())
    return {
        "SELECT": f"SELECT FROM public.{table} WHERE false",
        "INSERT": f"INSERT INTO public.{table} DEFAULT VALUES",
        "UPDATE": f"UPDATE public.{table} SET {every} WHERE false",
        "DELETE": f"DELETE FROM public.{table} WHERE false",
        "TRUNCATE": f"TRUNCATE public.{table}",
    }


def letters(logins: Logins, role: str, names: Sequence[str]) -> dict[str, str]:
    """What PostgreSQL lets a role do to some tables, by trying."""
    with closing(psycopg2.connect(logins.url)) as owner, owner.cursor() as looking, logins.acting_as(role) as cursor:
        # A view that cannot be written to says so before it asks for rights: what was granted is asked instead.
        looking.execute("SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace")
        views = {name for (name,) in looking.fetchall()}
        found = {}
        for table in names:
            may = ""
            for right, statement in probes(looking, table).items():
                if table in views and right != "SELECT":
                    looking.execute("SELECT has_table_privilege(%s, %s, %s)", [role, f"public.{table}", right])
                    allowed = looking.fetchone() == (True,)
                else:
                    allowed = not refused(cursor, statement)
                may += _LETTERS[right] if allowed else ""
            found[table] = may
        return found


def expected(role: str, table: str) -> str:
    written = TABLES[role].get(table, "")
    some = {_LETTERS[right] for right in COLUMNS.get(role, {}).get(table, {}) if right == "INSERT"}
    return "".join(letter for letter in "rawdD" if letter in written or letter in some)


def test_every_table_has_its_rights_written_down_and_no_other_is_named(logins: Logins) -> None:
    assert undecided(logins) == []
    assert {table for rights in TABLES.values() for table in rights} <= set(tables(logins))


@pytest.mark.parametrize("role", TABLES)
def test_a_role_may_do_what_is_written_down_and_nothing_else(logins: Logins, role: str) -> None:
    names = tables(logins)
    assert len(names) > 40
    assert letters(logins, role, names) == {table: expected(role, table) for table in names}


@pytest.mark.parametrize("role", TABLES)
def test_of_some_tables_only_columns_may_be_written(logins: Logins, role: str) -> None:
    found = query(
        logins,
        f"""SELECT format('%s %s %s', relname, p, string_agg(attname, ', ' ORDER BY attnum))
            FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped,
                 unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
              AND NOT has_table_privilege('{role}', c.oid, p) AND has_column_privilege('{role}', c.oid, attnum, p)
            GROUP BY relname, p ORDER BY 1""",
    )
    assert found == sorted(
        f"{table} {right} {', '.join(columns)}"
        for table, rights in COLUMNS.get(role, {}).items()
        for right, columns in rights.items()
    )


def test_what_happened_is_changed_by_nobody(logins: Logins) -> None:
    for role in TABLES:
        for table in ("events", "events_readable"):
            assert set(expected(role, table)) <= set("ra"), (role, table)


def test_the_projector_and_the_auditor_know_nothing_of_people(logins: Logins) -> None:
    for role in (PROJECTOR_ROLE, AUDITOR_ROLE):
        assert letters(logins, role, PERSONAL) == dict.fromkeys(PERSONAL, "")


def test_whoever_answers_requests_changes_no_read_model(logins: Logins) -> None:
    outbox = {"mailings"}  # a message plans a mail, and the postman notes what became of it
    names = [table for table in (*READ_MODELS, "positions") if table not in outbox]
    assert letters(logins, WRITER_ROLE, names) == dict.fromkeys(names, "r")


def test_the_auditor_changes_nothing_and_leaves_a_line_of_each_read(logins: Logins) -> None:
    found = letters(logins, AUDITOR_ROLE, tables(logins))
    assert found.pop("audit_reads") == "ra"
    assert set(found.values()) == {"", "r"}


def test_the_analyst_reads_views_and_no_table(logins: Logins) -> None:
    assert set(letters(logins, ANALYST_ROLE, tables(logins)).values()) == {""}
    views = query(logins, "SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace")
    assert views
    with logins.acting_as(ANALYST_ROLE) as cursor:
        for view in views:
            assert not refused(cursor, f"SELECT FROM analytics.{view} LIMIT 1")
            cursor.execute("SELECT has_table_privilege(%s, 'INSERT, UPDATE, DELETE')", [f"analytics.{view}"])
            assert cursor.fetchone() == (False,)


def test_a_table_that_nobody_decided_about_is_named_and_is_nobodys(logins: Logins) -> None:
    logins.as_owner("SET ROLE lodger_owner; CREATE TABLE newcomers (user_id uuid)")
    try:
        assert "newcomers" in undecided(logins)
        for role in TABLES:
            assert letters(logins, role, ["newcomers"]) == {"newcomers": ""}
    finally:
        logins.as_owner("SET ROLE lodger_owner; DROP TABLE newcomers")


@pytest.mark.parametrize("maker", ["lodger", "lodger_owner"])
def test_a_new_view_for_analysts_is_theirs_at_once(logins: Logins, maker: str) -> None:
    logins.as_owner(f"SET ROLE {maker}; CREATE VIEW analytics.days AS SELECT 1 AS day")
    try:
        with logins.acting_as(ANALYST_ROLE) as cursor:
            assert not refused(cursor, "SELECT FROM analytics.days")
        for role in (WRITER_ROLE, PROJECTOR_ROLE, AUDITOR_ROLE):
            with logins.acting_as(role) as cursor:
                assert refused(cursor, "SELECT FROM analytics.days")
    finally:
        logins.as_owner(f"SET ROLE {maker}; DROP VIEW analytics.days")


def test_functions_are_called_by_whom_they_are_for_and_few_run_with_the_owners_rights(logins: Logins) -> None:
    ours = """FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')"""
    assert query(logins, f"SELECT proname {ours} AND prosecdef ORDER BY 1") == sorted(DEFINERS)
    called = sorted({name for names in FUNCTIONS.values() for name in names})
    assert query(logins, f"SELECT proname {ours} AND prorettype <> 'trigger'::regtype ORDER BY 1") == called
    for role in TABLES:
        may = query(logins, f"SELECT proname {ours} AND has_function_privilege('{role}', p.oid, 'EXECUTE') ORDER BY 1")
        assert may == sorted(FUNCTIONS.get(role, ())), role


def test_positions_are_drawn_by_the_writer_and_set_by_nobody(logins: Logins) -> None:
    for role in TABLES:
        with logins.acting_as(role) as cursor:
            assert refused(cursor, "SELECT nextval('public.events_position_seq')") == (role != WRITER_ROLE)
            assert refused(cursor, "SELECT last_value FROM public.events_position_seq") == (role not in SEQUENCES)
            assert refused(cursor, "SELECT setval('public.events_position_seq', 1)")


def test_who_is_no_member_of_anything_cannot_even_connect(logins: Logins) -> None:
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(logins.of())
