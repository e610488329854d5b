"""Answers are kept for seven days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.ports import AnswerKept
from domain.rejections import Rejected
from infrastructure.event_store.application import Events
from infrastructure.workers.retention import Retention
from tests.support.world import World


def test_an_answer_is_forgotten_after_seven_days_and_not_before(database_url: str) -> None:
    world = World(database_url)
    listing, guest = world.listing(), world.person()
    world.hold(listing, guest, call=world.call(guest, key="k1"))
    events = Events(world.wired.database)

    _recorded(world, timedelta(days=6, hours=23))
    Retention(events.forget_answers).run()
    with pytest.raises(AnswerKept):
        world.hold(listing, guest, call=world.call(guest, key="k1"))

    _recorded(world, timedelta(days=7, hours=1))
    Retention(events.forget_answers).run()
    with pytest.raises(Rejected, match="not free"):  # decided anew: the nights are taken by the first one
        world.hold(listing, guest, call=world.call(guest, key="k1"))
    world.close()


def test_it_looks_every_ten_minutes_however_often_it_is_asked() -> None:
    asked: list[object] = []
    retention = Retention(lambda before: len(asked.append(before) or asked))  # type: ignore[func-returns-value]
    for _ in range(3):
        retention.run()
    assert len(asked) == 1


def _recorded(world: World, ago: timedelta) -> None:
    with world.wired.database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE answers SET recorded_at = clock_timestamp() - %s", [ago])
