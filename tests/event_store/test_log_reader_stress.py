from __future__ import annotations

import pytest

from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from tests.event_store.facts import FACTS
from tests.support.checkers import gaps_in_streams, misread
from tests.support.follower import follow
from tests.support.odd_writers import start_writers

EVENTS = 40_000


@pytest.mark.slow
def test_eight_odd_writers_lose_double_and_disorder_nothing(database_url: str) -> None:
    database = Database(database_url)
    reader = LogReader(database, Events(database, FACTS).mapper)
    writers = start_writers(database_url, EVENTS)

    reading = follow(reader, lambda: reader.safe_position(wait_seconds=0.05), writers)

    assert len(reading.seen) >= EVENTS
    assert misread(database_url, reading) == {}
    assert gaps_in_streams(database_url) == []
    database.close()
