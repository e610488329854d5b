"""What the log meant: each event of a stream with the state before it and the state after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, cast
from uuid import UUID

import msgspec

from application.audit_log import AuditLog, Recorded
from application.streams import BOOKING, Kind, kind_of
from domain import documents
from domain.documents import Change, Document
from domain.events import Fact
from domain.host_accounts import (
    HostAccount,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
)
from domain.payments import Payment
from domain.prefixes import AtVersion, before_first, beyond
from domain.rejections import Rejected
from domain.reviews import Review, ReviewSubmitted


@dataclass(frozen=True, slots=True)
class Step:
    """One event and what it did to its stream, whose states are those of `kind`. `fact` is what of it was folded."""

    recorded: Recorded
    kind: Kind[Any, Any]
    before: object
    after: object
    fact: Fact

    @property
    def version(self) -> int:
        return self.recorded.event.version

    @property
    def changes(self) -> tuple[Change, ...]:
        if self.kind.initial in (self.before, self.after):
            return documents.changes(document(self.kind, self.before), self.state)
        return documents.changes(*map(_told, _without_the_same(self.before, self.after)))

    @property
    def state(self) -> Document:
        return document(self.kind, self.after)


def steps(told: Iterable[Recorded]) -> Iterator[Step]:
    """The events of one stream, from its first one on, each with what it did.

    One by one: a host's account has thousands of entries, and each state is all of them. Raises Rejected
    `history_broken` at an event that cannot follow: somebody altered it, or removed what it followed.
    """
    kind: Kind[Any, Any] | None = None
    state: object = None
    for version, recorded in enumerate(told, start=1):
        if kind is None:
            kind = kind_of(recorded.event.fact)
            state = kind.initial
        with following(recorded, kind, version):
            before, state = state, kind.evolve(state, recorded.event.fact)
        yield Step(recorded, kind, before, state, recorded.event.fact)


@contextmanager
def following(recorded: Recorded, kind: Kind[Any, Any], version: int) -> Iterator[None]:
    """Around folding the event that is to be a stream's of this version. Raises Rejected `history_broken`."""
    try:
        assert recorded.event.version == version, "none is missing"
        assert isinstance(recorded.event.fact, kind.facts), "it is of this kind of stream"
        yield
    except (AssertionError, AttributeError, LookupError, ValueError) as error:
        says = f"The event at position {recorded.position} cannot follow what is there: ./run lodger audit verify"
        raise Rejected("history_broken", says, position=recorded.position) from error


def stream(log: AuditLog, stream_id: UUID, until: Until) -> list[Recorded]:
    """What happened to one stream of any kind, from its first event on.

    Raises Rejected `stream_not_found`, `before_first_event`, and `beyond_log` for a version that it has not reached.
    """
    told = log.load([stream_id])[stream_id]
    if not told:
        raise Rejected("stream_not_found", "The log has no stream of this id.")
    if isinstance(until, AtVersion) and until.version > len(told):
        raise beyond("The stream", version=len(told))
    found = [recorded for recorded in told if is_until(recorded, until)]
    if not found:
        raise before_first("it", position=told[0].position)
    return found


Until = int | AtVersion
"""Up to a position of the log, or a version of the stream; both are in."""


def is_until(recorded: Recorded, until: Until) -> bool:
    """Whether an event had happened by then."""
    if isinstance(until, AtVersion):
        return recorded.event.version <= until.version
    return recorded.position <= until


def booking_of(step: Step) -> UUID | None:
    """The booking that an event is of, or the only one that it is about."""
    match step.after:
        case Payment(started):
            return started.booking_id
        case Review(ReviewSubmitted(booking_id)):
            return booking_id
        case HostAccount() as account:
            return _of_account(account, step.recorded.event.fact)
        case _:
            return step.recorded.event.stream_id if step.kind is BOOKING else None


def _of_account(account: HostAccount, fact: Fact) -> UUID | None:
    match fact:
        case HostEarningRecorded(booking_id) | HostDebtRecorded(_, booking_id) | PayoutHoldPlaced(_, booking_id):
            return booking_id
        case PayoutHoldLifted(hold_id):
            return account.holds[hold_id].booking_id
        case PayoutScheduled(payout_id) | PayoutPaid(payout_id) | PayoutFailed(payout_id):
            paid, *others = account.payouts[payout_id].scheduled.earnings
            return None if others else paid.of
        case _:
            return None


def document(kind: Kind[Any, Any], state: object) -> Document:
    """A state as JSON, the same for equal states: what it is (`is`, a class of the domain) and all that it holds.

    Null before the first event: there is nothing yet.
    """
    return None if state == kind.initial else _told(state)


def _told(state: object) -> Document:
    values = msgspec.to_builtins(state, order="deterministic", str_keys=True)
    held: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))  # which has lists and no tuples
    return cast("Document", {"is": type(state).__name__, **held})


def _without_the_same(before: Any, after: Any) -> tuple[Any, Any]:
    """Two states of one class without the entries of their mappings that are the very same object in both."""
    if type(before) is not type(after) or not is_dataclass(after):
        return before, after
    some = [field.name for field in fields(after) if isinstance(getattr(after, field.name), Mapping)]
    return _less(before, after, some), _less(after, before, some)


def _less(state: Any, other: Any, mappings: Sequence[str]) -> Any:
    fewer = {}
    for name in mappings:
        others = getattr(other, name)
        fewer[name] = {key: value for key, value in getattr(state, name).items() if others.get(key) is not value}
    return replace(state, **fewer)
