"""What was stored once can be read for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from uuid import UUID

import msgspec
import pytest

from domain.bookings import BookingHeld
from domain.catalogue import FACTS
from domain.events import Event
from infrastructure import event_catalogue
from infrastructure.event_store.mapper import Mapper, UnknownEvent
from infrastructure.event_store.rows import StoredFact
from infrastructure.settings import ROOT

VERSIONS = [(name, version) for name, fact in FACTS.items() for version in range(1, fact.SCHEMA_VERSION + 1)]
META = json.dumps(
    {
        "event_id": "01900000-0000-7000-8000-00000000000a",
        "occurred_at": "2026-06-01T12:00:00Z",
        "actor": {"kind": "system", "id": "corpus"},
        "command_id": "01900000-0000-7000-8000-00000000000b",
        "correlation_id": "01900000-0000-7000-8000-00000000000c",
    }
)


def stored(name: str, version: int, data: str) -> StoredFact:
    stream = UUID(int=1)
    return StoredFact(stream, 1, name, data.encode(), 7, stream, version, META, datetime(2026, 6, 1, tzinfo=UTC))


def read(name: str, version: int) -> Event:
    return Mapper(FACTS).to_domain_event(stored(name, version, event_catalogue.example(name, version).read_text()))


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_version_ever_shipped_is_read(name: str, version: int) -> None:
    assert type(read(name, version).fact) is FACTS[name]


@pytest.mark.parametrize("name", FACTS)
def test_what_is_written_today_is_what_the_corpus_holds(name: str) -> None:
    version = FACTS[name].SCHEMA_VERSION
    held = json.loads(event_catalogue.example(name, version).read_text())
    assert json.loads(msgspec.json.encode(read(name, version).fact)) == held


def test_the_corpus_has_nothing_that_the_catalogue_forgot() -> None:
    assert sorted(path.name for path in event_catalogue.CORPUS.iterdir()) == sorted(
        f"{name}.v{version}.json" for name, version in VERSIONS
    )


def test_a_booking_held_before_check_out_times_were_pinned_checks_out_at_eleven() -> None:
    fact = read("BookingHeld", 1).fact
    assert isinstance(fact, BookingHeld)
    assert fact.terms.check_out_time == time(11, 0)
    assert fact.terms.check_in_time == time(15, 0)


@pytest.mark.parametrize("version", [1, 2])
def test_a_booking_held_before_that_was_pinned_was_agreed_a_quarter_of_an_hour_before_its_hold_ends(
    version: int,
) -> None:
    fact = read("BookingHeld", version).fact
    assert isinstance(fact, BookingHeld)
    assert fact.held_until == datetime(2026, 6, 1, 12, 15, tzinfo=UTC)
    assert fact.terms.agreed_at == datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("name", "version"), [("BookingHeld", 4), ("BookingTeleported", 1)])
def test_an_unknown_type_or_version_is_named_and_never_skipped(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=f"cannot read {name} version {version} at position 7"):
        Mapper(FACTS).to_domain_event(stored(name, version, "{}"))


def test_the_page_of_events_is_current() -> None:
    assert (ROOT / "docs" / "events.md").read_text() == event_catalogue.markdown()
