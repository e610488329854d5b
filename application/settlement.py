"""Carrying out with a provider what a payment's events intend, and recording what it says.

The intent is an event, the call is outside any transaction with a key from that event, the outcome is an event.
Whoever comes second, or again, changes nothing: reactions, requests, webhooks and the reconciler all come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.payment_ports import Charge, Gateway, RefundOrder
from application.streams import BOOKING, PAYMENT, Done, Stream
from domain import bookings, charges, disputes, lifecycle, refunds
from domain.charges import Report
from domain.disputes import DisputeReport
from domain.events import Event
from domain.payments import (
    Payment,
    PaymentCaptureStarted,
    PaymentFact,
    PaymentStarted,
    PaymentVoidStarted,
    RefundStarted,
    must_be_started,
)
from domain.refunds import RefundReport

PaymentDone = Done[Payment | None, PaymentFact]
PaymentStream = Stream[Payment | None, PaymentFact]


def carry_out(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """Ask the provider for everything of a payment that is under way, and record what it says.

    Raises GatewayUnavailable: then the reconciler asks again.
    """
    history = lodger.read(payment_id)
    events, state = history.by_stream[payment_id], must_be_started(history.stream(PAYMENT, payment_id).state)
    done = record(lodger, call, payment_id, _ask(lodger, payment_id, state, events))
    for refund_id, refund in state.refunds.items():
        if refund.outcome == "started":
            said = _ask_refund(lodger, payment_id, state, events, refund_id)
            done = record_refund(lodger, call, payment_id, refund_id, said)
    return done


def look(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """Ask the provider how a charge and its refunds stand, whatever is known of them: what a webhook only hints at.

    A refund that had been sent may have come back since. Raises GatewayUnavailable.
    """
    history = lodger.read(payment_id)
    events, state = history.by_stream[payment_id], must_be_started(history.stream(PAYMENT, payment_id).state)
    for refund_id, refund in state.refunds.items():
        if refund.outcome != "failed":
            said = _ask_refund(lodger, payment_id, state, events, refund_id)
            record_refund(lodger, call.unkept(), payment_id, refund_id, said)
    report = gateway_of(lodger, state).look_up(state.reference) if state.reference else None
    return record(lodger, call, payment_id, report)


@retried
def record(lodger: Lodger, call: Call, payment_id: UUID, report: Report | None) -> PaymentDone:
    """Record what the provider said, forwards only, and complete the answer that waits for it."""
    payment = lodger.load(PAYMENT, payment_id)
    if report and report.client_secret:
        lodger.payers.remember_client_secret(payment_id, report.client_secret)
    facts = charges.report(payment.state, report) if report else ()
    return lodger.append(call, payment.then(facts))


@retried
def record_refund(lodger: Lodger, call: Call, payment_id: UUID, refund_id: UUID, said: RefundReport) -> PaymentDone:
    payment = lodger.load(PAYMENT, payment_id)
    return lodger.append(call, payment.then(refunds.report_refund(payment.state, refund_id, said)))


@retried
def record_dispute(lodger: Lodger, call: Call, payment_id: UUID, said: DisputeReport) -> PaymentDone:
    payment = lodger.load(PAYMENT, payment_id)
    return lodger.append(call, payment.then(disputes.report_dispute(payment.state, said)))


@retried
def proceed(lodger: Lodger, call: Call, payment_id: UUID) -> bool:
    """Authorised: start the capture while the booking waits. What it does not wait for: start the void.

    Returns whether either was started.
    """
    payment = lodger.load(PAYMENT, payment_id)
    started = must_be_started(payment.state).started
    booking = lodger.load(BOOKING, started.booking_id)
    due = lifecycle.waits_for(bookings.must_be_made(booking.state), call.now)
    waits = due is not None and due.alteration_id == started.alteration_id
    facts = charges.proceed(payment.state, booking_waits=waits)
    lodger.append(call, payment.then(facts))
    return bool(facts)


def gateway_of(lodger: Lodger, payment: Payment) -> Gateway:
    """Whoever was asked first. Raises GatewayUnavailable for a provider that is not set up any more."""
    return lodger.provider(payment.started.provider)


def _ask(lodger: Lodger, payment_id: UUID, state: Payment, events: Sequence[Event]) -> Report | None:
    """What the provider says of the charge, where something is under way with it."""
    gateway = gateway_of(lodger, state)
    match state.stage:
        case "started":
            return gateway.start(_charge(lodger, payment_id, state, events))
        case "action_required" | "authorized":
            assert state.reference is not None, "known since the provider's first answer"
            return gateway.look_up(state.reference)
        case "capture_started":
            assert state.reference is not None, "only what is authorised is captured"
            return gateway.capture(state.reference, state.started.amount, _key(events, PaymentCaptureStarted))
        case "void_started":
            # Nobody knows whether a charge that was never answered exists: asked again with its key it does.
            reference = state.reference or gateway.start(_charge(lodger, payment_id, state, events)).evidence.reference
            return gateway.void(reference, _key(events, PaymentVoidStarted))
        case "captured" | "failed" | "voided":
            return None


def _ask_refund(
    lodger: Lodger, payment_id: UUID, state: Payment, events: Sequence[Event], refund_id: UUID
) -> RefundReport:
    """Send money back, or hear what became of it: with the same key it is the same refund."""
    assert state.reference is not None, "only what was captured is sent back"
    key, amount = _key_of_refund(events, refund_id), state.refunds[refund_id].amount
    return gateway_of(lodger, state).refund(RefundOrder(key, payment_id, state.reference, amount))


def _charge(lodger: Lodger, payment_id: UUID, state: Payment, events: Sequence[Event]) -> Charge:
    return Charge(
        key=_key(events, PaymentStarted),
        payment_id=payment_id,
        amount=state.started.amount,
        payment_method=state.started.payment_method,
        phone=lodger.payers.phone(payment_id),
    )


def _key(events: Sequence[Event], intent: type[PaymentFact]) -> UUID:
    return next(event.event_id for event in events if isinstance(event.fact, intent))


def _key_of_refund(events: Sequence[Event], refund_id: UUID) -> UUID:
    return next(e.event_id for e in events if isinstance(e.fact, RefundStarted) and e.fact.refund_id == refund_id)
