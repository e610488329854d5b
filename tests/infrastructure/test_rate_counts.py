"""Processes count by themselves and add up in Redis: nobody waits for it, and without it each counts alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest
import redis

from infrastructure.embedded.valkey import Valkey
from infrastructure.rate_counts import RateCounts, limiter
from infrastructure.settings import load
from tests.launcher.test_settings import GIVEN
from tests.support.redis_way import RedisWay, way_to

LONG = 1_000_000_000
"""A window that does not end during a test."""


@pytest.fixture
def way(valkey: Valkey, redis_url: str) -> Iterator[RedisWay]:
    with way_to(valkey) as way:
        yield way


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 5
    while not holds():
        assert monotonic() < deadline
        sleep(0.02)


def total(counts: RateCounts, who: str = "ada") -> int:
    return counts.look("address", LONG, who).total


def test_each_counts_at_once_and_soon_all_that_was_counted(redis_url: str) -> None:
    one, other = RateCounts(redis_url), RateCounts(redis_url)
    assert [one.add("address", LONG, "ada").total for _ in range(3)] == [1, 2, 3]
    other.add("address", LONG, "ada")
    until(lambda: total(one) == total(other) == 4)
    assert other.add("address", LONG, "ada").total == 5
    assert total(one, "bob") == 0
    assert one.look("user", LONG, "ada").total == 0


def test_nothing_is_counted_twice(redis_url: str) -> None:
    counts = RateCounts(redis_url)
    for _ in range(3):
        counts.add("address", LONG, "eve")
        sleep(0.25)
    assert total(counts, "eve") == 3
    with redis.Redis.from_url(redis_url) as client:
        (key,) = client.keys("lodger:count:address:*:eve")
        assert client.get(key) == b"3"
        assert 0 < client.ttl(key) <= LONG


def test_a_window_ends_and_the_next_begins_at_nothing(redis_url: str) -> None:
    counts = RateCounts(redis_url)
    first = counts.add("address", 1, "ada")
    assert 0 < first.seconds <= 1
    sleep(first.seconds + 0.01)
    assert counts.add("address", 1, "ada").total == 1


def test_a_silent_redis_is_waited_for_by_nobody_and_told_later(way: RedisWay) -> None:
    counts = RateCounts(way.url)
    counts.add("address", LONG, "ada")
    until(lambda: not counts._unshared)
    way.block()
    began = monotonic()
    for _ in range(1_000):
        counts.add("address", LONG, "ada")
    assert monotonic() - began < 1
    assert total(counts) == 1_001
    sleep(0.4)
    way.unblock()
    other = RateCounts(way.url)
    until(lambda: total(other) == 1_001)
    assert total(counts) == 1_001


def test_what_was_remembered_is_known_to_all(redis_url: str) -> None:
    one, other = RateCounts(redis_url), RateCounts(redis_url)
    assert not one.knows("ada@here")
    one.remember("ada@here", 60)
    assert one.knows("ada@here")
    until(lambda: other.knows("ada@here"))
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl("lodger:known:ada@here") <= 60


def test_while_redis_is_away_nobody_else_knows_and_asking_waits_once(way: RedisWay) -> None:
    way.block()
    counts = RateCounts(way.url)
    began = monotonic()
    assert not any(counts.knows("ada@here") for _ in range(20))
    assert monotonic() - began < 0.7
    counts.remember("ada@here", 60)
    assert counts.knows("ada@here")


def test_the_limits_are_the_settings() -> None:
    chosen = limiter(load(GIVEN | {"LODGER_LIMIT_USER_PER_MINUTE": "7", "LODGER_LIMIT_SEARCHES_PER_MINUTE": "0"}))
    named = {name: (limit.quota, limit.seconds) for name, limit in chosen.limits.items()}
    assert named == {
        "address": (6_000, 60),
        "user": (7, 60),
        "key": (3_000, 60),
        "login": (60, 60),
        "registration": (60, 3_600),
        "mail": (30, 3_600),
        "webhook": (3_000, 60),
        "login_failures": (10, 900),
    }


def test_all_of_them_can_be_switched_off() -> None:
    assert limiter(load(GIVEN | {"LODGER_RATE_LIMITS": "false"})).limits == {}
