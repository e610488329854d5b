"""One world for all rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.api.stack import Stack, running
from tests.permissions.world import World

if TYPE_CHECKING:
    from infrastructure.embedded.valkey import Valkey
    from tests.support.servers import Databases


@pytest.fixture(scope="session")
def stack(postgres: Databases, valkey: Valkey) -> Iterator[Stack]:
    url = postgres.create()
    with running(url, REDIS_URL=valkey.url()) as started:
        yield started
    postgres.drop(url)


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    return World(stack)
