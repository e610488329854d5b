"""One booking's whole story: what happened to it, its payments, its reviews, and its share of its host's account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from application.audit_log import AuditLog, Recorded
from application.audit_states import Step, following, is_until, steps
from application.booking_streams import PartOfAccount, reviews_of, with_payments
from application.streams import BOOKING, HOST_ACCOUNT, kind_of
from domain.bookings import Booking, must_be_made
from domain.host_accounts import HostAccountFact, account_id
from domain.ledger import BookingMove, HostMove, PaymentMove, Posting, State, post
from domain.money import Money, total
from domain.prefixes import before_first


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of one of a booking's streams. `posting` is what it moved for the booking, between which accounts."""

    step: Step
    posting: Posting

    @property
    def cash(self) -> Money | None:
        """What came in (or, below zero, went out) at the payment providers; None: nothing did."""
        amounts = [entry.amount for entry in self.posting if entry.account == "processor_clearing"]
        moved = total(amounts, amounts[0].currency) if amounts else None
        return moved if moved and moved.minor else None


def timeline(log: AuditLog, booking_id: UUID, upto: int) -> list[Moment]:
    """A booking's story in the log's order, up to a position. Of its host's account what concerns it, and states with
    no more than that.

    Found by the ids of its streams, which are made of its own: no read model is asked. Raises Rejected
    `booking_not_found`, `before_first_event`, and `history_broken` as `steps` does.
    """
    of_it = [*with_payments(booking_id), *reviews_of(booking_id)]
    told = log.load(of_it)
    if not told[booking_id] or kind_of(told[booking_id][0].event.fact) is not BOOKING:
        must_be_made(None)
    own = list(steps(_until(upto, told[booking_id])))
    if not own:
        raise before_first("it", position=told[booking_id][0].position)
    host_id = cast("Booking", own[-1].after).made.host_id
    account = log.load([account_id(host_id)])[account_id(host_id)]
    streams = [own, *(steps(_until(upto, told[each])) for each in of_it if each != booking_id)]
    streams.append(_of_account(_until(upto, account), booking_id))
    moments = [moment for stream in streams for moment in _moved(stream, host_id)]
    return sorted(moments, key=lambda moment: moment.step.recorded.position)


def _until(upto: int, told: Sequence[Recorded]) -> list[Recorded]:
    return [recorded for recorded in told if is_until(recorded, upto)]


def _of_account(told: Sequence[Recorded], booking_id: UUID) -> Iterator[Step]:
    """The events of a host's account that are about one booking; their states have nothing else in them."""
    part, state = PartOfAccount(booking_id), HOST_ACCOUNT.initial
    for version, recorded in enumerate(told, start=1):
        with following(recorded, HOST_ACCOUNT, version):
            fact = part.of(cast("HostAccountFact", recorded.event.fact))
            before, state = state, HOST_ACCOUNT.evolve(state, fact) if fact else state
        if fact is not None:
            yield Step(recorded, HOST_ACCOUNT, before, state, fact)


def _moved(stream: Iterable[Step], host_id: UUID) -> Iterator[Moment]:
    """What each event of a stream moves."""
    state: State | None = None
    for step in stream:
        posting: Posting = ()
        if isinstance(step.fact, BookingMove | PaymentMove | HostMove):
            with following(step.recorded, step.kind, step.version):
                state, posting = post(state, replace(step.recorded.event, fact=step.fact), host_id)
        yield Moment(step, posting)


def states(moments: Sequence[Moment]) -> dict[UUID, Step]:
    """The last step of each stream, by its id: its state is what came of the stream."""
    return {moment.step.recorded.event.stream_id: moment.step for moment in moments}
