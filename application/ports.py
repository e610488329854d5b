"""What the use cases need from outside, as protocols. `infrastructure` fulfils them; `bootstrap` wires them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.bookings import Role
from domain.events import Event
from domain.notices import Preferences, Template


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What a kept answer is found by. `digest` is a keyed SHA-256 of the request's body; `also` are those that it
    would have under other keys that still count."""

    principal: str
    route: str
    key: str
    digest: bytes
    also: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it is kept: `body` is the exact text; the log position is beside it, never in it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    position: int | None = None


IN_FLIGHT: Final = Answer(status=0, body="")
"""Kept while a command that calls a payment provider is under way; its outcome replaces it."""


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


Range = tuple[UUID, date, date]
"""Of a property, days `[first, until)`."""


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


@dataclass(frozen=True, slots=True)
class Person:
    """Personal data, kept outside events. `version` counts changes of the profile; `languages` are tags (BCP 47)."""

    user_id: UUID
    username: str
    email: str
    name: str
    phone: str | None
    bio: str
    password_hash: str | None
    version: int
    created_at: datetime
    photo_id: UUID | None = None
    languages: tuple[str, ...] = ()


class VersionConflict(Exception):
    """Somebody else appended to one of the streams first: load again."""


class NightsTaken(Exception):
    """The guard refused. `by` are the claims in the way, none of whoever wants the nights.

    It is empty when they were gone by the time of asking, and when a rival was faster to take them for the same claim.
    """

    def __init__(self, by: Sequence[Claim]) -> None:
        super().__init__("nights taken")
        self.by = by


class IdentityTaken(Exception):
    """A unique name or address belongs to somebody else. `kind` is "email" or "username"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class AnswerKept(Exception):
    """This command already took effect; here is the answer it got."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answer kept")
        self.answer = answer


class AnswerInFlight(Exception):
    """This command is under way: its provider has not answered yet. `position` is where its intent is in the log."""

    def __init__(self, position: int) -> None:
        super().__init__("answer in flight")
        self.position = position


class KeyReused(Exception):
    """The same Idempotency-Key came with another body."""


Events = Sequence[Event]


class EventLog(Protocol):
    """The event store as the use cases see it: one round trip to load, one to append."""

    def load(
        self, stream_ids: Sequence[UUID], idempotency: Idempotency | None = None, after: int = 0
    ) -> Mapping[UUID, Sequence[Event]]:
        """The events of each stream in version order (an empty sequence for an unknown one), in one round trip.

        Only versions above `after` are read.

        Raises AnswerKept, AnswerInFlight or KeyReused when an answer is kept under `idempotency`.
        """
        ...

    def load_with_claims(
        self, asked: Sequence[Range], after: Mapping[UUID, int]
    ) -> tuple[Mapping[UUID, Events], Mapping[Range, Sequence[Claim]]]:
        """The events of properties and who has nights of them in each range, at one moment, in one round trip.

        `after` says of each property above which version its events are read. Claims are as `claims` has them.
        """
        ...

    def load_with_people(self, user_ids: Sequence[UUID]) -> tuple[Mapping[UUID, Events], Mapping[UUID, Person]]:
        """The events of users and the people there are among them, at one moment, in one round trip."""
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

        An answer replaces one that is IN_FLIGHT under the same key. No events keep the answer alone (returns 0).
        Raises VersionConflict, NightsTaken, IdentityTaken, AnswerKept, AnswerInFlight, KeyReused.
        """
        ...

    def claims(self, property_id: UUID, first: date, until: date) -> Sequence[Claim]:
        """Who has nights of a property in `[first, until)`, in order, from the guard itself."""
        ...


class Memory(Protocol):
    """What this process knows of streams that are read again and again. Events never change, so it is never wrong:
    what came since is read after the version that it knows."""

    @property
    def generation(self) -> int:
        """Grows when the log may have become another one (the server crashed or was restored): nothing is known."""
        ...

    def recall(self, stream_id: UUID) -> object | None: ...

    def remember(self, stream_id: UUID, known: object) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Domain time: an aware UTC instant."""
        ...


class People(Protocol):
    """Plain tables of personal data."""

    def get(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Person]: ...

    def find(self, kind: str, digest: bytes) -> Person | None:
        """Whom an e-mail address or username belongs to, by its keyed digest."""
        ...

    def change_password(self, user_id: UUID, former_hash: str | None, password_hash: str) -> bool:
        """Replace a password, if the former one is still there; whether it was."""
        ...

    def change_profile(
        self,
        person: Person,
        *,
        expected_version: int,
        answer: tuple[Idempotency, Answer] | None = None,
    ) -> None:
        """Write name, phone, bio and languages at `expected_version`. Raises VersionConflict, AnswerKept, KeyReused."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is not stored yet. `reader` is the side of the booking that `reader_id` has."""

    booking_id: UUID
    author_id: UUID
    reader_id: UUID
    reader: Role
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A booking's n-th message, from 1. `text` None is what is left of an erased author's."""

    number: int
    author_id: UUID
    text: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """How far somebody has read a booking's messages, and how many of the other side they have not."""

    read_upto: int = 0
    unread: int = 0


Correspondent = tuple[UUID, UUID]
"""Of a booking's messages, a user who writes and reads them."""


class TooManyMessages(Exception):
    """So many are not taken from one person about one booking."""

    def __init__(self, again_in: timedelta) -> None:
        super().__init__("too many messages")
        self.again_in = again_in


class Messages(Protocol):
    """What guests and hosts write to each other: personal data, kept outside events."""

    def send(self, draft: Draft, keep: Callable[[Message], tuple[Idempotency, Answer] | None]) -> Message:
        """Store a message with the answer that `keep` makes of it, in one transaction, and tell its reader.

        Raises AnswerKept, KeyReused, TooManyMessages.
        """
        ...

    def thread(self, booking_id: UUID, before: int | None, limit: int) -> Sequence[Message]:
        """The newest messages of a booking before a number, newest first."""
        ...

    def readings(self, asked: Collection[Correspondent]) -> Mapping[Correspondent, Reading]:
        """How far each has read their booking's messages; whoever's booking has no messages is missing."""
        ...

    def mark_read(self, booking_id: UUID, user_id: UUID, upto: int) -> Reading:
        """Say that somebody has read a booking's messages up to a number; never less than before."""
        ...


class Notifications(Protocol):
    """What people chose and read of their notifications."""

    def preferences(self, user_ids: Collection[UUID]) -> Mapping[UUID, Preferences]:
        """What each of some people chose; a category that they never chose anything for is missing."""
        ...

    def prefer(self, user_id: UUID, chosen: Preferences) -> None:
        """Replace what somebody chose."""
        ...

    def mark_read(self, user_id: UUID, upto: int) -> None:
        """Say that somebody has read what the log told them up to a position; never less than before."""
        ...


class HostedProperties(Protocol):
    def of(self, host_id: UUID, upto: int) -> Sequence[UUID] | None:
        """A host's properties, by a read model; None while it does not know everything up to a position."""
        ...


class AskedLetters(Protocol):
    """Mails about their account that people, or anybody who says so, want to be sent."""

    def ask(self, template: Template, digests: Sequence[bytes]) -> None:
        """Have a mail sent to whom an address belongs, if it is anybody's: that is looked up later, so that asking
        takes the same time either way. `digests` are the address's."""
        ...

    def tell(self, template: Template, user_id: UUID) -> None:
        """Have a mail sent to a user."""
        ...


class Passwords(Protocol):
    """All raise Rejected `passwords_busy` while as many are worked on as may be."""

    def must_have_room(self) -> None:
        """Refuse before anything else is done for it."""
        ...

    def hash(self, password: str) -> str: ...

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Takes the same time when there is no hash."""
        ...


class Signer(Protocol):
    """Keyed signatures and digests."""

    def sign(self, purpose: str, claims: Mapping[str, object], expires_at: datetime) -> str: ...

    def verify(self, purpose: str, token: str, now: datetime) -> Mapping[str, object]:
        """The claims. Raises Rejected `<purpose>_expired` or `<purpose>_invalid`."""
        ...

    def digest(self, kind: str, value: str) -> bytes:
        """A keyed SHA-256, so that a stolen table of digests cannot be guessed from."""
        ...

    def digests(self, kind: str, value: str) -> Sequence[bytes]:
        """The same under every key that still counts, that of `digest` first: what is stored may be older."""
        ...


class Zones(Protocol):
    def zone_at(self, latitude_e6: int, longitude_e6: int) -> str:
        """The IANA zone at a place."""
        ...
