"""What happened to a booking."""

from __future__ import annotations

from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from api.graph import words
from api.graph.scalars import Instant
from api.graph.shown import Shown, at, shows
from api.schemas.history import EventSchema, told_to
from domain.bookings import Role
from domain.events import Event as Told


@shows(EventSchema)
class Event(Shown):
    """One event. `data` is the fact as it is stored: amounts in minor units (`minor` 12950 of USD is 129.50)."""

    position: str = strawberry.field(description="Its place in the whole log, a whole number.")
    stream_id: strawberry.ID = at("stream")
    kind: str = strawberry.field(graphql_type=words.STREAM_KIND)
    version: int
    type: str
    schema_version: int
    occurred_at: Instant
    recorded_at: Instant
    actor: str = strawberry.field(graphql_type=words.ACTOR_KIND)
    command: strawberry.ID
    data: JSON


def told(user_id: UUID, events: list[Told], role: Role) -> list[Event]:
    """The story as one side of the booking is told it."""
    return [Event.of(told_to(user_id, role, event)) for event in events]
