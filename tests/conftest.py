"""Fixtures of every layer. Servers are started by the first test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from infrastructure.embedded.valkey import Valkey
    from tests.support.servers import Databases


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL of this test process's own."""
    from tests.support.servers import running_postgres

    with running_postgres() as databases:
        yield databases


@pytest.fixture
def database_url(postgres: Databases) -> Iterator[str]:
    """A fresh, migrated database for one test."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="module")
def shared_database_url(postgres: Databases) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey of this test process's own."""
    from tests.support.servers import running_valkey

    with running_valkey() as server:
        yield server


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """An empty Redis database."""
    import redis

    with redis.Redis.from_url(valkey.url()) as client:
        client.flushall()
    return valkey.url()
