"""What every event is: a fact (what happened) in an envelope (who, when, by which command).

A fact is a frozen dataclass of primitives and values with an explicit stored name (`TOPIC`) and schema version;
neither may change once stored. Facts hold no secret. What people wrote themselves is named by `PERSONAL` and is stored
encrypted with a key of that person: events are never edited, and somebody who is forgotten shall be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar
from uuid import UUID


class Fact:
    """Base of all facts. `TOPIC` is the stored name, `SCHEMA_VERSION` the shape it is written in today.

    `PERSONAL` are the paths of fields ("reason", "location.address") that hold what a person wrote or where they are.
    Of somebody who was erased they are empty: "", 0, none.
    """

    __slots__ = ()

    TOPIC: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1
    PERSONAL: ClassVar[tuple[str, ...]] = ()


ActorKind = Literal["user", "api_key", "webhook", "operator", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted. `id` is a user's id, a provider's name or a process's name, and of an API key its user's id and its
    own with a slash between them; an operator always gives a reason."""

    kind: ActorKind
    id: str
    reason: str | None = None


F_co = TypeVar("F_co", bound=Fact, covariant=True)


@dataclass(frozen=True, slots=True)
class EventOf(Generic[F_co]):
    """A fact of one type at its place in one stream.

    `version` counts from 1 within the stream. `partition_key` is the property's id for property, booking and
    payment streams, and the user's id for user streams and host accounts. `occurred_at` is domain time (UTC, from the
    clock port). `person_id` is whose the fact's personal fields are, if it has some.
    `position` (place in the whole log) and `recorded_at` (the database's time) are known once it is stored.
    """

    event_id: UUID
    stream_id: UUID
    version: int
    partition_key: UUID
    fact: F_co
    occurred_at: datetime
    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    person_id: UUID | None = None
    position: int | None = None
    recorded_at: datetime | None = None

    @property
    def originator_id(self) -> UUID:
        """The stream's id under the name that the eventsourcing library uses."""
        return self.stream_id

    @property
    def originator_version(self) -> int:
        """The version under the name that the eventsourcing library uses."""
        return self.version


if TYPE_CHECKING:
    Event = EventOf[Fact]
    """An event of any fact."""
else:
    Event = EventOf  # what is called by an alias would be made twice as slowly, and a frozen one not at all
