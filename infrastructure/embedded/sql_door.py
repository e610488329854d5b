"""A door for database tools: PostgreSQL on a loopback port, for one login that reads what analysts do."""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import Final

import psycopg2
from psycopg2.extensions import encrypt_password

from infrastructure.rights import ANALYST_ROLE, ANALYTICS, TRANSACTION_SECONDS

LOGIN: Final = "analyst"
_SECONDS: Final = f"{TRANSACTION_SECONDS[ANALYST_ROLE]:.0f}s"
_SETTINGS: Final = {
    "search_path": ANALYTICS,
    "default_transaction_read_only": "on",
    "statement_timeout": _SECONDS,
    "idle_in_transaction_session_timeout": _SECONDS,
    "temp_file_limit": "1GB",
}
_CONNECTIONS: Final = 20


def access(database: str) -> str:
    """pg_hba.conf: whoever reaches the socket as before, and over the port that login with its password."""
    lines = ["local all all trust"]
    lines += [f"host {database} {LOGIN} {here} scram-sha-256" for here in ("127.0.0.1/32", "::1/128")]
    return "\n".join([*lines, "host all all all reject", ""])


def let_in(superuser_url: str) -> str:
    """Give the login a new password, which is returned. The schema must be migrated."""
    password = secrets.token_urlsafe(24)
    with closing(psycopg2.connect(superuser_url)) as connection, connection, connection.cursor() as cursor:
        # As PostgreSQL keeps it, so that the password itself is in no statement and no log.
        kept = encrypt_password(password, LOGIN, connection, "scram-sha-256")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [LOGIN])
        if not cursor.fetchone():
            cursor.execute(f"CREATE ROLE {LOGIN}")
        cursor.execute(
            f"""ALTER ROLE {LOGIN} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
                CONNECTION LIMIT {_CONNECTIONS} PASSWORD %s""",
            [kept],
        )
        cursor.execute(f"GRANT {ANALYST_ROLE} TO {LOGIN}")
        for name, value in _SETTINGS.items():
            cursor.execute(f"ALTER ROLE {LOGIN} SET {name} = %s", [value])
    return password


def address(port: int, database: str, password: str) -> str:
    """What a database tool takes."""
    return f"postgresql://{LOGIN}:{password}@127.0.0.1:{port}/{database}"
