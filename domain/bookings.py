"""Bookings: nights held for a guest, paid for, and given back. The nights guard keeps stays apart; rules are here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, assert_never
from uuid import UUID

from domain.cancellations import CancelledBy, Refund, Terms, refund
from domain.events import Fact
from domain.policies import HOLD
from domain.pricing import Quote
from domain.pricing import quote as price
from domain.properties import Property, must_exist
from domain.rejections import Rejected
from domain.stays import Stay, local_date, local_instant, must_be_bookable


@dataclass(frozen=True, slots=True)
class BookingHeld(Fact):
    """The nights are taken until `held_until`; the whole quote and the terms in force are pinned."""

    TOPIC: ClassVar[str] = "BookingHeld"
    SCHEMA_VERSION: ClassVar[int] = 3
    property_id: UUID
    host_id: UUID
    guest_id: UUID
    quote: Quote
    terms: Terms
    held_until: datetime


@dataclass(frozen=True, slots=True)
class BookingConfirmed(Fact):
    """It is paid for: the nights are the guest's."""

    TOPIC: ClassVar[str] = "BookingConfirmed"
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class BookingExpired(Fact):
    """The hold lapsed unpaid; the nights are given back."""

    TOPIC: ClassVar[str] = "BookingExpired"


@dataclass(frozen=True, slots=True)
class BookingReinstated(Fact):
    """Money came after the hold expired and the nights were still free: taken again and confirmed."""

    TOPIC: ClassVar[str] = "BookingReinstated"
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class BookingCancelled(Fact):
    """Given back by guest, host or platform. `refund` is what the payer gets back (nothing when unpaid)."""

    TOPIC: ClassVar[str] = "BookingCancelled"
    by: CancelledBy
    refund: Refund
    reason: str | None = None


BookingFact = BookingHeld | BookingConfirmed | BookingExpired | BookingReinstated | BookingCancelled


@dataclass(frozen=True, slots=True)
class Held:
    made: BookingHeld


@dataclass(frozen=True, slots=True)
class Confirmed:
    made: BookingHeld
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class Expired:
    made: BookingHeld


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`payment_id` is the payment that had confirmed it, if one had."""

    made: BookingHeld
    by: CancelledBy
    refund: Refund
    payment_id: UUID | None = None


Booking = Held | Confirmed | Expired | Cancelled
Action = Literal["pay", "cancel"]
Role = Literal["guest", "host"]


@dataclass(frozen=True, slots=True)
class RequestBooking:
    """A guest asks for a stay."""

    property_id: UUID
    guest_id: UUID
    stay: Stay
    guests: int


def evolve(state: Booking | None, fact: BookingFact) -> Booking | None:
    if isinstance(fact, BookingHeld):
        return Held(fact)
    assert state is not None, "a booking's first event is BookingHeld"
    match fact:
        case BookingConfirmed(payment_id) | BookingReinstated(payment_id):
            return Confirmed(state.made, payment_id)
        case BookingExpired():
            return Expired(state.made)
        case BookingCancelled(by, refunded):
            return Cancelled(state.made, by, refunded, state.payment_id if isinstance(state, Confirmed) else None)
        case _:
            assert_never(fact)


def request(
    listing: Property | None, command: RequestBooking, agreed: Quote | None, now: datetime
) -> tuple[BookingHeld]:
    """Hold the nights for 15 minutes, at the agreed quote or at the price of now.

    Whether the nights are free is for the guard to tell.
    """
    offered = must_take(listing, command.stay, command.guests, now)
    if offered.host_id == command.guest_id:
        raise Rejected("own_property", "Hosts do not book their own property; block its nights instead.")
    assert offered.location is not None
    assert offered.pricing is not None
    quote = agreed or price(offered.pricing, command.stay, command.guests)
    rules = offered.house_rules
    terms = Terms(rules.cancellation_policy, offered.location.zone, rules.check_in_time, rules.check_out_time, now)
    held = BookingHeld(command.property_id, offered.host_id, command.guest_id, quote, terms, now + HOLD)
    return (held,)


def must_take(listing: Property | None, stay: Stay, guests: int, now: datetime) -> Property:
    """The property, if its rules allow this stay at all (for quotes as for bookings)."""
    offered = must_exist(listing)
    if offered.status != "published" or offered.details is None or offered.location is None or offered.pricing is None:
        raise Rejected("property_not_listed", "This property takes no bookings at present.")
    today = local_date(now, offered.location.zone)
    must_be_bookable(stay, today)
    rules = offered.house_rules
    if stay.check_in < today + timedelta(days=rules.advance_notice_days):
        raise Rejected("notice_too_short", "The host needs more notice.", days=rules.advance_notice_days)
    if stay.nights < rules.minimum_nights:
        raise Rejected("stay_too_short", "The host takes longer stays only.", minimum=rules.minimum_nights)
    if stay.nights > rules.maximum_nights:
        raise Rejected("stay_too_long", "The host takes shorter stays only.", maximum=rules.maximum_nights)
    if guests < 1:
        raise Rejected("guests_out_of_range", "A stay has at least one guest.", maximum=offered.details.guests)
    if guests > offered.details.guests:
        raise Rejected("too_many_guests", "The property does not hold so many.", maximum=offered.details.guests)
    return offered


def settle(state: Booking | None, payment_id: UUID) -> tuple[BookingFact, ...]:
    """Money was captured: confirm, or reinstate what had expired (its nights must still be free).

    A hold that lapsed and is not yet expired confirms. Nothing is returned when the money has to go back: the
    booking is cancelled, or another payment confirmed it.
    """
    match must_be_made(state):
        case Held():
            return (BookingConfirmed(payment_id),)
        case Expired():
            return (BookingReinstated(payment_id),)
        case Confirmed() | Cancelled():
            return ()
        case other:
            assert_never(other)


def owes_back(state: Booking | None, payment_id: UUID) -> bool:
    """Whether a captured payment bought nothing: the booking was cancelled unpaid or confirmed by another one."""
    match must_be_made(state):
        case Confirmed(_, confirmed_by):
            return confirmed_by != payment_id
        case Cancelled() as cancelled:
            return cancelled.payment_id != payment_id
        case Held() | Expired():
            return False
        case other:
            assert_never(other)


def expire(state: Booking | None, now: datetime) -> tuple[BookingFact, ...]:
    """Give the nights of a lapsed hold back; nothing for any other booking."""
    match state:
        case Held(made) if now >= made.held_until:
            return (BookingExpired(),)
        case _:
            return ()


def cancel(state: Booking | None, by: CancelledBy, now: datetime, reason: str | None = None) -> tuple[BookingFact, ...]:
    """Give the booking back, with the refund its pinned policy says at `now`."""
    booking = must_be_made(state)
    if "cancel" not in available_actions(booking, "host" if by == "host" else "guest", now):
        raise Rejected("booking_not_cancellable", "This booking cannot be cancelled.", **_standing(booking, now))
    paid_back = preview(booking, by, now)
    return (BookingCancelled(by, paid_back, reason),)


def preview(booking: Booking, by: CancelledBy, now: datetime) -> Refund:
    """What cancelling at `now` would give back: nothing while nothing is paid."""
    made = booking.made
    if isinstance(booking, Confirmed):
        return refund(made.quote, made.terms, by, now)
    return Refund((), made.quote.total * 0)


def available_actions(booking: Booking, role: Role, now: datetime) -> tuple[Action, ...]:
    """Exactly what the commands would accept from this side at `now`."""
    match booking:
        case Held(made) if now < made.held_until:
            return ("pay", "cancel") if role == "guest" else ("cancel",)
        case Confirmed(made) if now < check_out(made):
            return ("cancel",)
        case _:
            return ()


def must_be_payable(state: Booking | None, now: datetime) -> Held:
    booking = must_be_made(state)
    if not isinstance(booking, Held) or now >= booking.made.held_until:
        raise Rejected("booking_not_payable", "This booking is not waiting for payment.", **_standing(booking, now))
    return booking


def must_be_made(state: Booking | None) -> Booking:
    if state is None:
        raise Rejected("booking_not_found", "There is no such booking.")
    return state


def must_concern(state: Booking | None, user_id: UUID) -> tuple[Booking, Role]:
    """The booking and the user's side of it; for strangers there is none."""
    booking = must_be_made(state)
    if user_id == booking.made.guest_id:
        return booking, "guest"
    if user_id == booking.made.host_id:
        return booking, "host"
    raise Rejected("booking_not_found", "There is no such booking.")


def check_out(made: BookingHeld) -> datetime:
    """The instant of checking out: until then a confirmed booking can be cancelled."""
    return local_instant(made.quote.stay.check_out, made.terms.check_out_time, made.terms.zone)


Status = Literal["pending", "confirmed", "expired", "cancelled"]


def status(booking: Booking) -> Status:
    match booking:
        case Held():
            return "pending"
        case Confirmed():
            return "confirmed"
        case Expired():
            return "expired"
        case Cancelled():
            return "cancelled"
        case _:
            assert_never(booking)


def _standing(booking: Booking, now: datetime) -> dict[str, object]:
    return {
        "status": status(booking),
        "guest_actions": list(available_actions(booking, "guest", now)),
        "host_actions": list(available_actions(booking, "host", now)),
    }
