"""The embedded servers as the other tests get them."""

from __future__ import annotations

import psycopg2
import pytest
import redis

from tests.support.servers import Databases


def ask(url: str, sql: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
            assert row is not None
            return row[0]
    finally:
        connection.close()


def test_postgresql_is_18_sorts_by_code_point_and_gives_no_superuser(postgres: Databases) -> None:
    url = postgres.create_empty()

    assert str(ask(url, "SHOW server_version")).startswith("18.")
    assert ask(url, "SELECT 'Z' < 'a' AND 'a' < 'é'") is True
    assert ask(url, "SHOW is_superuser") == "off"


def test_extensions_that_migrations_use_can_be_made_by_the_owner(postgres: Databases) -> None:
    url = postgres.create_empty()
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm")
    connection.close()


def test_each_redis_database_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_each_redis_database_starts_empty_after_another_test_wrote(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("left") is None


def test_a_refused_statement_leaves_no_personal_data_in_the_servers_log(postgres: Databases) -> None:
    url = postgres.create()
    row = "INSERT INTO people (user_id, username, email, name) VALUES (%s, 'canary', 'c@y.org', 'c')"
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(row, ["01900000-0000-7000-8000-000000000001"])
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute(row, ["01900000-0000-7000-8000-000000000001"])
    connection.close()
    postgres.drop(url)
    log = postgres.process.log.read_text()
    assert "people_pkey" in log
    assert "canary" not in log
    assert "01900000" not in log
