from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.utils import TopicError
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Actor, Event
from domain.money import Money
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.mapper import Mapper, UnknownEvent
from infrastructure.event_store.rows import StoredFact, of
from projections.catalogue import PROJECTIONS
from projections.projection import Projection
from tests.event_store.facts import FACTS, NOW, Line, Noted, Quoted, Renamed, noted

META = (
    '{"event_id":"00000000-0000-0000-0000-000000000001","occurred_at":"2030-06-01T12:00:00Z",'
    '"actor":{"kind":"system","id":"test"},"command_id":"00000000-0000-0000-0000-000000000002",'
    '"correlation_id":"00000000-0000-0000-0000-000000000003"}'
)


def stored(name: str, schema_version: int, data: str, meta: str = META) -> StoredFact:
    return StoredFact(
        originator_id=UUID(int=9),
        originator_version=4,
        topic=name,
        state=data.encode(),
        id=17,
        partition_key=UUID(int=8),
        schema_version=schema_version,
        meta=meta,
        recorded_at=NOW,
    )


def test_a_fact_is_stored_under_its_own_name_as_json_text_beside_its_envelope() -> None:
    event = Event(
        event_id=UUID(int=1),
        stream_id=UUID(int=9),
        version=4,
        partition_key=UUID(int=8),
        fact=Quoted(
            total=Money(12950, "USD"),
            night=date(2030, 6, 2),
            guest=UUID(int=5),
            lines=(Line("night", Money(12950, "USD")),),
            mode="instant",
            until=datetime(2030, 6, 1, 12, 30, tzinfo=UTC),
        ),
        occurred_at=NOW,
        actor=Actor("operator", "ops-1", reason="asked"),
        command_id=UUID(int=2),
        correlation_id=UUID(int=3),
        causation_id=UUID(int=4),
    )

    row = Mapper(FACTS).to_stored_event(event)

    assert (row.topic, row.schema_version, row.originator_id, row.originator_version) == (
        *("test.Quoted", 1),
        *(UUID(int=9), 4),
    )
    assert row.state.decode() == (
        '{"total":{"minor":12950,"currency":"USD"},"night":"2030-06-02",'
        '"guest":"00000000-0000-0000-0000-000000000005",'
        '"lines":[{"label":"night","amount":{"minor":12950,"currency":"USD"}}],'
        '"mode":"instant","until":"2030-06-01T12:30:00Z","note":null}'
    )
    assert row.meta == (
        '{"event_id":"00000000-0000-0000-0000-000000000001","occurred_at":"2030-06-01T12:00:00Z",'
        '"actor":{"kind":"operator","id":"ops-1","reason":"asked"},'
        '"command_id":"00000000-0000-0000-0000-000000000002",'
        '"correlation_id":"00000000-0000-0000-0000-000000000003",'
        '"causation_id":"00000000-0000-0000-0000-000000000004"}'
    )


@pytest.fixture(scope="module")
def shared_events(shared_database_url: str) -> Iterator[Events]:
    database = Database(shared_database_url)
    yield Events(database, FACTS)
    database.close()


_instants = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(-timedelta(hours=9, minutes=30))]),
)
_money = st.builds(Money, st.integers(-(2**62), 2**62), st.sampled_from(["USD", "UGX", "KWD"]))
_facts = st.one_of(
    st.builds(Noted, st.text()),
    st.builds(
        Quoted,
        total=_money,
        night=st.dates(),
        guest=st.uuids(),
        lines=st.lists(st.builds(Line, st.text(), _money), max_size=4).map(tuple),
        mode=st.sampled_from(["instant", "request"]),
        until=_instants,
        note=st.none() | st.text(),
    ),
    st.builds(Renamed, st.text(), st.text()),
)
_events = st.builds(
    Event,
    event_id=st.uuids(),
    stream_id=st.uuids(version=4),
    version=st.just(1),
    partition_key=st.uuids(),
    fact=_facts,
    occurred_at=_instants,
    actor=st.builds(
        Actor,
        st.sampled_from(["user", "api_key", "webhook", "operator", "system"]),
        st.text(),
        st.none() | st.text(),
    ),
    command_id=st.uuids(),
    correlation_id=st.uuids(),
    causation_id=st.none() | st.uuids(),
)


@given(_events)
@settings(deadline=None)
def test_every_event_comes_back_from_the_database_as_it_was(shared_events: Events, event: Event) -> None:
    unique = replace(event, stream_id=uuid4())

    position = shared_events.append([unique])

    (loaded,) = shared_events.load([unique.stream_id])[unique.stream_id]
    assert loaded.position == position
    assert replace(loaded, position=None, recorded_at=None) == unique


LINES = (
    '[{"label":"night","amount":{"minor":1,"currency":"USD"}},{"label":"fee","amount":{"minor":2,"currency":"USD"}}]'
)
SAYING = 'a note that says "lines":[1], and a backslash \\'


def test_lists_that_nobody_reads_come_empty_and_everything_else_as_it_is() -> None:
    lines = Line("night", Money(1, "USD")), Line("fee", Money(2, "USD"))
    fact = Quoted(Money(3, "USD"), date(2030, 6, 2), UUID(int=5), lines, "instant", NOW, SAYING)
    row = Mapper(FACTS).to_stored_event(replace(noted(UUID(int=9), 4), fact=fact))

    (whole,) = Mapper(FACTS).to_domain_events([of(row)])
    (brief,) = Mapper(FACTS).to_domain_events([of(row)], ["lines", "amount", "nothing"])

    assert whole.fact == fact
    assert brief == replace(whole, fact=replace(fact, lines=()))


@pytest.mark.parametrize(
    "projection", [each for each in PROJECTIONS.values() if each.unread], ids=lambda p: str(p.name)
)
def test_no_list_that_a_read_model_leaves_unread_has_lists_or_words_of_people_in_it(projection: Projection) -> None:
    """Whoever reads the log finds its end by the next bracket."""
    lists = [each for fact in projection.facts for each in _lists(fact, set(projection.unread))]
    assert {name for name, _ in lists} == set(projection.unread)
    for _, of_what in lists:
        written = msgspec.json.encode(msgspec.json.schema(of_what)).decode()
        assert '"array"' not in written
        assert written.count('{"type":"string"}') == written.count('"currency":{"type":"string"}')


def _lists(of_what: object, names: set[str]) -> Iterator[tuple[str, object]]:
    """Every list by one of the names, however deep it is, and the type of what it is a list of."""
    if is_dataclass(of_what):
        for name, kind in get_type_hints(of_what).items():
            if name in names and get_origin(kind) is tuple:
                yield name, get_args(kind)[0]
            for part in (kind, *get_args(kind)):
                yield from _lists(part, names)


def test_an_older_fact_goes_through_every_upcaster_in_turn() -> None:
    mapper = Mapper(
        FACTS,
        {
            ("test.Renamed", 1): lambda raw: {"name": raw["label"]},
            ("test.Renamed", 2): lambda raw: {"title": raw["name"], "language": "en"},
        },
    )

    assert mapper.to_domain_event(stored("test.Renamed", 1, '{"label":"Loft"}')).fact == Renamed("Loft", "en")
    assert mapper.to_domain_event(stored("test.Renamed", 2, '{"name":"Loft"}')).fact == Renamed("Loft", "en")
    assert mapper.to_domain_event(stored("test.Renamed", 3, '{"title":"Loft","language":"lg"}')).fact == Renamed(
        "Loft", "lg"
    )


@pytest.mark.parametrize(
    ("name", "schema_version", "data", "reason"),
    [
        ("test.Vanished", 1, "{}", "no fact has that name"),
        ("os:system", 1, "{}", "no fact has that name"),
        ("test.Noted", 2, "{}", "version 1 is the newest one known"),
        ("test.Renamed", 2, "{}", "nothing upcasts version 2"),
        ("test.Quoted", 1, '{"total":1}', "does not have that shape"),
        ("test.Noted", 1, "{", "does not have that shape"),
    ],
)
def test_what_this_code_does_not_know_is_named_and_never_guessed(
    name: str, schema_version: int, data: str, reason: str
) -> None:
    with pytest.raises(UnknownEvent) as error:
        Mapper(FACTS, {}).to_domain_event(stored(name, schema_version, data))

    said = str(error.value)
    assert f"{name} version {schema_version} at position 17" in said
    assert reason in said
    assert "upcasters.py" in said


def test_a_stored_name_imports_nothing() -> None:
    with pytest.raises(UnknownEvent):
        Mapper(FACTS).to_domain_event(stored("this:that", 1, "{}"))

    import sys

    assert "this" not in sys.modules


def test_a_broken_envelope_is_an_unknown_event() -> None:
    with pytest.raises(UnknownEvent, match="position 17"):
        Mapper(FACTS).to_domain_event(stored("test.Noted", 1, "{}", meta="{}"))


def test_a_fact_outside_the_catalogue_is_not_stored() -> None:
    with pytest.raises(ValueError, match=r"test\.Noted is not in the catalogue"):
        Mapper({}).to_stored_event(noted(uuid4(), 1))


def test_an_instant_without_zone_is_not_stored() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Mapper(FACTS).to_stored_event(replace(noted(uuid4(), 1), occurred_at=datetime(2030, 1, 1)))  # noqa: DTZ001


def test_two_facts_cannot_share_a_name() -> None:
    Mapper(FACTS)

    with pytest.raises(TopicError):
        Mapper({"test.Noted": Renamed})
