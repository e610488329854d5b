from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from application.ports import IdentityTaken, NewPerson, VersionConflict
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.people import People
from tests.event_store.facts import noted


def person(user_id: UUID, email: bytes, username: bytes) -> NewPerson:
    return NewPerson(user_id, "ada", "ada@example.org", "Ada", "hash", [("username", username), ("email", email)])


def test_a_registration_writes_the_person_with_the_event(events: Events, database: Database) -> None:
    user = uuid4()

    events.append([noted(user, 1)], person=person(user, b"e", b"u"))

    found = People(database).find("email", b"e")
    assert found is not None
    assert (found.user_id, found.username, found.email, found.version) == (user, "ada", "ada@example.org", 1)
    assert found == People(database).find("username", b"u") == People(database).get([user, uuid4()])[user]


def test_people_come_with_their_events_as_they_come_alone(events: Events, database: Database) -> None:
    people, ada, bob, nobody = People(database), uuid4(), uuid4(), uuid4()
    events.append([noted(ada, 1), noted(ada, 2)], person=person(ada, b"e", b"u"))
    events.append([noted(bob, 1)], person=replace(person(bob, b"f", b"v"), password_hash=None))
    changed = replace(people.get([ada])[ada], phone="+256700000000", bio="\u2603", languages=("en", "lg"))
    people.change_profile(changed, expected_version=1)

    told, found = events.load_with_people([ada, bob, nobody])

    versions = {user_id: [event.version for event in of_them] for user_id, of_them in told.items()}
    assert versions == {ada: [1, 2], bob: [1], nobody: []}
    assert found == people.get([ada, bob])
    assert (found[ada].phone, found[ada].bio, found[ada].languages) == ("+256700000000", "\u2603", ("en", "lg"))


@pytest.mark.parametrize(
    ("email", "username", "kind"),
    [(b"e", b"other", "email"), (b"other", b"u", "username"), (b"e", b"u", "email")],
)
def test_a_taken_identity_is_named_and_nothing_is_written(
    events: Events, database: Database, email: bytes, username: bytes, kind: str
) -> None:
    first, second = uuid4(), uuid4()
    events.append([noted(first, 1)], person=person(first, b"e", b"u"))

    with pytest.raises(IdentityTaken) as taken:
        events.append([noted(second, 1)], person=person(second, email, username))

    assert taken.value.kind == kind
    assert events.load([second])[second] == []
    assert People(database).find("email", b"other") is None
    assert People(database).find("username", b"other") is None


def test_the_same_digest_of_another_kind_is_free(events: Events) -> None:
    first, second = uuid4(), uuid4()
    events.append([noted(first, 1)], person=person(first, b"x", b"y"))

    events.append([noted(second, 1)], person=person(second, b"y", b"x"))


def test_one_of_many_concurrent_registrations_of_an_address_wins(events: Events, database: Database) -> None:
    def register(number: int) -> bool:
        user = uuid4()
        try:
            events.append([noted(user, 1)], person=person(user, b"same", str(number).encode()))
        except IdentityTaken:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(register, range(100))) == 1


def test_a_user_is_registered_once(events: Events) -> None:
    user = uuid4()
    events.append([noted(user, 1)], person=person(user, b"e", b"u"))

    with pytest.raises(VersionConflict):
        events.append([noted(user, 2)], person=person(user, b"f", b"v"))
