from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from application.ports import NightsChange, VersionConflict
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from tests.event_store.facts import noted


def test_events_come_back_in_order_with_position_and_recorded_time(events: Events) -> None:
    stream = uuid4()

    position = events.append([noted(stream, 1, "first"), noted(stream, 2, "second")])

    loaded = events.load([stream])[stream]
    assert [(e.version, e.fact.text, e.position) for e in loaded] == [(1, "first", 1), (2, "second", 2)]  # type: ignore[attr-defined]
    assert position == 2
    assert all(e.recorded_at is not None and e.recorded_at.utcoffset() is not None for e in loaded)


def test_an_unknown_stream_is_empty(events: Events) -> None:
    stream = uuid4()

    assert events.load([stream]) == {stream: []}


def test_several_streams_of_a_partition_are_appended_at_once(events: Events) -> None:
    low, high, partition = UUID(int=1), UUID(int=2), uuid4()

    position = events.append([noted(high, 1, partition=partition), noted(low, 1, partition=partition)])

    loaded = events.load([low, high])
    assert (loaded[low][0].position, loaded[high][0].position) == (1, 2)
    assert position == 2


def test_a_version_that_is_taken_is_a_conflict_and_stores_nothing(events: Events) -> None:
    stream, other = uuid4(), uuid4()
    events.append([noted(stream, 1, "winner")])

    with pytest.raises(VersionConflict):
        events.append([noted(other, 1, partition=stream), noted(stream, 1, "loser")])

    assert [e.fact.text for e in events.load([stream])[stream]] == ["winner"]  # type: ignore[attr-defined]
    assert events.load([other])[other] == []


def test_one_append_stays_in_one_partition(events: Events) -> None:
    with pytest.raises(ValueError, match="one partition"):
        events.append([noted(uuid4(), 1), noted(uuid4(), 1)])


def test_nothing_to_append_is_position_zero(events: Events) -> None:
    assert events.append([]) == 0


def test_a_load_and_an_append_are_one_statement_each(events: Events, database: Database) -> None:
    stream, nothing_more = uuid4(), NightsChange()

    def run(version: int) -> None:
        events.load([stream])
        events.load_with_claims([(stream, date(2030, 3, 1), date(2030, 3, 2))], {stream: 0})
        events.load_with_people([stream])
        events.append([noted(stream, version)])
        events.append([noted(stream, version + 1)], nights=nothing_more)

    run(1)  # each statement is prepared now, on the one connection in use
    before = _plans(database)
    run(3)

    assert {name: plans - before[name] for name, plans in _plans(database).items()} == {
        "lodger_load": 1,
        "lodger_load_with_claims": 1,
        "lodger_load_with_people": 1,
        "lodger_insert": 1,  # one event and nothing else
        "lodger_append": 1,
    }


def _plans(database: Database) -> dict[str, int]:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, generic_plans + custom_plans FROM pg_prepared_statements")
        return dict(cursor.fetchall())
