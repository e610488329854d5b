"""Use cases of payments: paying a booking, withdrawing what it does not wait for, sending money back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid5

from application.booking_streams import with_payments
from application.bookings import concerning
from application.calls import Call
from application.lodger import Histories, Lodger, retried
from application.payment_ports import GatewayUnavailable
from application.ports import AnswerInFlight
from application.settlement import PaymentDone, PaymentStream, carry_out, record
from application.streams import BOOKING, PAYMENT, begin
from domain import bookings, charges, lifecycle, refunds
from domain.bookings import Booking
from domain.money import Money
from domain.payments import (
    Contradiction,
    PaymentCaptured,
    PaymentMethod,
    PaymentStarted,
    Resolution,
    attempt_id,
    attempt_ids,
    must_be_started,
)
from domain.rejections import Rejected


def start(
    lodger: Lodger, call: Call, booking_id: UUID, guest_id: UUID, method: PaymentMethod, phone: str | None
) -> PaymentDone:
    """Begin to pay a held booking, and ask the provider. A failed attempt may be followed by another."""
    try:
        payment_id = _begin(lodger, call.opens(), booking_id, guest_id, method, phone).stream.id
    except AnswerInFlight as flight:
        payment_id = _left_behind(lodger, booking_id, flight)
        return record(lodger, call.completes(), payment_id, None)
    with suppress(GatewayUnavailable):
        return carry_out(lodger, call.completes(), payment_id)
    # Whether the provider acted is unknown: the reconciler asks again with the same key.
    return record(lodger, call.completes(), payment_id, None)


@retried
def _begin(
    lodger: Lodger, call: Call, booking_id: UUID, guest_id: UUID, method: PaymentMethod, phone: str | None
) -> PaymentDone:
    ids = attempt_ids(booking_id)
    history = lodger.read(booking_id, *ids, call=call)
    booking = history.stream(BOOKING, booking_id)
    made = bookings.must_be_of(booking.state, guest_id, "guest").made
    due = lifecycle.must_be_payable(booking.state, call.now)
    if method not in lodger.gateways:
        raise Rejected(
            "payment_method_unavailable", "Nobody takes this kind of payment here.", offered=[*lodger.gateways]
        )
    attempts = [s for s in (history.stream(PAYMENT, payment_id) for payment_id in ids) if s.version]
    payment = begin(PAYMENT, attempt_id(booking_id, len(attempts) + 1), partition_key=made.property_id)
    intent = PaymentStarted(
        booking_id=booking_id,
        property_id=made.property_id,
        guest_id=guest_id,
        amount=due.amount,
        payment_method=method,
        provider=lodger.gateways[method].name,
        attempt=len(attempts) + 1,
        alteration_id=due.alteration_id,
    )
    facts = charges.start([attempt.state for attempt in attempts], intent)
    if phone is not None:
        lodger.payers.remember(payment.id, phone)
    return lodger.append(call, payment.then(facts))


def _left_behind(lodger: Lodger, booking_id: UUID, flight: AnswerInFlight) -> UUID:
    """The payment of a request that died after its intent, once its provider was asked; else it is still in flight."""
    history = lodger.read(*attempt_ids(booking_id))
    for event in history.in_order():
        if event.position == flight.position:
            if must_be_started(history.stream(PAYMENT, event.stream_id).state).stage == "started":
                break
            return event.stream_id
    raise flight


@retried
def give_back(lodger: Lodger, call: Call, booking_id: UUID, amount: Money, reason: str) -> None:
    """Refund a part of what bought a booking. The refunds' ids come from the call: again refunds nothing more."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    bought = [attempt for attempt in attempts if attempt.id in bookings.paid_by(booking)]
    refund_ids = [uuid5(call.command_id, str(attempt.id)) for attempt in bought]
    facts = refunds.pay_back([attempt.state for attempt in bought], amount, refund_ids, reason)
    changes = [attempt.then(each) for attempt, each in zip(bought, facts, strict=True) if each]
    if changes:
        lodger.append(call, *changes)


@retried
def withdraw(lodger: Lodger, call: Call, booking_id: UUID, reason: str) -> None:
    """Give up every charge that is not captured and that the booking does not wait for (any more)."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    due = lifecycle.waits_for(booking, call.now)
    for attempt in attempts:
        started = must_be_started(attempt.state).started
        if due is None or started.alteration_id != due.alteration_id:
            lodger.append(call, attempt.then(charges.void(attempt.state, reason)))


@retried
def retry_refund(lodger: Lodger, call: Call, payment_id: UUID, refund_id: UUID) -> PaymentDone:
    """An operator has a refund that failed tried once more."""
    payment = lodger.load(PAYMENT, payment_id, call)
    return lodger.append(call, payment.then(refunds.retry(payment.state, refund_id)))


@retried
def resolve(
    lodger: Lodger, call: Call, payment_id: UUID, contradiction: Contradiction, resolution: Resolution, reason: str
) -> PaymentDone:
    """An operator has looked at what a provider said against itself."""
    payment = lodger.load(PAYMENT, payment_id, call)
    refund_id = uuid5(call.command_id, str(payment_id))
    return lodger.append(
        call, payment.then(refunds.resolve(payment.state, contradiction, resolution, refund_id, reason))
    )


def _booking_and_attempts(lodger: Lodger, booking_id: UUID) -> tuple[Booking, list[PaymentStream]]:
    """A booking and its payments so far, in order."""
    ids = attempt_ids(booking_id)
    history = lodger.read(booking_id, *ids)
    streams = (history.stream(PAYMENT, payment_id) for payment_id in ids)
    return bookings.must_be_made(history.stream(BOOKING, booking_id).state), [s for s in streams if s.version]


def find(lodger: Lodger, payment_id: UUID, user_id: UUID) -> PaymentStream:
    """A payment, fresh, for the guest who made it or the booking's host.

    Raises Rejected `payment_not_found`, the same for one of others: that there is one is theirs to know.
    """
    payment = lodger.load(PAYMENT, payment_id)
    started = must_be_started(payment.state).started
    try:
        bookings.must_concern(lodger.load(BOOKING, started.booking_id).state, user_id)
    except Rejected:
        must_be_started(None)
    return payment


def of_platform(lodger: Lodger, payment_id: UUID) -> PaymentStream:
    """A payment, fresh, for an operator."""
    payment = lodger.load(PAYMENT, payment_id)
    must_be_started(payment.state)
    return payment


def captured_at(lodger: Lodger, payment_id: UUID) -> datetime | None:
    """When the money was captured, if it was: no fact holds a time, its envelope does."""
    return _captured_at(lodger.read(payment_id), payment_id)


def _captured_at(history: Histories, payment_id: UUID) -> datetime | None:
    captures = (e.occurred_at for e in history.by_stream[payment_id] if isinstance(e.fact, PaymentCaptured))
    return next(captures, None)


def client_secret(lodger: Lodger, payment: PaymentStream, user_id: UUID) -> str | None:
    """What the guest's client confirms the charge with; nobody else is told, nor when there is nothing to confirm."""
    state = must_be_started(payment.state)
    confirms = state.next_action is not None and state.next_action.kind == "confirm_with_provider"
    return lodger.payers.client_secret(payment.id) if confirms and state.started.guest_id == user_id else None


def of_booking(lodger: Lodger, booking_id: UUID, user_id: UUID) -> list[PaymentStream]:
    """A booking's payments in order, fresh, for its guest or its host."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    bookings.must_concern(booking, user_id)
    return attempts


def of_bookings(
    lodger: Lodger, booking_ids: Sequence[UUID], user_id: UUID
) -> Mapping[UUID, list[tuple[PaymentStream, datetime | None]]]:
    """The payments of several bookings, and when each was captured, in one round trip; of strangers' there are none."""
    history = lodger.read(*(each for booking_id in booking_ids for each in with_payments(booking_id)))
    return {
        booking_id: [
            (history.stream(PAYMENT, payment_id), _captured_at(history, payment_id))
            for payment_id in attempt_ids(booking_id)
            if history.by_stream[payment_id]
        ]
        for booking_id in concerning(history, booking_ids, user_id)
    }
