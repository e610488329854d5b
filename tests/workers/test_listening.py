"""Consumers hear of messages when they come: given a queue of a real Redis, when messages come, then they have them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from uuid import uuid4

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed

from infrastructure.redis_client import redis_client
from infrastructure.workers.listening import Broker
from infrastructure.workers.waker import key


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    client = redis_client(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def broker(client: redis.Redis) -> Broker:
    broker = Broker(client=client, middleware=[])  # type: ignore[no-untyped-call]
    broker.declare_queue("projections")
    return broker


def message() -> dramatiq.Message[None]:
    return dramatiq.Message(queue_name="projections", actor_name="wake", args=(), kwargs={}, options={})


def first(consumer: dramatiq.Consumer, seconds: float = 10.0) -> dramatiq.MessageProxy:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if (found := next(consumer)) is not None:
            return found
    raise TimeoutError("nothing came")


def test_what_comes_while_it_waits_is_taken_without_looking_for_it(broker: Broker, client: redis.Redis) -> None:
    consumer = broker.consume("projections", prefetch=1, timeout=10)
    before = client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
    with ThreadPoolExecutor(1) as beside:
        taken = beside.submit(first, consumer)
        sleep(1)
        sent = broker.enqueue(message())
        assert taken.result().message_id == sent.message_id
    after = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert after - before <= 10  # to send and to take it; looking each 10 ms would be a hundred


def test_of_several_the_first_to_come_is_the_first_to_be_taken(broker: Broker, client: redis.Redis) -> None:
    sent = [broker.enqueue(message()).message_id for _ in range(3)]
    consumer = broker.consume("projections", prefetch=1, timeout=100)
    taken = []
    for _ in sent:
        found = first(consumer)
        taken.append(found.message_id)
        consumer.ack(found)
    assert taken == sent
    assert client.llen(key("projections")) == 0


def test_while_one_is_worked_on_the_next_is_left_to_others_and_taken_when_it_is_done(broker: Broker) -> None:
    one, other = (broker.consume("projections", prefetch=1, timeout=20) for _ in range(2))
    broker.enqueue(message())
    at_work = first(one)
    later = broker.enqueue(message())
    assert next(one) is None
    assert first(other).message_id == later.message_id

    last = broker.enqueue(message())
    with ThreadPoolExecutor(1) as beside:
        taken = beside.submit(first, one)
        one.ack(at_work)
        assert taken.result().message_id == last.message_id


def test_without_redis_it_says_so_and_is_made_anew(client: redis.Redis) -> None:
    away = Broker(client=redis_client("redis://127.0.0.1:1/0"), middleware=[])  # type: ignore[no-untyped-call]
    consumer = away.consume(f"q{uuid4().hex}", prefetch=1, timeout=20)
    with pytest.raises(ConnectionClosed):
        next(consumer)
