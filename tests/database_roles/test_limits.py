"""How long what may take: each limit is provoked, and the process goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from time import monotonic, sleep
from uuid import uuid4

import psycopg2
import pytest
from prometheus_client import CollectorRegistry
from psycopg2.errors import LockNotAvailable, QueryCanceled

from infrastructure.database import Database, Unavailable
from infrastructure.rights import (
    ANALYST_ROLE,
    AUDITOR_ROLE,
    OWNER_ROLE,
    PROJECTOR_ROLE,
    TRANSACTION_SECONDS,
    WRITER_ROLE,
)
from infrastructure.server_metrics import ServerMetrics
from infrastructure.settings import ROOT
from tests.api.people import register
from tests.api.stack import running
from tests.database_roles.logins import Logins
from tests.support.world import World

WRITE = """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
           VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'test.Noted', 1, '{}', '{}')"""


@pytest.fixture
def hasty(logins: Logins) -> Iterator[Database]:
    """The writer's pool with a limit of 0.3 s."""
    database = Database(logins.url, 1, transaction_timeout=0.3, lock_timeout=0.1)
    yield database
    database.close()


def answers(database: Database) -> bool:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("role", "statement", "idle"),
    [
        (WRITER_ROLE, "1800ms", "2s"),
        (PROJECTOR_ROLE, "9s", "10s"),
        (AUDITOR_ROLE, "27s", "30s"),
        (ANALYST_ROLE, "27s", "30s"),
        (OWNER_ROLE, "0", "0"),
    ],
)
def test_each_role_has_its_time(logins: Logins, role: str, statement: str, idle: str) -> None:
    assert role in TRANSACTION_SECONDS
    database = Database(logins.url, 1, role=role)
    with database.connection() as connection, connection.cursor() as cursor:
        shown = {}
        for name in ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout", "lock_timeout"):
            if name != "transaction_timeout" or connection.server_version >= 170000:
                cursor.execute(f"SHOW {name}")
                ((shown[name],),) = cursor.fetchall()
    database.close()
    assert shown.pop("statement_timeout") == statement
    assert shown.pop("lock_timeout") == "1500ms"
    assert set(shown.values()) == {idle}


def test_a_long_statement_is_cancelled_and_its_connection_kept(hasty: Database) -> None:
    began = monotonic()
    with pytest.raises(Unavailable) as refusal, hasty.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert isinstance(refusal.value.__cause__, QueryCanceled)  # 57014
    assert monotonic() - began < 1
    assert answers(hasty)
    assert hasty.losses == 0


def test_a_lock_that_somebody_holds_is_not_waited_for_longer(hasty: Database, logins: Logins) -> None:
    with closing(psycopg2.connect(logins.url)) as holder, holder.cursor() as holding:
        holding.execute("LOCK TABLE nights")
        with pytest.raises(Unavailable) as refusal, hasty.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM nights WHERE false")
    assert isinstance(refusal.value.__cause__, LockNotAvailable)  # 55P03
    assert answers(hasty)


def test_an_idle_transaction_is_ended_and_the_pool_connects_again(hasty: Database) -> None:
    def fall_asleep() -> None:
        with hasty.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(WRITE)
            sleep(0.5)
            cursor.execute("SELECT 1")

    with pytest.raises(Unavailable):
        fall_asleep()
    assert hasty.losses == 1
    assert answers(hasty)


def test_a_busy_transaction_is_ended_too(hasty: Database) -> None:
    def work() -> None:
        began = monotonic()
        with hasty.transaction() as connection, connection.cursor() as cursor:
            if connection.server_version < 170000:
                pytest.skip("PostgreSQL 17 is the first to know transaction_timeout")
            cursor.execute(WRITE)
            while monotonic() - began < 3:
                cursor.execute("SELECT pg_sleep(0.05)")

    with pytest.raises(Unavailable):
        work()
    assert answers(hasty)


def test_a_request_that_meets_a_held_lock_is_told_to_come_back(shared_database_url: str) -> None:
    with running(shared_database_url) as stack:
        guest = register(stack, "locked-out")
        with closing(psycopg2.connect(shared_database_url)) as holder, holder.cursor() as holding:
            holding.execute("LOCK TABLE people")
            answer = guest.get("/v1/users/me")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json is not None
        assert answer.json["type"] == "/problems/unavailable"
        assert guest.get("/v1/users/me").status_code == 200


def test_a_transaction_that_holds_events_shows_and_is_ended_and_readers_go_on(
    database_url: str, redis_url: str
) -> None:
    """Fault 21: readers of the log wait for whoever is writing, and so nobody may write for long."""
    world = World(database_url, transaction_seconds=1.0)
    figures = CollectorRegistry()
    figures.register(ServerMetrics(database_url, redis_url))
    assert figures.get_sample_value("lodger_log_held_seconds") == 0

    ended: list[object] = []

    def forget_to_commit() -> None:
        try:
            with world.wired.database.transaction() as connection, connection.cursor() as cursor:
                cursor.execute(WRITE)
                ended.append("writing")
                sleep(1.5)
                cursor.execute("SELECT 1")
        except Unavailable as error:
            ended.append(error)

    thread = Thread(target=forget_to_commit)
    thread.start()
    while not ended:
        sleep(0.01)
    reader = world.log
    safe = reader.safe_position(0.1)
    listing = world.listing()  # writing goes on beside it
    assert reader.safe_position(0.1) == safe
    held = figures.get_sample_value("lodger_log_held_seconds")
    assert held is not None
    assert 0 < held < 1.5

    assert reader.safe_position(3) > safe
    assert reader.safe_position(0.1) == (world.events()[-1].position or 0)
    assert listing in {event.stream_id for event in world.events()}
    assert figures.get_sample_value("lodger_log_held_seconds") == 0
    thread.join()
    assert isinstance(ended[1], Unavailable)
    world.close()


def test_an_analysts_login_as_deploying_tells_it_reads_views_for_half_a_minute_at_most(logins: Logins) -> None:
    page = (ROOT / "docs" / "deploying.md").read_text()
    (_, _, rest) = page.partition("```sql\n-- An analyst's login\n")
    name = f"a{uuid4().hex}"
    logins.as_superuser(rest.partition("```")[0].replace("anna", name).replace("a long password", uuid4().hex))
    try:
        url = logins.url.replace("lodger@", f"{name}@")
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("30s",)
            cursor.execute("SHOW default_transaction_read_only")
            assert cursor.fetchone() == ("on",)
            cursor.execute("SET statement_timeout = 50")
            with pytest.raises(QueryCanceled):
                cursor.execute("SELECT pg_sleep(1) FROM (SELECT count(*) FROM facts_per_day) AS counted")
    finally:
        logins.as_superuser(f"DROP ROLE {name}")


def test_a_connection_that_nobody_uses_is_closed_and_the_next_use_does_not_notice(
    logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.database._IDLE_SECONDS", 0.3)
    database = Database(logins.url, 1)
    assert answers(database)
    sleep(0.8)
    assert answers(database)
    assert database.losses == 1
    database.close()
