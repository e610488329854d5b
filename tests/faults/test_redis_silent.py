"""Redis does not answer, or is not there: requests go on, limits hold in each process, and operators are told."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep, time

import pytest

from infrastructure.embedded.valkey import Valkey
from tests.api.server import call
from tests.faults.api_process import ApiProcess
from tests.support.redis_way import RedisWay, way_to
from tests.support.servers import free_port

pytestmark = pytest.mark.slow  # starts the real server

LIMITED = {"LODGER_RATE_LIMITS": "true", "LODGER_LIMIT_ADDRESS_PER_MINUTE": "200"}


@pytest.fixture
def way(valkey: Valkey, redis_url: str) -> Iterator[RedisWay]:
    with way_to(valkey) as way:
        yield way


def slowest_of(api: ApiProcess, requests: int) -> float:
    """Seconds; every request must be answered as always."""
    slowest = 0.0
    for _ in range(requests):
        began = monotonic()
        assert call(api.port, "GET", "/v1/properties")[0] == 200
        slowest = max(slowest, monotonic() - began)
    return slowest


def must_be_limited(api: ApiProcess) -> None:
    answers = [call(api.port, "GET", "/v1/properties")[0] for _ in range(250)]
    assert answers.count(429) >= 50


def redis_of(api: ApiProcess) -> str:
    """What /readyz says; it is ready whatever becomes of Redis."""
    status, answered = call(api.port, "GET", "/readyz")
    assert status == 200
    return str(answered["checks"]["redis"])


def at_the_beginning_of_a_minute() -> None:
    """Counts begin anew with the minute: what follows must not stride over its end."""
    left = 60 - time() % 60
    if left < 12:
        sleep(left + 0.1)


def test_a_redis_that_falls_silent_slows_nobody_and_limits_hold(shared_database_url: str, way: RedisWay) -> None:
    at_the_beginning_of_a_minute()
    api = ApiProcess(shared_database_url, REDIS_URL=way.url, **LIMITED)
    try:
        assert redis_of(api) == "ok"
        assert slowest_of(api, 20) < 1
        way.block()
        assert slowest_of(api, 30) < 0.25
        assert redis_of(api).startswith("away")
        must_be_limited(api)
        way.unblock()
        sleep(2.5)
        assert redis_of(api) == "ok"
    finally:
        api.kill()


def test_without_redis_everything_goes_on_and_limits_hold(shared_database_url: str) -> None:
    at_the_beginning_of_a_minute()
    api = ApiProcess(shared_database_url, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0", **LIMITED)
    try:
        assert slowest_of(api, 30) < 0.25
        assert redis_of(api).startswith("away")
        must_be_limited(api)
    finally:
        api.kill()
