"""The doctor names what is missing and the command that puts it right."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest

from infrastructure.doctor import Finding, examine
from infrastructure.rights import ROLES
from infrastructure.schema import migrate
from tests.launcher.test_settings import GIVEN
from tests.support.servers import Databases


def faults(database_url: str, redis_url: str) -> list[Finding]:
    found = examine(GIVEN | {"DATABASE_URL": database_url, "REDIS_URL": redis_url})
    return [finding for finding in found if finding.fix]


@pytest.fixture
def visitor_url(postgres: Databases) -> Iterator[str]:
    """An empty database with a login that was granted nothing."""
    url = postgres.create_empty()
    name = urlsplit(url).path.removeprefix("/")
    run(postgres.superuser_url(), "CREATE ROLE visitor LOGIN")
    run(postgres.superuser_url(), f"GRANT CONNECT ON DATABASE {name} TO visitor")
    yield url.replace("lodger@", "visitor@")
    postgres.drop(url)
    run(postgres.superuser_url(), "DROP ROLE visitor")


def run(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()


def test_a_migrated_database_lacks_nothing(database_url: str, redis_url: str) -> None:
    assert faults(database_url, redis_url) == []


def test_an_empty_database_only_needs_migrating(postgres: Databases, redis_url: str) -> None:
    assert [finding.fix for finding in faults(postgres.create_empty(), redis_url)] == ["./run lodger migrate"]


def test_a_login_without_rights_is_told_what_to_grant(visitor_url: str, redis_url: str) -> None:
    fixes = [finding.fix for finding in faults(visitor_url, redis_url)]

    assert fixes[:4] == [
        "as a superuser, in this database: CREATE EXTENSION btree_gist;",
        "as a superuser, in this database: CREATE EXTENSION pg_trgm;",
        "as the database's owner: GRANT USAGE, CREATE ON SCHEMA public TO visitor WITH GRANT OPTION;",
        (
            "as the database's owner: CREATE SCHEMA analytics AUTHORIZATION visitor;"
            " CREATE SCHEMA rebuilding AUTHORIZATION visitor; CREATE SCHEMA replaced AUTHORIZATION visitor;"
        ),
    ]
    assert fixes[4] is not None
    assert fixes[4].startswith("as a superuser: ")
    assert fixes[4].endswith(f"GRANT {', '.join(ROLES)} TO visitor;")


def test_the_named_commands_do_put_it_right(postgres: Databases, visitor_url: str, redis_url: str) -> None:
    database = urlsplit(visitor_url).path.removeprefix("/")
    for finding in faults(visitor_url, redis_url)[:5]:
        assert finding.fix is not None
        run(postgres.superuser_url(database), finding.fix.split(": ", 1)[1])

    assert [finding.fix for finding in faults(visitor_url, redis_url)] == ["./run lodger migrate"]
    migrate(visitor_url)
    assert faults(visitor_url, redis_url) == []


def test_servers_that_do_not_answer_are_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere")
    found = faults(f"postgresql://lodger@/lodger?host={nowhere}", f"unix://{nowhere}/valkey.sock")

    assert [finding.fix for finding in found] == [
        "start it, or correct DATABASE_URL",
        "start it, or correct REDIS_URL",
    ]


def test_wrong_settings_are_findings_too() -> None:
    assert [finding.what for finding in examine(GIVEN | {"LODGER_HTTP_PORT": "none"})] == [
        "LODGER_HTTP_PORT is 'none': should be a port from 1 to 65535"
    ]
