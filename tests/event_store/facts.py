"""Facts of these tests alone, with every kind of value that facts may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar, Final, Literal
from uuid import UUID, uuid4

from domain.events import Actor, Event, Fact
from domain.money import Money


@dataclass(frozen=True, slots=True)
class Noted(Fact):
    TOPIC: ClassVar[str] = "test.Noted"

    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Quoted(Fact):
    TOPIC: ClassVar[str] = "test.Quoted"

    total: Money
    night: date
    guest: UUID
    lines: tuple[Line, ...]
    mode: Literal["instant", "request"]
    until: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Renamed(Fact):
    """Was `label` in version 1, `name` in version 2, and has a language since version 3."""

    TOPIC: ClassVar[str] = "test.Renamed"
    SCHEMA_VERSION: ClassVar[int] = 3

    title: str
    language: str


FACTS: Final[Mapping[str, type[Fact]]] = {fact.TOPIC: fact for fact in (Noted, Quoted, Renamed)}

NOW: Final = datetime(2030, 6, 1, 12, tzinfo=UTC)


def noted(stream_id: UUID, version: int, text: str = "", *, partition: UUID | None = None) -> Event:
    """An event that matters by its place only."""
    return Event(
        event_id=uuid4(),
        stream_id=stream_id,
        version=version,
        partition_key=partition or stream_id,
        fact=Noted(text),
        occurred_at=NOW,
        actor=Actor("system", "test"),
        command_id=uuid4(),
        correlation_id=uuid4(),
    )
