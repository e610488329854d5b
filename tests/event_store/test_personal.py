"""What people wrote: encrypted in the log, readable with their key, and gone with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from domain.events import Event, Fact
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.mapper import UnknownEvent
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.sealing import Sealer
from tests.event_store.facts import noted

SECRET = "s" * 32


@dataclass(frozen=True, slots=True)
class Place:
    street: str
    latitude_e6: int
    city: str


@dataclass(frozen=True, slots=True)
class Told(Fact):
    TOPIC: ClassVar[str] = "test.Told"
    PERSONAL: ClassVar[tuple[str, ...]] = ("words", "place.street", "place.latitude_e6", "tags", "reason")
    words: str
    place: Place
    tags: tuple[str, ...] = ()
    reason: str | None = None


FACT = Told("canary words", Place("canary street", 42_652_220, "Albany"), ("canary",))
GONE = Told("", Place("", 0, "Albany"))


def keys_on(database: Database, *secrets: str) -> PersonKeys:
    return PersonKeys(database, Sealer.under(secrets or [SECRET], "person key"))


def store_on(database: Database) -> Events:
    return Events(database, {"test.Told": Told}, keys=keys_on(database))


def told(person_id: UUID | None, stream_id: UUID | None = None, version: int = 1) -> Event:
    return replace(noted(stream_id or uuid4(), version), fact=FACT, person_id=person_id)


def erase(database: Database, person_id: UUID) -> None:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE person_keys SET sealed = NULL WHERE person_id = %s", [person_id])


def stored(database: Database) -> list[tuple[str, str]]:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT data::text, meta::text FROM events ORDER BY position")
        return cursor.fetchall()


def test_what_a_person_wrote_is_read_again_and_stands_nowhere_in_the_log(database: Database) -> None:
    events, event = store_on(database), told(uuid4())

    events.append([event])

    [read] = store_on(database).load([event.stream_id])[event.stream_id]
    assert (read.fact, read.person_id) == (FACT, event.person_id)
    [(data, meta)] = stored(database)
    assert "canary" not in data + meta
    assert "42652220" not in data + meta
    assert "Albany" in data


def test_without_the_key_the_fields_are_empty_and_the_rest_is_as_it_was(database: Database) -> None:
    events, event = store_on(database), told(uuid4())
    events.append([event])
    before = stored(database)
    assert event.person_id is not None

    erase(database, event.person_id)

    fresh = store_on(database)
    [read] = fresh.load([event.stream_id])[event.stream_id]
    assert read.fact == GONE
    [followed] = LogReader(database, fresh.mapper).read(0, 1_000_000, 10)
    assert followed.fact == GONE
    assert stored(database) == before


def test_nobody_makes_another_key_for_somebody_who_was_erased(database: Database) -> None:
    events, person_id = store_on(database), uuid4()
    events.append([told(person_id)])
    erase(database, person_id)

    later, event = store_on(database), told(person_id)
    later.append([event])

    assert keys_on(database).make(person_id) is None
    assert later.load([event.stream_id])[event.stream_id][0].fact == GONE
    assert "canary" not in str(stored(database))


def test_each_person_has_a_key_of_their_own(database: Database) -> None:
    events, stream_id, ann, bob = store_on(database), uuid4(), uuid4(), uuid4()
    events.append([told(ann, stream_id, 1), told(bob, stream_id, 2)])

    erase(database, ann)

    assert [event.fact for event in store_on(database).load([stream_id])[stream_id]] == [GONE, FACT]


@pytest.mark.parametrize(
    "change",
    [
        "jsonb_set(meta::jsonb, '{sealed,words}', meta::jsonb -> 'sealed' -> 'place.street')",
        "jsonb_set(meta::jsonb, '{sealed,words}', to_jsonb('AAAA' || substr(meta::jsonb #>> '{sealed,words}', 5)))",
    ],
)
def test_a_ciphertext_that_was_moved_or_altered_is_not_read(database: Database, database_url: str, change: str) -> None:
    events, event = store_on(database), told(uuid4())
    events.append([event])
    owner = Database(database_url, role=None)
    with owner.connection() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE events SET meta = ({change})::text::json")
    owner.close()

    with pytest.raises(UnknownEvent, match="words was altered"):
        events.load([event.stream_id])


def test_a_ciphertext_of_another_event_is_not_read(database: Database, database_url: str) -> None:
    events, stream_id, person_id = store_on(database), uuid4(), uuid4()
    events.append([told(person_id, stream_id, 1), told(person_id, stream_id, 2)])
    owner = Database(database_url, role=None)
    with owner.connection() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events DISABLE TRIGGER USER")
        cursor.execute("UPDATE events SET meta = (SELECT meta FROM events WHERE version = 2) WHERE version = 1")
    owner.close()

    with pytest.raises(UnknownEvent, match="was altered, or is of another event"):
        events.load([stream_id])


def test_words_that_are_nobodys_are_stored_as_they_are(database: Database) -> None:
    events, event = store_on(database), told(None)

    events.append([event])

    assert events.load([event.stream_id])[event.stream_id][0].fact == FACT
    assert "canary words" in stored(database)[0][0]


def test_a_store_without_keys_refuses_to_store_what_a_person_wrote(database: Database) -> None:
    with pytest.raises(ValueError, match="without the keys of people"):
        Events(database, {"test.Told": Told}).append([told(uuid4())])
