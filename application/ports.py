"""What the use cases need from outside, as protocols. `infrastructure` fulfils them; `bootstrap` wires them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

from domain.events import Event


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What a kept answer is found by. `digest` is a keyed SHA-256 of the request's body."""

    principal: str
    route: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it is kept: `body` is the exact text; the log position is beside it, never in it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Nights:
    """Nights `[first, until)` of a property that a claim wants.

    `claim_id` is the booking's id for a stay and the block's id for a block. A stay excludes everything; blocks
    overlap each other. `held_until` is when a hold lapses; None means until given back.
    """

    property_id: UUID
    claim_id: UUID
    first: date
    until: date
    kind: Literal["stay", "block"]
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NightsChange:
    """Claims to give back (all their nights) and nights to take, in one transaction with the events."""

    give_back: Sequence[UUID] = ()
    take: Sequence[Nights] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Nights somebody has, as the guard shows them."""

    claim_id: UUID
    first: date
    until: date
    kind: Literal["stay", "block"]
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """The plain rows that belong to a registration, written in the transaction of UserRegistered.

    `identities` are (kind, keyed digest of the normalised value) pairs; each pair is unique.
    """

    user_id: UUID
    username: str
    email: str
    name: str
    password_hash: str | None
    identities: Sequence[tuple[str, bytes]]


class VersionConflict(Exception):  # noqa: N818
    """Somebody else appended to one of the streams first: load again."""


class NightsTaken(Exception):  # noqa: N818
    """The guard refused. `by` are the claims in the way (empty when they were gone by the time of asking)."""

    def __init__(self, by: Sequence[Claim]) -> None:
        super().__init__("nights taken")
        self.by = by


class IdentityTaken(Exception):  # noqa: N818
    """A unique name or address belongs to somebody else. `kind` is "email" or "username"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class AnswerKept(Exception):  # noqa: N818
    """This command already took effect; here is the answer it got."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answer kept")
        self.answer = answer


class KeyReused(Exception):  # noqa: N818
    """The same Idempotency-Key came with another body."""


class EventLog(Protocol):
    """The event store as the use cases see it: one round trip to load, one to append."""

    def load(
        self, stream_ids: Sequence[UUID], idempotency: Idempotency | None = None
    ) -> Mapping[UUID, Sequence[Event]]:
        """The events of each stream in version order (an empty sequence for an unknown one), in one round trip.

        Raises AnswerKept or KeyReused when an answer is kept under `idempotency`.
        """
        ...

    def append(
        self,
        events: Sequence[Event],
        *,
        nights: NightsChange | None = None,
        answer: tuple[Idempotency, Answer] | None = None,
        person: NewPerson | None = None,
    ) -> int:
        """Append all or nothing, in one transaction and one round trip; returns the highest new position.

        Raises VersionConflict, NightsTaken, IdentityTaken, AnswerKept, KeyReused.
        """
        ...

    def claims(self, property_id: UUID, first: date, until: date) -> Sequence[Claim]:
        """Who has nights of a property in `[first, until)`, from the guard itself."""
        ...

    def lapsed_claims(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Claims whose `held_until` has passed, oldest first."""
        ...
