"""Use cases of bookings: request, answer, cancel, miss, and settle with the money that came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast
from uuid import UUID, uuid5

from application import quotes
from application.booking_streams import PartOfAccount, reviews_of, with_payments
from application.calls import Call
from application.lodger import Histories, Lodger, retried
from application.nights import BookingDone, append_booking
from application.streams import BOOKING, PAYMENT, PROPERTY, REVIEW, Stream, begin
from domain import bookings, lifecycle, payments, refunds, requests
from domain.bookings import Booking, BookingFact, Role
from domain.events import Event
from domain.host_accounts import HostAccountFact, account_id
from domain.rejections import Rejected
from domain.requests import RequestBooking
from domain.reviews import Review

BookingStream = Stream[Booking | None, BookingFact]


@retried
def request(lodger: Lodger, call: Call, booking_id: UUID, command: RequestBooking, quote: str | None) -> BookingDone:
    """Hold the nights of a stay for its guest, or ask the host, at the signed quote or at the price of now."""
    listing = lodger.load(PROPERTY, command.property_id, call)
    agreed = quotes.honour(lodger, listing, command, quote, call.now) if quote else None
    facts = requests.request(listing.state, command, agreed, call.now)
    booking = begin(BOOKING, booking_id, partition_key=command.property_id)
    return append_booking(lodger, call, booking.then(facts))


@retried
def accept(lodger: Lodger, call: Call, booking_id: UUID, host_id: UUID) -> BookingDone:
    """The host takes the guest: the nights are held from now."""
    booking = lodger.load(BOOKING, booking_id, call)
    state = bookings.must_be_of(booking.state, host_id, "host")
    return append_booking(lodger, call, booking.then(requests.accept(state, call.now)))


@retried
def decline(lodger: Lodger, call: Call, booking_id: UUID, host_id: UUID, reason: str | None) -> BookingDone:
    booking = lodger.load(BOOKING, booking_id, call)
    state = bookings.must_be_of(booking.state, host_id, "host")
    return append_booking(lodger, call, booking.then(requests.decline(state, call.now, reason)))


@retried
def cancel(lodger: Lodger, call: Call, booking_id: UUID, user_id: UUID, reason: str | None) -> BookingDone:
    """Give the booking and its nights back. The reaction to BookingCancelled sends the money back."""
    booking = lodger.load(BOOKING, booking_id, call)
    state, role = bookings.must_concern(booking.state, user_id)
    return append_booking(lodger, call, booking.then(lifecycle.cancel(state, role, call.now, reason)))


@retried
def cancel_by_platform(lodger: Lodger, call: Call, booking_id: UUID, reason: str) -> BookingDone:
    """An operator gives the booking back: whatever was paid is paid back."""
    booking = lodger.load(BOOKING, booking_id, call)
    return append_booking(lodger, call, booking.then(lifecycle.cancel(booking.state, "platform", call.now, reason)))


@retried
def record_no_show(lodger: Lodger, call: Call, booking_id: UUID, host_id: UUID) -> BookingDone:
    booking = lodger.load(BOOKING, booking_id, call)
    state = bookings.must_be_of(booking.state, host_id, "host")
    return append_booking(lodger, call, booking.then(lifecycle.record_no_show(state, call.now)))


@retried
def settle(lodger: Lodger, call: Call, payment_id: UUID) -> None:
    """Money was captured: confirm or alter the booking, reinstate what had expired, or send the money back."""
    payment = lodger.load(PAYMENT, payment_id)
    state = payments.must_be_started(payment.state)
    started, refund_id = state.started, uuid5(payment_id, "bought_nothing")
    if refund_id in state.refunds:
        return  # settled before: though the nights be free by now, nobody pays for them any more
    booking = lodger.load(BOOKING, started.booking_id)
    facts = lifecycle.settle(booking.state, payment_id, started.alteration_id)
    if facts:
        try:
            append_booking(lodger, call, booking.then(facts))
        except Rejected as refusal:
            if refusal.code != "nights_taken":
                raise
        else:
            return
    elif payment_id in bookings.paid_by(bookings.must_be_made(booking.state)):
        return
    refund = refunds.refund(state, refund_id, started.amount, "it bought nothing")
    lodger.append(call, payment.then(refund))


def find(lodger: Lodger, booking_id: UUID, user_id: UUID) -> tuple[BookingStream, Role]:
    """A booking, fresh, for its guest or its host."""
    booking = lodger.load(BOOKING, booking_id)
    _, role = bookings.must_concern(booking.state, user_id)
    return booking, role


def find_each(lodger: Lodger, booking_ids: Sequence[UUID], user_id: UUID) -> Mapping[UUID, tuple[BookingStream, Role]]:
    """Those of several that concern somebody, fresh, in one round trip."""
    return concerning(lodger.read(*booking_ids), booking_ids, user_id)


def concerning(
    history: Histories, booking_ids: Sequence[UUID], user_id: UUID
) -> Mapping[UUID, tuple[BookingStream, Role]]:
    """The bookings, among those that were read, whose guest or host somebody is."""
    found: dict[UUID, tuple[BookingStream, Role]] = {}
    for booking_id in booking_ids:
        booking = history.stream(BOOKING, booking_id)
        with suppress(Rejected):  # a stranger's, for whom there is none
            _, role = bookings.must_concern(booking.state, user_id)
            found[booking_id] = booking, role
    return found


def history(lodger: Lodger, booking_id: UUID, user_id: UUID) -> tuple[list[Event], Role]:
    """The story of a booking, for its guest or its host; and which of them it is."""
    find(lodger, booking_id, user_id)
    return histories(lodger, [booking_id], user_id)[booking_id]


def histories(lodger: Lodger, booking_ids: Sequence[UUID], user_id: UUID) -> Mapping[UUID, tuple[list[Event], Role]]:
    """The same of several, in one round trip; of strangers' there is none.

    Each is told of the booking, its payments, and its reviews once everybody may read them; its host of what their
    account says of it, too.
    """
    account = account_id(user_id)
    of_them = (each for booking_id in booking_ids for each in (*with_payments(booking_id), *reviews_of(booking_id)))
    told = lodger.read(account, *of_them)
    return {
        booking_id: (_story(told, booking_id, account if role == "host" else None), role)
        for booking_id, (_, role) in concerning(told, booking_ids, user_id).items()
    }


def _story(told: Histories, booking_id: UUID, account: UUID | None) -> list[Event]:
    """What is told of a booking, in the log's order. `account` is its host's, if it is they who are told."""
    public = [each for each in reviews_of(booking_id) if _is_public(told.stream(REVIEW, each).state)]
    events = told.of(*with_payments(booking_id), *public).in_order()
    if account is not None:
        part = PartOfAccount(booking_id)
        events += [each for each in told.by_stream[account] if part.of(cast("HostAccountFact", each.fact))]
        events.sort(key=lambda event: event.position or 0)
    return events


def _is_public(review: Review | None) -> bool:
    return review is not None and review.is_public
