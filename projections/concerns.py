"""What an event concerns: bookings, payments, users. The first fact of something says it, those that follow do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, cast
from uuid import UUID, uuid5

from domain.bookings import BookingAltered, BookingConfirmed, BookingHeld, BookingReinstated, BookingRequested
from domain.catalogue import STREAMS
from domain.events import Event
from domain.host_accounts import (
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
)
from domain.payments import PaymentStarted
from domain.properties import PropertyCreated
from domain.reviews import ReviewImported, ReviewSubmitted

_OF_USERS: Final = STREAMS["user"]
_OF_HOSTS: Final = STREAMS["host_account"]


@dataclass(frozen=True, slots=True)
class Concerns:
    """Ids. A payout is of several bookings; most events are of one, or of none."""

    bookings: tuple[UUID, ...] = ()
    payments: tuple[UUID, ...] = ()
    users: tuple[UUID, ...] = ()


NOTHING: Final = Concerns()
Known = dict[UUID, Concerns]
"""By the id of a stream, or of what a host's account names: what was said when it began."""


def learn(known: Known, event: Event) -> Concerns:
    """What an event concerns, remembered for those that follow it. Of what began unseen, that is nothing."""
    fact, stream_id = event.fact, event.stream_id
    if isinstance(fact, _OF_HOSTS):
        return _of_host(known, event, cast("HostAccountFact", fact))
    if isinstance(fact, _OF_USERS):
        return Concerns(users=(stream_id,))
    match fact:
        case BookingRequested() | BookingHeld():
            began = Concerns((stream_id,), (), (fact.guest_id, fact.host_id))
        case PaymentStarted(booking_id):
            began = Concerns((booking_id,), (stream_id,), known.get(booking_id, NOTHING).users)
        case ReviewSubmitted():
            began = Concerns((fact.booking_id,), (), (fact.author_id, fact.subject_id))
        case ReviewImported():
            began = Concerns(users=(fact.author_id, fact.subject_id))
        case PropertyCreated(host_id):
            began = Concerns(users=(host_id,))
        case BookingConfirmed(payment_id) | BookingReinstated(payment_id) | BookingAltered(payment_id=payment_id):
            booking = known.get(stream_id, NOTHING)
            return Concerns(booking.bookings, _some(payment_id), booking.users)
        case _:
            return known.get(stream_id, NOTHING)
    return known.setdefault(stream_id, began)


def _of_host(known: Known, event: Event, fact: HostAccountFact) -> Concerns:
    host = (event.partition_key,)
    match fact:
        case HostEarningRecorded(booking_id):
            return Concerns((booking_id,), (), host)
        case HostDebtRecorded():
            return known.setdefault(_within(event, "debt", fact.debt_id), Concerns(_some(fact.booking_id), (), host))
        case PayoutHoldPlaced():
            return known.setdefault(_within(event, "hold", fact.hold_id), Concerns(_some(fact.booking_id), (), host))
        case PayoutScheduled():
            earned = [earning.of for earning in fact.earnings]
            owed = (known.get(_within(event, "debt", debt.of), NOTHING).bookings for debt in fact.debts)
            bookings = tuple(dict.fromkeys(chain(earned, *owed)))
            return known.setdefault(_within(event, "payout", fact.payout_id), Concerns(bookings, (), host))
        case PayoutPaid(payout_id) | PayoutFailed(payout_id):
            return known.get(_within(event, "payout", payout_id), Concerns(users=host))
        case PayoutHoldLifted(hold_id):
            return known.get(_within(event, "hold", hold_id), Concerns(users=host))


def goes_on_about(event: Event) -> Iterator[UUID]:
    """What must be known to `learn` what an event concerns."""
    yield event.stream_id
    match event.fact:
        case PaymentStarted(booking_id):
            yield booking_id
        case PayoutScheduled(debts=debts):
            yield from (_within(event, "debt", debt.of) for debt in debts)
        case PayoutPaid(payout_id) | PayoutFailed(payout_id):
            yield _within(event, "payout", payout_id)
        case PayoutHoldLifted(hold_id):
            yield _within(event, "hold", hold_id)
        case _:
            pass


def _within(event: Event, noun: str, name: object) -> UUID:
    """What is remembered of something that has a name in one account only."""
    return uuid5(event.stream_id, f"{noun} {name}")


def _some(found: UUID | None) -> tuple[UUID, ...]:
    return () if found is None else (found,)
