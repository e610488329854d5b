from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread
from time import monotonic, sleep
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import extensions
from psycopg2.errors import ObjectNotInPrerequisiteState, UndefinedColumn

from infrastructure.database import Database, Unavailable
from infrastructure.event_store.application import Events
from infrastructure.refusals import Refused
from infrastructure.schema import current_revision, head_revision, migrate
from tests.event_store.facts import FACTS, noted
from tests.support.servers import Databases


def test_an_exhausted_pool_says_so_within_its_two_seconds(database_url: str) -> None:
    database = Database(database_url, pool_size=2)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(database.connection())
        started = monotonic()
        with pytest.raises(Unavailable), database.connection():
            pass
        assert 1.5 < monotonic() - started < 3
    database.close()


def test_a_connection_the_server_closed_while_idle_is_replaced_unnoticed(database: Database, database_url: str) -> None:
    with database.connection() as connection:
        process = connection.info.backend_pid
    with psycopg2.connect(database_url) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 1000)", [process])
    sleep(0.25)

    with database.connection() as connection:
        assert connection.info.backend_pid != process
    assert database.losses == 1


def test_a_connection_that_breaks_in_use_is_unavailable_and_not_pooled_again(database: Database) -> None:
    with pytest.raises(Unavailable), database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SELECT pg_terminate_backend(pg_backend_pid())")

    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert database.losses == 1


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable), database.connection():
        pass


def test_a_statement_that_takes_too_long_is_unavailable(database_url: str) -> None:
    database = Database(database_url, transaction_timeout=0.1)
    with pytest.raises(Unavailable), database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    database.close()


def test_waiting_for_a_lock_ends_in_time(database: Database, database_url: str) -> None:
    impatient = Events(Database(database_url, lock_timeout=0.1), FACTS)
    stream = uuid4()
    with database.transaction() as holder, holder.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
               VALUES (%s, %s, 1, 'test.Noted', 1, '{}', '{}')""",
            [stream, stream],
        )
        with pytest.raises(Unavailable):
            impatient.append([noted(stream, 1)])


def test_a_transaction_is_rolled_back_when_its_block_raises(database: Database) -> None:
    def fail_after_writing() -> None:
        with database.transaction() as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO identities VALUES ('email', 'x', gen_random_uuid())")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()

    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identities")
        assert cursor.fetchone() == (0,)


def test_a_transaction_that_was_left_open_is_ended_before_somebody_else_has_the_connection(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    with database.connection() as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute("INSERT INTO identities VALUES ('email', 'x', gen_random_uuid())")

    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identities")
        assert cursor.fetchone() == (0,)
    database.close()


KEEP = "INSERT INTO identities VALUES ('email', 'x', gen_random_uuid())"


@pytest.fixture
def only(database_url: str) -> Iterator[Database]:
    """With one connection: whoever asks has the one that the one before him had."""
    database = Database(database_url, pool_size=1)
    yield database
    database.close()


def left_behind(database: Database) -> tuple[int, int]:
    """The state in which the next one finds the connection, and how many rows the one before has left."""
    with database.connection() as connection, connection.cursor() as cursor:
        state = connection.info.transaction_status
        cursor.execute("SELECT count(*) FROM identities")
        ((count,),) = cursor.fetchall()
        return state, count


def test_a_brief_transaction_that_came_to_its_commit_is_kept(only: Database) -> None:
    with only.brief_transaction() as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {KEEP}")
        cursor.execute("INSERT INTO identities VALUES ('email', 'y', gen_random_uuid()); COMMIT")

    assert connection.notices == [], "a second end would be wondered at"
    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 2)


def test_a_brief_transaction_is_rolled_back_when_its_block_raises_before_the_commit(only: Database) -> None:
    def fail_after_writing() -> None:
        with only.brief_transaction() as connection, connection.cursor() as cursor:
            cursor.execute(f"BEGIN; {KEEP}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)


def test_a_brief_transaction_that_ends_without_a_commit_is_rolled_back(only: Database) -> None:
    with only.brief_transaction() as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {KEEP}")

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)


def test_a_brief_transaction_that_was_not_begun_leaves_nothing_to_end(only: Database) -> None:
    with only.brief_transaction() as connection:
        assert connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE

    assert connection.notices == []
    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN; SELECT no_such_column FROM identities"],
        [f"BEGIN; {KEEP}", "SELECT no_such_column FROM identities"],
        [f"BEGIN; {KEEP}", "INSERT INTO identities (no_such_column) VALUES (1); COMMIT"],
    ],
    ids=["first", "middle", "last"],
)
def test_a_brief_transaction_with_a_wrong_statement_is_rolled_back_and_its_connection_is_as_good_as_new(
    only: Database, statements: list[str]
) -> None:
    with only.connection() as connection:
        process = connection.info.backend_pid

    def run() -> None:
        with only.brief_transaction() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    with pytest.raises(UndefinedColumn):
        run()

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)
    with only.connection() as connection:
        assert connection.info.backend_pid == process
    assert only.losses == 0


def test_a_brief_transaction_whose_block_goes_on_after_a_wrong_statement_is_rolled_back(only: Database) -> None:
    with only.brief_transaction() as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {KEEP}")
        with pytest.raises(UndefinedColumn):
            cursor.execute("SELECT no_such_column FROM identities")

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)


def test_a_connection_that_breaks_in_a_brief_transaction_is_unavailable_and_not_pooled_again(only: Database) -> None:
    with pytest.raises(Unavailable), only.brief_transaction() as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {KEEP}; RESET ROLE; SELECT pg_terminate_backend(pg_backend_pid())")

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)
    assert only.losses == 1


def test_a_connection_that_broke_unnoticed_in_a_brief_transaction_is_unavailable_too(
    only: Database, database_url: str
) -> None:
    """Nobody says so until it is to be rolled back: whatever the block failed with, it may be tried again."""

    def fail_after_the_server_hung_up() -> None:
        with only.brief_transaction() as connection, connection.cursor() as cursor:
            cursor.execute(f"BEGIN; {KEEP}")
            with psycopg2.connect(database_url) as other, other.cursor() as killer:
                killer.execute("SELECT pg_terminate_backend(%s, 1000)", [connection.info.backend_pid])
            raise RuntimeError

    with pytest.raises(Unavailable):
        fail_after_the_server_hung_up()

    assert left_behind(only) == (extensions.TRANSACTION_STATUS_IDLE, 0)
    assert only.losses == 1


def test_the_engine_is_in_transactions_after_autocommit_was_used(database: Database) -> None:
    with database.connection():
        pass

    with database.engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO identities VALUES ('email', 'x', gen_random_uuid())")
        connection.rollback()
        assert connection.exec_driver_sql("SELECT count(*) FROM identities").scalar() == 0


def test_migrating_twice_changes_nothing_the_second_time(postgres: Databases) -> None:
    url = postgres.create_empty()
    said: list[str] = []
    assert current_revision(url) is None

    migrate(url, said.append)
    migrate(url, said.append)

    assert current_revision(url) == head_revision()
    assert said == [f"migrated from None to {head_revision()}", f"the database is at revision {head_revision()}"]
    postgres.drop(url)


def test_a_database_that_a_newer_version_migrated_is_refused_and_left_alone(database_url: str) -> None:
    with Database(database_url, role=None).transaction() as connection, connection.cursor() as cursor:
        cursor.execute("SET ROLE lodger_owner")
        cursor.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Refused, match="revision 9999"):
        migrate(database_url)

    assert current_revision(database_url) == "9999"


def test_two_processes_may_migrate_at_once(postgres: Databases) -> None:
    url = postgres.create_empty()
    threads = [Thread(target=migrate, args=(url,)) for _ in range(2)]
    for thread in threads:
        thread.start()
        sleep(0.01)
    for thread in threads:
        thread.join()

    assert current_revision(url) == head_revision()
    postgres.drop(url)


def test_without_the_right_to_roles_it_works_and_the_trigger_still_guards(postgres: Databases) -> None:
    # given a login that owns its database and may nothing else
    name = postgres.create_empty().split("@/")[1].split("?")[0]
    superuser = psycopg2.connect(postgres.superuser_url())
    superuser.autocommit = True
    with superuser.cursor() as cursor:
        cursor.execute("CREATE ROLE plain LOGIN")
        cursor.execute(f'ALTER DATABASE "{name}" OWNER TO plain')
    url = postgres.server.url(name).replace("lodger@", "plain@")
    said: list[str] = []

    migrate(url, said.append)
    database = Database(url)
    Events(database, FACTS).append([noted(uuid4(), 1)])

    assert said[0].startswith("going on without the roles lodger_owner, lodger_writer, lodger_projector")
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("plain",)
        with pytest.raises(ObjectNotInPrerequisiteState):
            cursor.execute("DELETE FROM events")
    database.close()
    with superuser.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        cursor.execute("DROP ROLE plain")
    superuser.close()
