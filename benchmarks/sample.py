"""Events of the size and shape that bookings have."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from application.ports import Answer, Idempotency, Nights, NightsChange
from domain.events import Actor, Event, Fact
from tests.support.examples import GUEST, HELD, NOW, PROPERTY

ACTOR = Actor("user", str(GUEST))


def event(fact: Fact, stream_id: UUID, version: int = 1, partition: UUID = PROPERTY) -> Event:
    """The fact in an envelope of its own."""
    command = uuid7()
    return Event(
        event_id=uuid7(),
        stream_id=stream_id,
        version=version,
        partition_key=partition,
        fact=fact,
        occurred_at=NOW,
        actor=ACTOR,
        command_id=command,
        correlation_id=command,
    )


def held() -> Event:
    """A new booking: a fact with its whole quote, some 900 bytes of JSON."""
    return event(HELD, uuid7())


def two_nights(claim_id: UUID) -> NightsChange:
    """Nights that nobody else wants: of a property of their own."""
    first = date(2027, 1, 1)
    return NightsChange(take=[Nights(uuid7(), claim_id, first, first + timedelta(days=2), "stay", HELD.held_until)])


def kept(event: Event) -> tuple[Idempotency, Answer]:
    """An answer of the size that the API keeps."""
    key = Idempotency(str(GUEST), "POST /v1/bookings", str(event.command_id), b"\0" * 32)
    return key, Answer(201, '{"booking": "' + "x" * 700 + '"}', {"Location": f"/v1/bookings/{event.stream_id}"})
