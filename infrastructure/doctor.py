"""What Lodger needs from its surroundings, checked with an ordinary login and without changing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg2
import psycopg2.extensions
import redis

from infrastructure.rights import ANALYTICS, REBUILDING, REPLACED, ROLES
from infrastructure.roles import missing_roles
from infrastructure.schema import current_revision, head_revision
from infrastructure.settings import ROOT, Settings, SettingsError, load

POSTGRES_MAJOR = 15
REDIS_MAJOR = 7
VALKEY_MAJOR = 8
EXTENSIONS = ("btree_gist", "pg_trgm")
_CLOCK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `what` was found, and how to put it right (None: all is well)."""

    what: str
    fix: str | None = None


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Everything there is to say, the good too. With wrong settings there is nothing else to look at."""
    try:
        settings = load(environ)
    except SettingsError as error:
        return [Finding(problem, "set it, or let `./run up` start servers of its own") for problem in error.problems]
    return [Finding("settings"), *_data_folder(settings), *_postgres(settings), *_redis(settings)]


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = ROOT / settings.data
    existing = folder
    while not existing.exists():
        existing = existing.parent
    if os.access(existing, os.W_OK):
        yield Finding(f"data folder {folder}")
    else:
        yield Finding(f"data folder {folder} is not writable", f"chown it: sudo chown $(id -u) {existing}")


def _postgres(settings: Settings) -> Iterator[Finding]:
    try:
        connection = psycopg2.connect(settings.database_url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        yield Finding(f"PostgreSQL does not answer: {str(error).strip()}", "start it, or correct DATABASE_URL")
        return
    try:
        connection.autocommit = True
        version = connection.server_version // 10000
        if version < POSTGRES_MAJOR:
            yield Finding(f"PostgreSQL {version}", f"use PostgreSQL {POSTGRES_MAJOR} or later")
            return
        yield Finding(f"PostgreSQL {version}")
        with connection.cursor() as cursor:
            yield from _encoding(cursor)
            for extension in EXTENSIONS:
                yield _extension(cursor, extension)
            yield _schema_grant(cursor)
            yield _schemas(cursor)
            yield _clock(cursor)
        yield _roles(connection)
    finally:
        connection.close()
    yield _revision(settings.database_url)


def _encoding(cursor: psycopg2.extensions.cursor) -> Iterator[Finding]:
    if (found := _one(cursor, "SHOW server_encoding")) != "UTF8":
        yield Finding(
            f"the database's encoding is {found}", "CREATE DATABASE lodger ENCODING 'UTF8' TEMPLATE template0"
        )


def _extension(cursor: psycopg2.extensions.cursor, name: str) -> Finding:
    if _one(cursor, "SELECT count(*) FROM pg_extension WHERE extname = %s", name):
        return Finding(f"extension {name}")
    trusted = _one(
        cursor,
        "SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = %s",
        name,
    )
    if trusted is None:
        return Finding(f"extension {name} is not on the server", "install PostgreSQL's contrib package there")
    may_create = _one(cursor, "SELECT has_database_privilege(current_database(), 'CREATE')")
    superuser = _one(cursor, "SHOW is_superuser") == "on"
    if superuser or (trusted and may_create):
        return Finding(f"extension {name} can be created by migrate")
    return Finding(
        f"extension {name} is not in the database and this login may not create it",
        f"as a superuser, in this database: CREATE EXTENSION {name};",
    )


def _schema_grant(cursor: psycopg2.extensions.cursor) -> Finding:
    if _one(cursor, "SELECT has_schema_privilege('public', 'CREATE WITH GRANT OPTION')"):
        return Finding("may create tables in the schema public")
    login = _one(cursor, "SELECT quote_ident(current_user)")
    return Finding(
        "this login may not create tables in the schema public",
        f"as the database's owner: GRANT USAGE, CREATE ON SCHEMA public TO {login} WITH GRANT OPTION;",
    )


def _schemas(cursor: psycopg2.extensions.cursor) -> Finding:
    ours = (ANALYTICS, REBUILDING, REPLACED)
    missing = [name for name in ours if not _one(cursor, "SELECT to_regnamespace(%s) IS NOT NULL", name)]
    if not missing:
        return Finding(f"schemas {', '.join(ours)}")
    if _one(cursor, "SELECT has_database_privilege(current_database(), 'CREATE')"):
        return Finding(f"schemas {', '.join(missing)} can be created by migrate")
    login = _one(cursor, "SELECT quote_ident(current_user)")
    return Finding(
        f"schemas are missing and this login may make none: {', '.join(missing)}",
        "as the database's owner: " + " ".join(f"CREATE SCHEMA {name} AUTHORIZATION {login};" for name in missing),
    )


def _roles(connection: psycopg2.extensions.connection) -> Finding:
    missing, all_roles = missing_roles(connection), ", ".join(ROLES)
    with connection.cursor() as cursor:
        login = _one(cursor, "SELECT quote_ident(current_user)")
        creates = _one(cursor, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
        exists = {role for role in missing if _one(cursor, "SELECT to_regrole(%s) IS NOT NULL", role)}
    if not missing:
        return Finding(f"roles {all_roles}")
    if creates and not exists:
        return Finding(f"roles {all_roles} can be created by migrate")
    create = "".join(f"CREATE ROLE {role} NOLOGIN; " for role in missing if role not in exists)
    return Finding(
        f"this login may not take {' and '.join(missing)}, and does with its own rights what is theirs to do",
        f"as a superuser: {create}GRANT {', '.join(missing)} TO {login};",
    )


def _revision(url: str) -> Finding:
    found, newest = current_revision(url) or "none", head_revision()
    if found == newest:
        return Finding(f"schema at revision {newest}")
    if found != "none" and found > newest:
        return Finding(f"the schema is at revision {found}, newer than this version's {newest}", "git pull")
    return Finding(f"the schema is at revision {found}, this version needs {newest}", "./run lodger migrate")


def _clock(cursor: psycopg2.extensions.cursor) -> Finding:
    before = datetime.now(UTC)
    there = _one(cursor, "SELECT clock_timestamp()")
    assert isinstance(there, datetime)
    apart = abs((there - before).total_seconds())
    if apart < _CLOCK_SECONDS:
        return Finding("clocks here and at PostgreSQL agree")
    return Finding(f"PostgreSQL's clock is {apart:.0f} s away from ours", "let both machines keep time with NTP")


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5) as client:
            info = client.info("server")
    except redis.RedisError as error:
        yield Finding(f"Redis does not answer: {error}", "start it, or correct REDIS_URL")
        return
    assert isinstance(info, dict)
    name, least = ("Valkey", VALKEY_MAJOR) if "valkey_version" in info else ("Redis", REDIS_MAJOR)
    version = str(info.get("valkey_version") or info["redis_version"])
    old = int(version.split(".", maxsplit=1)[0]) < least
    yield Finding(f"{name} {version}", f"use Redis {REDIS_MAJOR}, Valkey {VALKEY_MAJOR}, or later" if old else None)


def _one(cursor: psycopg2.extensions.cursor, sql: str, *arguments: object) -> object:
    cursor.execute(sql, arguments)
    row = cursor.fetchone()
    return row[0] if row else None
