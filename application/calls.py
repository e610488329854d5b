"""A call: who asks for a command, when, and how its answer is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from application.ports import Answer, Idempotency
from domain.events import Actor, Event

Keeping = Literal["whole", "opens", "completes"]


@dataclass(frozen=True, slots=True)
class Call:
    """One command's circumstances.

    `command_id` is on all events of the command. `render` turns the stream that the command shows into the answer
    to keep; without an idempotency key nothing is kept. A command that calls a payment provider keeps its answer in
    two steps: the intent `opens` it (a repeat meanwhile is told that it is in flight), the outcome `completes` it.
    """

    actor: Actor
    now: datetime
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    idempotency: Idempotency | None = None
    render: Callable[[Any], Answer] | None = None
    keeping: Keeping = "whole"

    @property
    def person_id(self) -> UUID | None:
        """Whose words the facts hold, unless a change says otherwise; None for what people did not write."""
        if self.actor.kind in ("user", "api_key"):
            return UUID(self.actor.id.partition("/")[0])
        return None

    def opens(self) -> Call:
        return replace(self, keeping="opens")

    def completes(self) -> Call:
        return replace(self, keeping="completes")

    def unkept(self) -> Call:
        """The same call for a step whose answer is not the client's (expiring somebody else's lapsed hold)."""
        return replace(self, idempotency=None, render=None)

    def event_id(self, stream_id: UUID, version: int) -> UUID:
        """Derived, so that the same command that lands on the same place makes the same event."""
        return uuid5(self.command_id, f"{stream_id}:{version}")


def following(event: Event, doer: str, now: datetime) -> Call:
    """The call of a reaction to `event`: its command's id comes from the event, so twice is once."""
    return Call(
        actor=Actor("system", doer),
        now=now,
        command_id=uuid5(event.event_id, doer),
        correlation_id=event.correlation_id,
        causation_id=event.event_id,
    )
