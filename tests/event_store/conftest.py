from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from tests.event_store.facts import FACTS


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A pool on a fresh database, as the application connects."""
    database = Database(database_url, pool_size=20)
    yield database
    database.close()


@pytest.fixture
def events(database: Database) -> Events:
    return Events(database, FACTS)


@pytest.fixture
def reader(database: Database, events: Events) -> LogReader:
    return LogReader(database, events.mapper)
