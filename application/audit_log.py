"""The log as auditors read it: everything but what people wrote, which stays sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.events import Event
from domain.log_leaves import Record


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored event. `sealed` are the paths of its fields that are encrypted in the log: here they are empty."""

    event: Event
    sealed: tuple[str, ...]

    @property
    def position(self) -> int:
        assert self.event.position is not None, "it is stored"
        return self.event.position


class AuditLog(Protocol):
    """Reads the log without any key."""

    def load(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Recorded]]:
        """The events of each stream in version order (none of an unknown one), in one round trip."""
        ...

    def at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        """The events at some positions, in that order, in one round trip; nothing for a position that has none."""
        ...

    def last(self, upto: int | None = None) -> int:
        """The position of the last event at or before `upto` (None: of all there are); 0 without one.

        Nothing appears before it any more: whoever is writing is waited for, for 2 s at most.
        """
        ...

    def record(self, position: int) -> tuple[Recorded, Record] | None:
        """The event at a position, and what of it is hashed, to the letter."""
        ...
