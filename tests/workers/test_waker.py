"""Waking the workers: nobody waits for Redis, and messages do not pile up."""

from __future__ import annotations

import socket
import time

import redis

from infrastructure.workers.waker import QUEUE, Waker


def wait_for(client: redis.Redis, length: int) -> int:
    deadline = time.monotonic() + 2
    while client.llen(f"dramatiq:{QUEUE}") != length and time.monotonic() < deadline:
        time.sleep(0.01)
    return int(client.llen(f"dramatiq:{QUEUE}"))


def test_a_message_is_sent_and_no_second_one_while_nobody_takes_it(redis_url: str) -> None:
    client, waker = redis.Redis.from_url(redis_url), Waker(redis_url)
    waker.wake()
    assert wait_for(client, 1) == 1
    for _ in range(200):
        waker.wake()
    time.sleep(0.1)
    assert wait_for(client, 1) == 1
    client.lpop(f"dramatiq:{QUEUE}")
    waker.wake()
    assert wait_for(client, 1) == 1


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
    assert wait_for(client, 1) == 1
    client.flushall()
    client.client_kill_filter(_type="normal", skipme=True)
    for _ in range(5):
        waker.wake()
        time.sleep(0.05)
    assert wait_for(client, 1) == 1
