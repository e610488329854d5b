"""What forgetting people needs from outside the events: where their traces are, and a list of whom to forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Pending:
    """What may not be over yet: where to look, not what to decide."""

    bookings: Sequence[UUID]
    payments: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a person has been: `stays` are the bookings that they made, `bookings` these and those at their
    properties."""

    properties: Sequence[UUID]
    stays: Sequence[UUID]
    bookings: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Named:
    """What providers' answers about a person are found by: their own references and hashes, and our payouts' ids."""

    references: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    payouts: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of somebody's data: rows as JSON values. `more` says that there are more of them than are shown."""

    rows: Sequence[Mapping[str, object]]
    more: bool = False


class PersonalData(Protocol):
    """Everything that is kept of people outside the events, found through read models that are first waited for.

    Raises Rejected `read_model_behind` when they do not come to the log's end in time.
    """

    def pending(self, user_id: UUID) -> Pending: ...

    def traces(self, user_id: UUID) -> Traces: ...

    def has_key(self, user_id: UUID) -> bool:
        """Whether words of theirs are kept that can be read."""
        ...

    def destroy_key(self, user_id: UUID) -> None:
        """From now on nobody can read what is encrypted with it, but for those who remember it for some seconds."""
        ...

    def scrub(self, user_id: UUID, traces: Traces, named: Named) -> None:
        """Leave nothing readable of a person in any table, nor in what stands beside them; again changes nothing."""
        ...

    def export(self, user_id: UUID, traces: Traces) -> Mapping[str, Section]:
        """What is kept of a person, by the name of what it is."""
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody who is being forgotten, or was. `sweeps` counts how often everything was looked through.

    Times are real ones. `done_at` is when it was looked through for the last time.
    """

    user_id: UUID
    begun_at: datetime
    sweeps: int = 0
    done_at: datetime | None = None


class Erasures(Protocol):
    """Whom to forget. It follows from UserErased, and is kept so that forgetting goes on where it was stopped."""

    def begin(self, user_id: UUID, *, anew: bool = False) -> None:
        """See to it that somebody is swept from now on; again changes nothing, unless it is to begin `anew`."""
        ...

    def take_due(self) -> Erasure | None:
        """Somebody to sweep now; nobody else is given them for a while, were this process killed."""
        ...

    def swept(self, erasure: Erasure) -> None:
        """Everything was looked through once more: the next time is planned, or it was the last."""
        ...

    def listed(self) -> Sequence[Erasure]:
        """Everybody, the earliest first."""
        ...
