"""The API over a real PostgreSQL and a real Valkey, with real time in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infrastructure.bootstrap import wire
from infrastructure.embedded.valkey import Valkey
from tests.api.people import register
from tests.api.stack import Client, Stack, over, settings
from tests.support.world import HandClock


@pytest.fixture(scope="module")
def wall_clock() -> HandClock:
    return HandClock(datetime.now(UTC))


@pytest.fixture(scope="module")
def stack(shared_database_url: str, valkey: Valkey, wall_clock: HandClock) -> Iterator[Stack]:
    """An API that the tests of one module share: each makes its own people."""
    wired = wire(settings(shared_database_url, REDIS_URL=valkey.url()), wake=lambda: None)
    yield over(replace(wired, lodger=replace(wired.lodger, wall_clock=wall_clock)))
    wired.database.close()
    wired.projecting.close()


@pytest.fixture
def ada(stack: Stack) -> Client:
    return register(stack, "ada")
