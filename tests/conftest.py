"""Fixtures of every layer. Servers are started by the first test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import tests.support.effort  # noqa: F401 - names the long profile, which may be asked for anywhere
from tests.support.scheduling import OneCrowdAtATime, is_crowd

if TYPE_CHECKING:
    from infrastructure.embedded.valkey import Valkey
    from infrastructure.passwords import Cost
    from tests.calendars.site import Site
    from tests.support.servers import Databases


# From the inside out: what breaks the rules of the house shows before any server is started.
LAYERS = ("domain", "application", "imports", "event_store", "projections", "infrastructure", "api", "launcher")


def pytest_configure(config: pytest.Config) -> None:
    """Nobody's secrets are in a log when the tests have ended."""
    from tests.support.log_search import Plugin

    config.pluginmanager.register(Plugin(config), "log search")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCrowdAtATime:
    return OneCrowdAtATime(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pure tests first, slow ones last; among several processes, one begins with what takes longest."""
    among_several = hasattr(config, "workerinput")

    def layer(item: pytest.Item) -> int:
        folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        return LAYERS.index(folder) if folder in LAYERS else len(LAYERS)

    items.sort(
        key=lambda item: (
            not (among_several and is_crowd(item.nodeid)),
            item.get_closest_marker("slow") is not None,
            layer(item),
        )
    )


@pytest.fixture(scope="session", autouse=True)
def real_cost() -> Iterator[Cost]:
    """What a password costs outside tests. In them it costs next to nothing: it was half of what the API's took."""
    from infrastructure import passwords

    real = passwords.COST
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", passwords.Cost(passes=1, kibibytes=8))
        yield real


@pytest.fixture
def costly_passwords(real_cost: Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    """As outside tests, for what depends on it. To be asked for before anything that hashes passwords."""
    monkeypatch.setattr("infrastructure.passwords.COST", real_cost)


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


@pytest.fixture
def site() -> Iterator[Site]:
    """Another marketplace's site, where calendars are exported."""
    from tests.calendars.site import Site

    with Site().open() as site:
        yield site
