"""One booking's whole story: what happened to it, its payments, its reviews, and its share of its host's account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from application.audit_log import AuditLog, Recorded
from application.audit_states import Step, steps
from application.booking_streams import PartOfAccount, reviews_of, with_payments
from application.streams import BOOKING, HOST_ACCOUNT
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
    `booking_not_found`, `before_first_event`.
    """
    of_it = [*with_payments(booking_id), *reviews_of(booking_id)]
    told = log.load(of_it)
    booking = list(steps(told[booking_id]))
    made = must_be_made(cast("Booking | None", booking[-1].after) if booking and booking[0].kind is BOOKING else None)
    host_id = made.made.host_id
    account = log.load([account_id(host_id)])[account_id(host_id)]
    moments = [moment for each in of_it for moment in _moved(steps(told[each]), host_id)]
    moments += _moved(_of_account(account, booking_id), host_id)
    told_by_then = [moment for moment in moments if moment.step.recorded.position <= upto]
    if not told_by_then:
        raise before_first("it", position=booking[0].recorded.position)
    return sorted(told_by_then, key=lambda moment: moment.step.recorded.position)


def _of_account(told: Sequence[Recorded], booking_id: UUID) -> Iterator[Step]:
    """The events of a host's account that are about one booking; their states have nothing else in them."""
    part, state = PartOfAccount(booking_id), HOST_ACCOUNT.initial
    for recorded in told:
        fact = part.of(cast("HostAccountFact", recorded.event.fact))
        if fact is not None:
            before, state = state, HOST_ACCOUNT.evolve(state, fact)
            yield Step(recorded, HOST_ACCOUNT, before, state, fact)


def _moved(stream: Iterable[Step], host_id: UUID) -> Iterator[Moment]:
    """What each event of a stream moves."""
    state: State | None = None
    for step in stream:
        posting: Posting = ()
        if isinstance(step.fact, BookingMove | PaymentMove | HostMove):
            state, posting = post(state, replace(step.recorded.event, fact=step.fact), host_id)
        yield Moment(step, posting)


def states(moments: Sequence[Moment]) -> dict[UUID, Step]:
    """The last step of each stream, by its id: its state is what came of the stream."""
    return {moment.step.recorded.event.stream_id: moment.step for moment in moments}
