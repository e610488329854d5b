"""A booking's life after it was made: paid, lapsed, cancelled, missed, completed; and what is possible when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from domain.bookings import (
    Action,
    AlterationExpired,
    AlterationHeld,
    Booking,
    BookingAltered,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingNoShowRecorded,
    BookingReinstated,
    Cancelled,
    Completed,
    Confirmed,
    Declined,
    Expired,
    Held,
    NoShow,
    Requested,
    Role,
    check_in,
    check_out,
    must_be_made,
    status,
)
from domain.cancellations import CancelledBy, Refund, refund
from domain.money import Money
from domain.rejections import Rejected


def settle(state: Booking | None, payment_id: UUID, alteration_id: UUID | None = None) -> tuple[BookingFact, ...]:
    """Money was captured: confirm or alter, or reinstate what had expired (its nights must still be free).

    What lapsed and is not yet expired is bought all the same. Nothing is returned when the money has to go back: the
    booking ended, another payment bought it, or the alteration (`alteration_id`) that was to be paid is no more.
    """
    booking = must_be_made(state)
    match booking:
        case Held() if alteration_id is None:
            return (BookingConfirmed(payment_id),)
        case Expired() if alteration_id is None:
            return (BookingReinstated(payment_id),)
        case Confirmed(_, _, AlterationHeld() as alteration) if alteration.alteration_id == alteration_id:
            return (BookingAltered(alteration.alteration_id, alteration.quote, alteration.due * 0, payment_id),)
        case _:
            return ()


def elapse(state: Booking | None, now: datetime) -> tuple[BookingFact, ...]:
    """What the passing of time has made of a booking by `now`: it or an alteration expired, it is complete, nothing."""
    if state is None:
        return ()
    due = due_at(state)
    if due is None or now < due:
        return ()
    match state:
        case Requested() | Held():
            return (BookingExpired(),)
        case Confirmed(_, _, AlterationHeld() as alteration):
            return (AlterationExpired(alteration.alteration_id),)
        case Confirmed():
            return (BookingCompleted(),)
        case _:
            return ()


def due_at(booking: Booking) -> datetime | None:
    """When time next makes something of it."""
    match booking:
        case Requested(_, answer_until):
            return answer_until
        case Held(_, held_until):
            return held_until
        case Confirmed(_, _, AlterationHeld() as alteration):
            return alteration.held_until
        case Confirmed(made):
            return check_out(made)
        case Declined() | Expired() | Cancelled() | Completed() | NoShow():
            return None
        case _:
            assert_never(booking)


def cancel(state: Booking | None, by: CancelledBy, now: datetime, reason: str | None = None) -> tuple[BookingFact, ...]:
    """Give the booking back, with the refund its pinned policy says at `now`."""
    booking = must_be_made(state)
    must_allow(booking, "cancel", "host" if by == "host" else "guest", now)
    return (BookingCancelled(by, preview(booking, by, now), reason),)


def preview(booking: Booking, by: CancelledBy, now: datetime) -> Refund:
    """What cancelling at `now` would give back: nothing while nothing is paid."""
    made = booking.made
    if isinstance(booking, Confirmed):
        return refund(made.quote, made.terms, by, now)
    return Refund((), made.quote.total * 0)


def record_no_show(state: Booking | None, now: datetime) -> tuple[BookingFact, ...]:
    """The guest never came."""
    must_allow(must_be_made(state), "record_no_show", "host", now)
    return (BookingNoShowRecorded(),)


def available_actions(booking: Booking, role: Role, now: datetime) -> tuple[Action, ...]:
    """Exactly what the commands would accept from this side at `now` (whoever has the nights meanwhile)."""
    guest = role == "guest"
    match booking:
        case Requested(_, answer_until) if now < answer_until:
            return ("cancel",) if guest else ("accept", "decline")
        case Held(_, held_until) if now < held_until:
            return ("pay", "cancel") if guest else ("cancel",)
        case Confirmed(made) if now < check_out(made):
            if guest:
                return ("pay", "cancel") if _altering(booking, now) else ("cancel", "alter")
            return ("cancel", "record_no_show") if now >= check_in(made) else ("cancel",)
        case _:
            return ()


def must_allow(booking: Booking, action: Action, role: Role, now: datetime) -> None:
    """Raise Rejected `booking_not_<action…>` with what is possible instead."""
    if action not in available_actions(booking, role, now):
        what, message = _REFUSALS[action]
        raise Rejected(
            f"booking_not_{what}",
            message,
            booking_status=status(booking),
            guest_actions=list(available_actions(booking, "guest", now)),
            host_actions=list(available_actions(booking, "host", now)),
        )


_REFUSALS: Final[dict[Action, tuple[str, str]]] = {
    "accept": ("acceptable", "This booking does not wait for its host's answer."),
    "decline": ("declinable", "This booking does not wait for its host's answer."),
    "pay": ("payable", "This booking is not waiting for payment."),
    "cancel": ("cancellable", "This booking cannot be cancelled."),
    "alter": ("alterable", "This booking cannot be changed now."),
    "record_no_show": (
        "missed",
        "Between check-in and check-out a host can say that the guest never came.",
    ),
}


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid now, for the booking itself or for an alteration of it."""

    amount: Money
    alteration_id: UUID | None = None


def must_be_payable(state: Booking | None, now: datetime) -> Due:
    booking = must_be_made(state)
    must_allow(booking, "pay", "guest", now)
    due = waits_for(booking, now)
    assert due is not None, "whoever may pay has something to pay"
    return due


def waits_for(booking: Booking, now: datetime) -> Due | None:
    """The payment that the booking waits for at `now`."""
    match booking:
        case Held(made, held_until) if now < held_until:
            return Due(made.quote.total)
        case Confirmed(_, _, AlterationHeld() as alteration) if _altering(booking, now):
            return Due(alteration.due, alteration.alteration_id)
        case _:
            return None


def _altering(booking: Confirmed, now: datetime) -> bool:
    return booking.alteration is not None and now < booking.alteration.held_until
