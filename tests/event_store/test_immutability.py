from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState

from infrastructure.database import Connection, Database
from infrastructure.event_store.application import Events
from infrastructure.rights import OWNER_ROLE, WRITER_ROLE
from tests.event_store.facts import noted
from tests.support.servers import Databases

CHANGES = ["UPDATE events SET data = '{}'", "DELETE FROM events", "TRUNCATE events"]


@pytest.fixture
def writer(database: Database, events: Events) -> Iterator[Connection]:
    """A connection as the application has it, to a log with one event."""
    events.append([noted(uuid4(), 1)])
    with database.connection() as connection:
        yield connection


def test_the_application_acts_as_the_writer(writer: Connection) -> None:
    with writer.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == (WRITER_ROLE, "lodger")


@pytest.mark.parametrize("change", CHANGES)
def test_the_writer_has_no_right_to_change_events(writer: Connection, change: str) -> None:
    with writer.cursor() as cursor, pytest.raises(InsufficientPrivilege):
        cursor.execute(change)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", [OWNER_ROLE, "superuser"])
def test_the_trigger_refuses_whoever_has_the_right(
    database_url: str, postgres: Databases, writer: Connection, change: str, who: str
) -> None:
    name = database_url.split("@/")[1].split("?", maxsplit=1)[0]
    connection = psycopg2.connect(postgres.superuser_url(name) if who == "superuser" else database_url)
    with connection, connection.cursor() as cursor:
        if who == OWNER_ROLE:
            cursor.execute(f"SET ROLE {OWNER_ROLE}")
        else:
            cursor.execute("SET session_replication_role = replica")  # even this switches it off for nobody
        with pytest.raises(ObjectNotInPrerequisiteState, match="events is append-only"):
            cursor.execute(change)
    connection.close()


def test_the_writer_can_set_neither_position_nor_recorded_time(writer: Connection) -> None:
    for column, value in (("position", "7"), ("recorded_at", "now()")):
        with writer.cursor() as cursor, pytest.raises(InsufficientPrivilege):
            cursor.execute(
                f"""INSERT INTO events ({column}, partition_key, stream_id, version, type, schema_version, data, meta)
                    VALUES ({value}, gen_random_uuid(), gen_random_uuid(), 1, 'x', 1, '{{}}', '{{}}')"""
            )


def test_people_read_events_as_json(writer: Connection) -> None:
    with writer.cursor() as cursor:
        cursor.execute("SELECT type, data->>'text', meta->'actor'->>'kind' FROM events_readable")
        assert cursor.fetchall() == [("test.Noted", "", "system")]
