"""Waking the workers: nobody waits for Redis, and messages do not pile up."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping

import redis

from infrastructure.workers.queues import Queue
from infrastructure.workers.waker import Waker, key, waiting

ONE_EACH: Mapping[Queue, int] = {"projections": 1, "reactions": 1}


def wait_for(client: redis.Redis, depths: Mapping[Queue, int]) -> Mapping[Queue, int]:
    deadline = time.monotonic() + 2
    while waiting(client) != depths and time.monotonic() < deadline:
        time.sleep(0.01)
    return waiting(client)


def test_each_worker_is_sent_a_message_and_no_second_one_while_it_has_not_taken_it(redis_url: str) -> None:
    client, waker = redis.Redis.from_url(redis_url), Waker(redis_url)
    waker.wake()
    assert wait_for(client, ONE_EACH) == ONE_EACH
    for _ in range(200):
        waker.wake()
    time.sleep(0.1)
    assert waiting(client) == ONE_EACH
    client.lpop(key("projections"))
    waker.wake()
    assert wait_for(client, ONE_EACH) == ONE_EACH


def test_nobody_waits_for_a_redis_that_does_not_answer() -> None:
    with socket.socket() as silent:  # takes connections, says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        waker = Waker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        begun = time.monotonic()
        for _ in range(100):
            waker.wake()
        assert time.monotonic() - begun < 0.1


def test_it_goes_on_once_redis_is_back(redis_url: str) -> None:
    client, waker = redis.Redis.from_url(redis_url), Waker(redis_url)
    client.client_kill_filter(_type="normal", skipme=True)
    waker.wake()
    assert wait_for(client, ONE_EACH) == ONE_EACH
    client.flushall()
    client.client_kill_filter(_type="normal", skipme=True)
    for _ in range(5):
        waker.wake()
        time.sleep(0.05)
    assert wait_for(client, ONE_EACH) == ONE_EACH
