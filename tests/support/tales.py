"""Events for projections, told one after the other, as the log reader would hand them over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from domain.bookings import BookingHeld
from domain.events import Actor, Event, Fact
from domain.payments import PaymentStarted

BEGIN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
_EVENTS = UUID("5a1e5000-0000-4000-8000-000000000000")


class Tale:
    """The log of a test: every event a minute after the one before. Nothing in it is random."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._versions: dict[UUID, int] = {}
        self._partitions: dict[UUID, UUID] = {}

    def tell(self, stream_id: UUID, *facts: Fact, partition: UUID | None = None) -> list[Event]:
        """Append facts to a stream; returns their events."""
        if partition is not None:
            self._partitions[stream_id] = partition
        return [self._event(stream_id, fact) for fact in facts]

    def _event(self, stream_id: UUID, fact: Fact) -> Event:
        position = len(self.events) + 1
        version = self._versions[stream_id] = self._versions.get(stream_id, 0) + 1
        if isinstance(fact, BookingHeld | PaymentStarted):
            self._partitions[stream_id] = fact.property_id
        event = Event(
            event_id=uuid5(_EVENTS, str(position)),
            stream_id=stream_id,
            version=version,
            partition_key=self._partitions.get(stream_id, stream_id),
            fact=fact,
            occurred_at=minute(position),
            actor=Actor("system", "test"),
            command_id=uuid5(_EVENTS, f"command {position}"),
            correlation_id=uuid5(_EVENTS, f"command {position}"),
            position=position,
            recorded_at=minute(position),
        )
        self.events.append(event)
        return event


def minute(position: int) -> datetime:
    """When the event at a position happened."""
    return BEGIN + timedelta(minutes=position)
