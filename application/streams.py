"""Streams as the use cases handle them: folded history in, facts to append out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Literal, TypeVar, cast, get_args
from uuid import UUID

from application.ports import Answer
from domain import bookings, host_accounts, payments, platform, properties, reviews, users
from domain.events import Event, Fact

S = TypeVar("S")
F = TypeVar("F", bound=Fact)


KindName = Literal["user", "property", "booking", "payment", "host_account", "review", "platform"]


@dataclass(frozen=True, slots=True)
class Kind(Generic[S, F]):
    """How a kind of stream begins and folds. One that is `remembered` is long and read by many.

    `facts` are all that it may hold: a stream that begins with another fact is of another kind, and none of these.
    """

    name: KindName
    initial: S
    evolve: Callable[[S, F], S]
    facts: tuple[type[Fact], ...]
    remembered: bool = False


USER: Final[Kind[users.User, users.UserFact]] = Kind("user", users.NOBODY, users.evolve, get_args(users.UserFact))
PROPERTY: Final[Kind[properties.Property | None, properties.PropertyFact]] = Kind(
    "property", None, properties.evolve, get_args(properties.PropertyFact), remembered=True
)
BOOKING: Final[Kind[bookings.Booking | None, bookings.BookingFact]] = Kind(
    "booking", None, bookings.evolve, get_args(bookings.BookingFact)
)
PAYMENT: Final[Kind[payments.Payment | None, payments.PaymentFact]] = Kind(
    "payment", None, payments.evolve, get_args(payments.PaymentFact)
)
HOST_ACCOUNT: Final[Kind[host_accounts.HostAccount, host_accounts.HostAccountFact]] = Kind(
    "host_account", host_accounts.EMPTY, host_accounts.evolve, get_args(host_accounts.HostAccountFact), remembered=True
)
REVIEW: Final[Kind[reviews.Review | None, reviews.ReviewFact]] = Kind(
    "review", None, reviews.evolve, get_args(reviews.ReviewFact)
)
PLATFORM: Final[Kind[platform.Platform, platform.PlatformFact]] = Kind(
    "platform", platform.NEW, platform.evolve, get_args(platform.PlatformFact)
)
KINDS: Final[tuple[Kind[Any, Any], ...]] = (USER, PROPERTY, BOOKING, PAYMENT, HOST_ACCOUNT, REVIEW, PLATFORM)
_KIND_OF: Final[Mapping[type[Fact], Kind[Any, Any]]] = {fact: kind for kind in KINDS for fact in kind.facts}


def kind_of(fact: Fact) -> Kind[Any, Any]:
    """Of which kind the streams are that hold such a fact: each is of one."""
    return _KIND_OF[type(fact)]


@dataclass(frozen=True, slots=True)
class Stream(Generic[S, F]):
    """One stream at one version. `position` is that of its last event in the log (0 when it has none)."""

    kind: Kind[S, F]
    id: UUID
    partition_key: UUID
    version: int
    position: int
    state: S

    def then(self, facts: Sequence[F], written_by: UUID | None = None) -> Change[S, F]:
        """What appending `facts` would make of it."""
        state = self.state
        for fact in facts:
            state = self.kind.evolve(state, fact)
        return Change(self, tuple(facts), replace(self, state=state, version=self.version + len(facts)), written_by)


PropertyStream = Stream[properties.Property | None, properties.PropertyFact]


@dataclass(frozen=True, slots=True)
class Change(Generic[S, F]):
    """Facts to append at `before.version`, and the stream as it will be.

    `written_by` is whose words the facts hold, with whose key their personal fields are encrypted, where that is not
    who acts (imports).
    """

    before: Stream[S, F]
    facts: tuple[F, ...]
    after: Stream[S, F]
    written_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[S, F]):
    """A command that took effect: the stream that it shows, and the answer if one was rendered."""

    stream: Stream[S, F]
    answer: Answer | None = None

    @property
    def state(self) -> S:
        return self.stream.state


def begin(kind: Kind[S, F], stream_id: UUID, partition_key: UUID | None = None) -> Stream[S, F]:
    """A stream without events. Bookings and payments live in their property's partition, a host's account in theirs."""
    return Stream(kind, stream_id, partition_key or stream_id, 0, 0, kind.initial)


def fold(begun: Stream[S, F], events: Sequence[Event]) -> Stream[S, F]:
    """The stream that goes on with `events`. An id of another kind of stream is the id of nothing here."""
    if not events or not isinstance(events[0].fact, begun.kind.facts):
        return begun
    state = begun.state
    for event in events:
        state = begun.kind.evolve(state, cast("F", event.fact))
    last = events[-1]
    return Stream(begun.kind, begun.id, last.partition_key, last.version, last.position or 0, state)
