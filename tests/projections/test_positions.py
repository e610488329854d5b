"""Waiting for a read model, so that people see what they just did."""

from __future__ import annotations

from threading import Timer
from time import monotonic

import pytest

from infrastructure.database import Database
from infrastructure.rights import PROJECTOR_ROLE
from projections import positions
from projections.positions import Behind, wait_until


@pytest.fixture
def database(database_url: str) -> Database:
    database = Database(database_url, role=PROJECTOR_ROLE)
    with database.connection() as connection, connection.cursor() as cursor:
        positions.register(cursor, "listings", 1)
    return database


def move(database: Database, position: int) -> None:
    with database.connection() as connection, connection.cursor() as cursor:
        positions.move(cursor, ["listings"], position)


def test_it_returns_once_the_position_is_reached(database: Database) -> None:
    begun = monotonic()
    Timer(0.1, move, [database, 7]).start()
    wait_until(database.connection, "listings", 7)
    assert 0.1 <= monotonic() - begun < 1.0


def test_it_gives_up_after_its_time(database: Database) -> None:
    move(database, 6)
    begun = monotonic()
    with pytest.raises(Behind) as behind:
        wait_until(database.connection, "listings", 7, timeout_seconds=0.1)
    assert monotonic() - begun >= 0.1
    assert behind.value.reason == "it is at position 6 of the log and was asked for 7"


def test_it_does_not_wait_for_a_read_model_that_is_stopped(database: Database) -> None:
    with database.connection() as connection, connection.cursor() as cursor:
        assert positions.stop(cursor, "listings", "it cannot go on")
        assert not positions.stop(cursor, "listings", "it cannot go on")
    begun = monotonic()
    with pytest.raises(Behind, match="it cannot go on"):
        wait_until(database.connection, "listings", 7)
    assert monotonic() - begun < 1.0


def test_what_moves_again_is_not_stopped_any_more(database: Database) -> None:
    with database.connection() as connection, connection.cursor() as cursor:
        positions.stop(cursor, "listings", "it cannot go on")
        positions.move(cursor, ["listings"], 3)
        standing = positions.standings(cursor)["listings"]
    assert (standing.position, standing.stopped_reason) == (3, None)
