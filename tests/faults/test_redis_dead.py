"""Redis is dead for a while (fault 8: a minute in the long profile): bookings and payments go on, nobody waits."""

from __future__ import annotations

import time

import pytest

from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.processes import Process
from infrastructure.embedded.valkey import Valkey
from tests.support.effort import is_long
from tests.support.ledger_checkers import money_apart
from tests.support.workers import Post, Stage
from tests.workers.test_faults import must_be_whole

pytestmark = pytest.mark.slow


def test_bookings_and_payments_go_on_while_redis_is_dead(database_url: str) -> None:
    dead = 60 if is_long() else 5
    with temporary_folder() as folder, Post().open() as smtp_url:
        valkey = Valkey(folder / "valkey")
        server = Process(valkey.service(), folder)
        server.wait_ready()
        stage = Stage(database_url, valkey.url(), smtp_url, folder)
        workers = stage.workers()
        with stage.load() as load:
            time.sleep(3)
            server.kill()
            before = len(load.paid)
            time.sleep(dead)
            assert len(load.paid) > before + dead
            server = Process(valkey.service(), folder)
            server.wait_ready()
            time.sleep(1)
        must_be_whole(stage, load)
        workers.kill()
        server.kill()
        assert load.slowest < 2.0
        assert money_apart(stage.world.wired.projecting, stage.reader, stage.world.lodger.providers) == []
        stage.world.close()
