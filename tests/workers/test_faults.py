"""Real workers, PostgreSQL and Valkey, and what happens to them under load: nothing is lost and nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest
import redis

from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.processes import Process
from infrastructure.embedded.valkey import Valkey
from projections.audit import AUDIT
from projections.bookings import BOOKINGS
from projections.listings import LISTINGS
from projections.notifications import NOTIFICATIONS
from tests.support.projection_checkers import misapplied, unlike_rebuilt
from tests.support.workers import Load, Post, Stage

pytestmark = pytest.mark.slow

MODELS = (LISTINGS, BOOKINGS, NOTIFICATIONS, AUDIT)


def wait_until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def must_be_whole(stage: Stage, load: Load) -> None:
    """Every event was applied once, read models are what the log makes of them, and all that was paid is confirmed."""
    stage.wait_until_caught_up()
    assert misapplied(stage.database) == {}
    assert [unlike_rebuilt(stage.world.wired.projecting, stage.reader, p) for p in MODELS] == [[]] * 4
    assert misapplied(stage.database) == {}
    assert len(load.paid) > 10
    assert load.unconfirmed() == []
    # What the provider kept is what confirmed bookings cost: no charge was taken twice or for nothing.
    ((expected,),) = stage.query("SELECT sum(total_minor) FROM bookings WHERE status = 'confirmed'")
    assert stage.world.kept_by_provider() == expected


def test_killing_workers_loses_and_doubles_nothing(stage: Stage, post: Post) -> None:
    deaths = 4
    with stage.load() as load:
        for death in range(deaths):
            before, workers = min(stage.positions()), stage.workers()
            # Work has piled up while they started: they are killed in the midst of it, a little later each time.
            wait_until(partial(stage.is_past, before))
            time.sleep(0.05 * death)
            workers.kill()
    # A mail that a killed worker had taken on is tried again, at most once more for each death. It need not wait its
    # time here; of those that a living worker has taken on, this would send some twice.
    stage.query("UPDATE mailings SET next_attempt_at = clock_timestamp() WHERE status = 'pending' RETURNING 1")
    pairs = [stage.workers(), stage.workers()]
    must_be_whole(stage, load)
    wait_until(lambda: stage.query("SELECT count(*) FROM mailings WHERE status <> 'sent'") == [(0,)], seconds=60)
    assert set(post.given) == stage.message_ids()
    assert post.given.total() <= len(post.given) + deaths
    for pair in pairs:
        pair.kill()


def test_flushing_redis_under_load_loses_and_doubles_nothing(stage: Stage, redis_url: str) -> None:
    workers = stage.workers()
    client = redis.Redis.from_url(redis_url)
    with stage.load() as load:
        for _ in range(40):
            client.flushall()
            time.sleep(0.1)
    must_be_whole(stage, load)
    workers.kill()


def test_everything_goes_on_without_redis_and_nobody_waits_for_it(database_url: str, post: Post) -> None:
    with temporary_folder() as folder, post.open() as smtp_url:
        valkey = Valkey(folder / "valkey")
        server = Process(valkey.service(), folder)
        server.wait_ready()
        stage = Stage(database_url, valkey.url(), smtp_url, folder)
        workers = stage.workers()
        with stage.load() as load:
            time.sleep(3)
            server.kill()
            before, at = len(load.paid), stage.reader.safe_position()
            wait_until(partial(stage.is_past, at))
            assert len(load.paid) > before
            workers.kill()
            workers = stage.workers()  # and some that never saw Redis
        assert load.slowest < 2.0
        must_be_whole(stage, load)
        workers.kill()
        stage.world.close()
