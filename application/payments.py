"""Use cases of payments. Around a provider's call: the intent is an event, the call is outside any transaction with a
key from that event, the outcome is an event. Whoever comes second changes nothing."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID, uuid5

from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import AnswerInFlight, Charge, Gateway, GatewayUnavailable
from application.streams import BOOKING, PAYMENT, Done, Stream, begin
from domain import bookings, lifecycle, payments
from domain.bookings import Booking
from domain.money import Money
from domain.payments import Payment, PaymentFact, PaymentMethod, PaymentStarted, Report, attempt_id, attempt_ids
from domain.rejections import Rejected

PaymentDone = Done[Payment | None, PaymentFact]
PaymentStream = Stream[Payment | None, PaymentFact]


def start(
    lodger: Lodger, call: Call, booking_id: UUID, guest_id: UUID, method: PaymentMethod, phone: str | None
) -> PaymentDone:
    """Begin to pay a held booking, and ask the provider. A failed attempt may be followed by another."""
    try:
        payment_id = _begin(lodger, call.opens(), booking_id, guest_id, method, phone).stream.id
    except AnswerInFlight as flight:
        payment_id = _left_behind(lodger, booking_id, flight)
    return submit(lodger, call.completes(), payment_id)


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
    facts = payments.start([attempt.state for attempt in attempts], intent)
    if phone is not None:
        lodger.payers.remember(payment.id, phone)
    return lodger.append(call, payment.then(facts))


def _left_behind(lodger: Lodger, booking_id: UUID, flight: AnswerInFlight) -> UUID:
    """The payment of a request that died after its intent, once its provider was asked; else it is still in flight."""
    for event in lodger.read(*attempt_ids(booking_id)).in_order():
        if event.position == flight.position and _load(lodger, event.stream_id)[1].stage != "started":
            return event.stream_id
    raise flight


def submit(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """Ask the provider for a payment that was started; again asks with the same key."""
    payment, state = _load(lodger, payment_id)
    report = None
    if state.stage == "started":
        # When the provider is away, the reaction to PaymentStarted asks again.
        with suppress(GatewayUnavailable):
            report = _ask(lodger, payment)
    return record(lodger, call, payment_id, report)


def refresh(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """Ask the provider how a payment stands: what a webhook or callback only hints at."""
    payment, state = _load(lodger, payment_id)
    report = _gateway(lodger, payment).look_up(state.reference) if state.reference else None
    return record(lodger, call, payment_id, report)


@retried
def record(lodger: Lodger, call: Call, payment_id: UUID, report: Report | None) -> PaymentDone:
    """Record what the provider said, forwards only, and complete the answer that waits for it."""
    payment = lodger.load(PAYMENT, payment_id)
    facts = payments.report(payment.state, report) if report else ()
    return lodger.append(call, payment.then(facts))


@retried
def proceed(lodger: Lodger, call: Call, payment_id: UUID) -> None:
    """Authorised: start the capture while the booking waits, else start the void."""
    payment, state = _load(lodger, payment_id)
    booking = lodger.load(BOOKING, state.started.booking_id)
    due = lifecycle.waits_for(bookings.must_be_made(booking.state), call.now)
    waits = due is not None and due.alteration_id == state.started.alteration_id
    lodger.append(call, payment.then(payments.proceed(state, booking_waits=waits)))


def capture(lodger: Lodger, call: Call, payment_id: UUID) -> None:
    """Take the money that was authorised."""
    payment, state = _load(lodger, payment_id)
    if state.stage == "capture_started":
        assert state.reference is not None
        report = _gateway(lodger, payment).capture(state.reference, key=f"capture:{payment_id}")
        record(lodger, call, payment_id, report)


def give_up(lodger: Lodger, call: Call, payment_id: UUID) -> None:
    """Release an authorisation or withdraw a charge. Money captured meanwhile is reported as captured."""
    payment, state = _load(lodger, payment_id)
    if state.stage == "void_started":
        reference = state.reference or _ask(lodger, payment).evidence.reference
        report = _gateway(lodger, payment).void(reference, key=f"void:{payment_id}")
        record(lodger, call, payment_id, report)


def pay_back(lodger: Lodger, call: Call, payment_id: UUID, refund_id: UUID) -> None:
    """Carry out a refund that was started."""
    payment, state = _load(lodger, payment_id)
    refund = state.refunds[refund_id]
    if not refund.succeeded:
        assert state.reference is not None
        evidence = _gateway(lodger, payment).refund(state.reference, refund.amount, key=f"refund:{refund_id}")
        _record_refund(lodger, call, payment_id, refund_id, evidence)


@retried
def _record_refund(lodger: Lodger, call: Call, payment_id: UUID, refund_id: UUID, evidence: payments.Evidence) -> None:
    payment = lodger.load(PAYMENT, payment_id)
    lodger.append(call, payment.then(payments.refund_succeeded(payment.state, refund_id, evidence)))


@retried
def give_back(lodger: Lodger, call: Call, booking_id: UUID, amount: Money, reason: str) -> None:
    """Refund a part of what bought a booking. The refunds' ids come from the call: again refunds nothing more."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    bought = [attempt for attempt in attempts if attempt.id in bookings.paid_by(booking)]
    refund_ids = [uuid5(call.command_id, str(attempt.id)) for attempt in bought]
    facts = payments.pay_back([attempt.state for attempt in bought], amount, refund_ids, reason)
    changes = [attempt.then(each) for attempt, each in zip(bought, facts, strict=True) if each]
    if changes:
        lodger.append(call, *changes)


@retried
def withdraw(lodger: Lodger, call: Call, booking_id: UUID, reason: str) -> None:
    """Give up every charge that is not captured and that the booking does not wait for (any more)."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    due = lifecycle.waits_for(booking, call.now)
    for attempt in attempts:
        started = payments.must_be_started(attempt.state).started
        if due is None or started.alteration_id != due.alteration_id:
            lodger.append(call, attempt.then(payments.void(attempt.state, reason)))


def _booking_and_attempts(lodger: Lodger, booking_id: UUID) -> tuple[Booking, list[PaymentStream]]:
    """A booking and its payments so far, in order."""
    ids = attempt_ids(booking_id)
    history = lodger.read(booking_id, *ids)
    streams = (history.stream(PAYMENT, payment_id) for payment_id in ids)
    return bookings.must_be_made(history.stream(BOOKING, booking_id).state), [s for s in streams if s.version]


def find(lodger: Lodger, payment_id: UUID, user_id: UUID) -> PaymentStream:
    """A payment, fresh, for the guest who made it or the booking's host."""
    payment, state = _load(lodger, payment_id)
    bookings.must_concern(lodger.load(BOOKING, state.started.booking_id).state, user_id)
    return payment


def of_booking(lodger: Lodger, booking_id: UUID, user_id: UUID) -> list[PaymentStream]:
    """A booking's payments in order, fresh, for its guest or its host."""
    booking, attempts = _booking_and_attempts(lodger, booking_id)
    bookings.must_concern(booking, user_id)
    return attempts


def _ask(lodger: Lodger, payment: PaymentStream) -> Report:
    started = payments.must_be_started(payment.state).started
    charge = Charge(
        key=f"start:{payment.id}",
        payment_id=payment.id,
        amount=started.amount,
        payment_method=started.payment_method,
        phone=lodger.payers.phone(payment.id),
    )
    return _gateway(lodger, payment).start(charge)


def _load(lodger: Lodger, payment_id: UUID) -> tuple[PaymentStream, Payment]:
    payment = lodger.load(PAYMENT, payment_id)
    return payment, payments.must_be_started(payment.state)


def _gateway(lodger: Lodger, payment: PaymentStream) -> Gateway:
    return lodger.gateways[payments.must_be_started(payment.state).started.payment_method]
