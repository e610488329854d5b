from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.ports import (
    IN_FLIGHT,
    Answer,
    AnswerInFlight,
    AnswerKept,
    Idempotency,
    KeyReused,
    NewPerson,
    VersionConflict,
)
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.people import People
from tests.event_store.facts import noted

KEY = Idempotency("user:1", "POST /v1/bookings", "k-1", b"\x01" * 32)
ANSWER = Answer(201, '{"amount": 1.10, "name": "Zoë"}', {"Location": "/v1/bookings/1"})


def test_a_repeat_gets_the_exact_answer_with_its_position(events: Events) -> None:
    first = uuid4()
    position = events.append([noted(first, 1)], answer=(KEY, ANSWER))
    again = uuid4()

    with pytest.raises(AnswerKept) as appended:
        events.append([noted(again, 1)], answer=(KEY, Answer(201, "another")))
    with pytest.raises(AnswerKept) as loaded:
        events.load([first], KEY)

    assert appended.value.answer == loaded.value.answer == replace(ANSWER, position=position)
    assert events.load([again])[again] == []


def test_the_same_key_with_another_body_is_refused(events: Events) -> None:
    events.append([noted(uuid4(), 1)], answer=(KEY, ANSWER))
    other_body = replace(KEY, digest=b"\x02" * 32)

    with pytest.raises(KeyReused):
        events.append([noted(uuid4(), 1)], answer=(other_body, ANSWER))
    with pytest.raises(KeyReused):
        events.load([], other_body)


@pytest.mark.parametrize(
    "other", [replace(KEY, principal="user:2"), replace(KEY, route="POST /v1/payments"), replace(KEY, key="k-2")]
)
def test_keys_of_others_and_of_other_routes_are_other_keys(events: Events, other: Idempotency) -> None:
    events.append([noted(uuid4(), 1)], answer=(KEY, ANSWER))

    assert events.append([noted(uuid4(), 1)], answer=(other, ANSWER)) == 2


def test_a_refused_command_keeps_no_answer(events: Events) -> None:
    stream = uuid4()
    events.append([noted(stream, 1)])

    with pytest.raises(VersionConflict):
        events.append([noted(stream, 1)], answer=(KEY, ANSWER))

    assert events.append([noted(stream, 2)], answer=(KEY, ANSWER)) > 0


def test_twenty_concurrent_duplicates_have_one_effect_and_one_answer(events: Events, database: Database) -> None:
    def send(_: int) -> tuple[str, UUID]:
        stream = uuid4()
        try:
            events.append([noted(stream, 1)], answer=(KEY, Answer(201, f"made {stream}")))
        except AnswerKept as kept:
            return kept.answer.body, stream
        return f"made {stream}", stream

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(send, range(20)))

    effects = [stream for _, stream in outcomes if events.load([stream])[stream]]
    assert len(effects) == 1
    assert {body for body, _ in outcomes} == {f"made {effects[0]}"}


def test_a_command_under_way_is_in_flight_until_its_outcome_replaces_it(events: Events) -> None:
    stream = uuid4()
    events.append([noted(stream, 1)], answer=(KEY, IN_FLIGHT))

    with pytest.raises(AnswerInFlight):
        events.load([stream], KEY)
    with pytest.raises(AnswerInFlight):
        events.append([noted(uuid4(), 1)], answer=(KEY, IN_FLIGHT))
    position = events.append([noted(stream, 2)], answer=(KEY, ANSWER))

    with pytest.raises(AnswerKept) as kept:
        events.load([stream], KEY)
    assert kept.value.answer == replace(ANSWER, position=position)
    with pytest.raises(AnswerKept):  # a second outcome changes nothing
        events.append([noted(stream, 3)], answer=(KEY, Answer(200, "late")))


def test_another_body_never_replaces_a_command_under_way(events: Events) -> None:
    events.append([noted(uuid4(), 1)], answer=(KEY, IN_FLIGHT))

    with pytest.raises(KeyReused):
        events.append([noted(uuid4(), 1)], answer=(replace(KEY, digest=b"\x02" * 32), ANSWER))


def test_an_answer_can_be_kept_alone(events: Events) -> None:
    assert events.append([], answer=(KEY, ANSWER)) == 0

    with pytest.raises(AnswerKept) as kept:
        events.load([], KEY)
    assert kept.value.answer == ANSWER


def test_old_answers_are_forgotten(events: Events) -> None:
    events.append([], answer=(KEY, ANSWER))

    assert events.forget_answers(datetime.now(UTC) - timedelta(days=7)) == 0
    assert events.forget_answers(datetime.now(UTC) + timedelta(minutes=1)) == 1

    assert events.load([], KEY) == {}


def test_a_profile_and_its_answer_change_together(events: Events, database: Database) -> None:
    people = People(database)
    user = uuid4()
    events.append([noted(user, 1)], person=NewPerson(user, "ada", "ada@example.org", "Ada", None, []))
    renamed = replace(people.get([user])[user], name="Ada L.", phone="+256700000000")

    people.change_profile(renamed, expected_version=1, answer=(KEY, ANSWER))

    with pytest.raises(AnswerKept):
        people.change_profile(replace(renamed, name="twice"), expected_version=2, answer=(KEY, ANSWER))
    with pytest.raises(VersionConflict):
        people.change_profile(replace(renamed, name="stale"), expected_version=1)
    stored = people.get([user])[user]
    assert (stored.name, stored.phone, stored.version) == ("Ada L.", "+256700000000", 2)


def test_a_stale_profile_keeps_no_answer(events: Events, database: Database) -> None:
    people = People(database)
    user = uuid4()
    events.append([noted(user, 1)], person=NewPerson(user, "ada", "ada@example.org", "Ada", None, []))

    with pytest.raises(VersionConflict):
        people.change_profile(people.get([user])[user], expected_version=9, answer=(KEY, ANSWER))

    assert events.load([], KEY) == {}
