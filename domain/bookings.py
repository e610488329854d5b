"""Bookings: what becomes of them, and what they are. The nights guard keeps stays apart.

How a booking begins is decided in `requests`, how its stay changes in `alterations`, everything else in `lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal, assert_never
from uuid import UUID

from domain.cancellations import CancelledBy, Refund, Terms
from domain.events import Fact
from domain.money import Money
from domain.pricing import Quote
from domain.rejections import Rejected
from domain.stays import local_instant


@dataclass(frozen=True, slots=True)
class BookingRequested(Fact):
    """The host is asked, and answers before `answer_until`; no nights are taken yet."""

    TOPIC: ClassVar[str] = "BookingRequested"
    property_id: UUID
    host_id: UUID
    guest_id: UUID
    quote: Quote
    terms: Terms
    answer_until: datetime


@dataclass(frozen=True, slots=True)
class BookingAccepted(Fact):
    """The host takes the guest; BookingHeld follows at once."""

    TOPIC: ClassVar[str] = "BookingAccepted"


@dataclass(frozen=True, slots=True)
class BookingDeclined(Fact):
    """The host does not take the guest."""

    TOPIC: ClassVar[str] = "BookingDeclined"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str | None = None


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
    """The hold lapsed unpaid, or the host did not answer; the nights, if any, are given back."""

    TOPIC: ClassVar[str] = "BookingExpired"


@dataclass(frozen=True, slots=True)
class BookingReinstated(Fact):
    """Money came after the hold expired and the nights were still free: taken again and confirmed."""

    TOPIC: ClassVar[str] = "BookingReinstated"
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class AlterationHeld(Fact):
    """Another stay, of which the nights that it adds are taken until `held_until` while the guest pays `due`."""

    TOPIC: ClassVar[str] = "AlterationHeld"
    alteration_id: UUID
    quote: Quote
    due: Money
    held_until: datetime


@dataclass(frozen=True, slots=True)
class AlterationExpired(Fact):
    """The difference was not paid in time: the added nights are given back, the booking stays as it was."""

    TOPIC: ClassVar[str] = "AlterationExpired"
    alteration_id: UUID


@dataclass(frozen=True, slots=True)
class BookingAltered(Fact):
    """The stay is now that of `quote`. `payment_id` paid what it costs more; `refund` is what the payer gets back."""

    TOPIC: ClassVar[str] = "BookingAltered"
    alteration_id: UUID
    quote: Quote
    refund: Money
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BookingCancelled(Fact):
    """Given back by guest, host or platform. `refund` is what the payer gets back (nothing when unpaid)."""

    TOPIC: ClassVar[str] = "BookingCancelled"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    by: CancelledBy
    refund: Refund
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BookingCompleted(Fact):
    """The guest has checked out."""

    TOPIC: ClassVar[str] = "BookingCompleted"


@dataclass(frozen=True, slots=True)
class BookingNoShowRecorded(Fact):
    """The host says that the guest never came. Nothing is paid back."""

    TOPIC: ClassVar[str] = "BookingNoShowRecorded"


BookingFact = (
    BookingRequested
    | BookingAccepted
    | BookingDeclined
    | BookingHeld
    | BookingConfirmed
    | BookingExpired
    | BookingReinstated
    | AlterationHeld
    | AlterationExpired
    | BookingAltered
    | BookingCancelled
    | BookingCompleted
    | BookingNoShowRecorded
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who books what from whom, at which price and on which terms."""

    property_id: UUID
    host_id: UUID
    guest_id: UUID
    quote: Quote
    terms: Terms


@dataclass(frozen=True, slots=True)
class Requested:
    """`accepted` is true only between BookingAccepted and the BookingHeld that comes with it."""

    made: Agreement
    answer_until: datetime
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    made: Agreement
    held_until: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`paid_by` are the payments that bought it, the first one and those of alterations; `alteration` is unpaid."""

    made: Agreement
    paid_by: tuple[UUID, ...]
    alteration: AlterationHeld | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    made: Agreement


@dataclass(frozen=True, slots=True)
class Expired:
    made: Agreement


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`paid_by` are the payments that had bought it, if it was paid for."""

    made: Agreement
    by: CancelledBy
    refund: Refund
    paid_by: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    made: Agreement
    paid_by: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class NoShow:
    made: Agreement
    paid_by: tuple[UUID, ...]


Booking = Requested | Held | Confirmed | Declined | Expired | Cancelled | Completed | NoShow
Action = Literal["accept", "decline", "pay", "cancel", "alter", "record_no_show"]
Role = Literal["guest", "host"]


def evolve(state: Booking | None, fact: BookingFact) -> Booking:
    match fact:
        case BookingRequested(property_id, host_id, guest_id, quote, terms, answer_until):
            return Requested(Agreement(property_id, host_id, guest_id, quote, terms), answer_until)
        case BookingHeld(property_id, host_id, guest_id, quote, terms, held_until):
            return Held(Agreement(property_id, host_id, guest_id, quote, terms), held_until)
        case _:
            assert state is not None, "a booking's first event is BookingHeld or BookingRequested"
            return _evolve_made(state, fact)


def _evolve_made(
    booking: Booking,
    fact: BookingAccepted
    | BookingDeclined
    | BookingConfirmed
    | BookingExpired
    | BookingReinstated
    | AlterationHeld
    | AlterationExpired
    | BookingAltered
    | BookingCancelled
    | BookingCompleted
    | BookingNoShowRecorded,
) -> Booking:
    made = booking.made
    match fact:
        case BookingAccepted():
            assert isinstance(booking, Requested), "only a request is accepted"
            return Requested(made, booking.answer_until, accepted=True)
        case BookingDeclined():
            return Declined(made)
        case BookingConfirmed(payment_id) | BookingReinstated(payment_id):
            return Confirmed(made, (payment_id,))
        case BookingExpired():
            return Expired(made)
        case AlterationHeld():
            return Confirmed(made, paid_by(booking), fact)
        case AlterationExpired():
            return Confirmed(made, paid_by(booking))
        case BookingAltered(quote=quote, payment_id=payment_id):
            more = (payment_id,) if payment_id else ()
            return Confirmed(replace(made, quote=quote), (*paid_by(booking), *more))
        case BookingCancelled(by, refunded):
            return Cancelled(made, by, refunded, paid_by(booking))
        case BookingCompleted():
            return Completed(made, paid_by(booking))
        case BookingNoShowRecorded():
            return NoShow(made, paid_by(booking))
        case _:
            assert_never(fact)


def paid_by(booking: Booking) -> tuple[UUID, ...]:
    """The payments that bought it: whatever else was captured for it has to go back."""
    match booking:
        case Confirmed() | Cancelled() | Completed() | NoShow():
            return booking.paid_by
        case Requested() | Held() | Declined() | Expired():
            return ()
        case _:
            assert_never(booking)


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


def must_be_of(state: Booking | None, user_id: UUID, role: Role) -> Booking:
    """The booking, for one side of it. Raises Rejected `guest_required` or `host_required` for the other one."""
    booking, is_role = must_concern(state, user_id)
    if is_role != role:
        raise Rejected(f"{role}_required", f"Only the {role} of a booking does that.")
    return booking


def check_in(made: Agreement) -> datetime:
    return local_instant(made.quote.stay.check_in, made.terms.check_in_time, made.terms.zone)


def check_out(made: Agreement) -> datetime:
    """The instant of checking out: until then a confirmed booking can be cancelled."""
    return local_instant(made.quote.stay.check_out, made.terms.check_out_time, made.terms.zone)


Status = Literal["pending", "confirmed", "declined", "expired", "cancelled", "completed", "no_show"]


def status(booking: Booking) -> Status:
    match booking:
        case Requested() | Held():
            return "pending"
        case Confirmed():
            return "confirmed"
        case Declined():
            return "declined"
        case Expired():
            return "expired"
        case Cancelled():
            return "cancelled"
        case Completed():
            return "completed"
        case NoShow():
            return "no_show"
        case _:
            assert_never(booking)


PendingReason = Literal["host_approval", "payment"]


def pending_reason(booking: Booking) -> PendingReason | None:
    """What a pending booking waits for."""
    match booking:
        case Requested():
            return "host_approval"
        case Held():
            return "payment"
        case _:
            return None
