"""Redis that is dead or silent is given up on once, within a quarter of a second, and then not waited for at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
import redis

from infrastructure.embedded.valkey import Valkey
from infrastructure.redis_client import redis_client
from tests.support.redis_way import RedisWay, way_to
from tests.support.servers import free_port, running_valkey


@pytest.fixture
def way(valkey: Valkey) -> Iterator[RedisWay]:
    with way_to(valkey) as way:
        yield way


def seconds_of(ask: Callable[[], object]) -> float:
    began = monotonic()
    with pytest.raises(redis.RedisError):
        ask()
    return monotonic() - began


def test_a_silent_server_is_waited_for_once_and_then_not_at_all(way: RedisWay) -> None:
    way.block()
    client = redis_client(way.url)
    assert 0.2 < seconds_of(client.ping) < 0.7
    assert sum(seconds_of(client.ping) for _ in range(50)) < 0.2


def test_a_second_later_one_thread_looks_again_and_nobody_waits_with_it(way: RedisWay) -> None:
    client = redis_client(way.url)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: client.ping(), range(32)))
        way.block()
        seconds_of(client.ping)
        sleep(1.05)
        waited = list(threads.map(lambda _: seconds_of(client.ping), range(8)))
    assert sum(each > 0.2 for each in waited) == 1
    assert max(waited) < 0.7


def test_nobody_at_the_port_costs_nothing() -> None:
    client = redis_client(f"redis://127.0.0.1:{free_port()}/0")
    assert sum(seconds_of(client.ping) for _ in range(50)) < 0.2


def test_connections_of_a_server_that_died_are_no_proof_that_it_is_back() -> None:
    with running_valkey() as valkey:
        client = redis_client(valkey.url())
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(lambda _: client.ping(), range(16)))
    seconds_of(client.ping)
    with pytest.raises(redis.ConnectionError, match="a moment ago"):
        client.ping()


def test_it_is_found_again_when_it_is_back(way: RedisWay) -> None:
    client = redis_client(way.url)
    way.block()
    seconds_of(client.ping)
    way.unblock()
    with pytest.raises(redis.ConnectionError, match="a moment ago"):
        client.ping()
    sleep(1.05)
    assert client.ping()
    assert client.ping()


def test_several_commands_at_once_find_it_again_too(way: RedisWay) -> None:
    client = redis_client(way.url)
    way.block()
    seconds_of(client.ping)
    way.unblock()
    sleep(1.05)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.ping()
        assert pipeline.execute() == [True]
    assert client.ping()
