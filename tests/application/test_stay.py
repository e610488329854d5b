"""A stay from hold to confirmation, and everything that money can do when it comes late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from application import bookings, nights, payments, quotes, settlement
from application.payment_ports import Charge
from application.ports import AnswerInFlight, AnswerKept
from domain.bookings import Cancelled, Confirmed, Expired, Held
from domain.charges import Report
from domain.payments import attempt_id, status
from domain.rejections import Rejected
from domain.stays import Stay
from infrastructure.gateways.sandbox import SandboxGateway
from tests.support.world import World

LATE = timedelta(minutes=16)
TOTAL = 33_600
"""Three nights at 100.00 and 12% service fee, in cents."""


def rejected(code: str, attempt: Callable[[], object]) -> None:
    refusal = refusal_of(attempt)
    assert refusal is not None
    assert refusal.code == code


def refusal_of(attempt: Callable[[], object]) -> Rejected | None:
    try:
        attempt()
    except Rejected as refusal:
        return refusal
    return None


def test_a_paid_hold_is_confirmed_and_its_nights_stay_taken(world: World) -> None:
    listing = world.listing()
    booking = world.hold(listing)
    payment = world.pay(booking)
    assert world.payment(payment).next_action is not None
    world.approve(payment)
    world.react()
    assert isinstance(world.booking(booking), Confirmed)
    assert status(world.payment(payment)) == "paid"
    assert world.kept_by_provider() == TOTAL
    world.clock.pass_(timedelta(days=1))
    rejected("nights_taken", lambda: world.hold(listing))


def test_mobile_money_is_captured_when_the_payer_approves(world: World) -> None:
    booking = world.hold(world.listing())
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    assert world.lodger.payers.phone(payment) == "+256772123456"
    world.approve(payment)
    assert world.payment(payment).stage == "captured"
    world.react()
    assert isinstance(world.booking(booking), Confirmed)


def test_the_phone_is_in_no_event(world: World) -> None:
    world.pay(world.hold(world.listing()), "mobile_money", phone="+256772123456")
    assert "256772123456" not in repr(world.events())


def test_a_declined_payment_may_be_followed_by_another(world: World) -> None:
    booking = world.hold(world.listing())
    first = world.pay(booking)
    rejected("payment_in_progress", lambda: world.pay(booking))
    world.decline(first)
    assert status(world.payment(first)) == "failed"
    second = world.pay(booking)
    assert second != first
    world.approve(second)
    world.react()
    assert isinstance(world.booking(booking), Confirmed)


def test_a_lapsed_hold_does_not_stop_a_rival_though_no_worker_runs(world: World) -> None:
    listing = world.listing()
    first = world.hold(listing)
    rejected("nights_taken", lambda: world.hold(listing))
    world.clock.pass_(LATE)
    second = world.hold(listing)
    assert isinstance(world.booking(first), Expired)
    assert isinstance(world.booking(second), Held)


def test_a_lapsed_hold_cannot_be_paid(world: World) -> None:
    booking = world.hold(world.listing())
    world.clock.pass_(LATE)
    rejected("booking_not_payable", lambda: world.pay(booking))


def test_an_authorisation_that_comes_too_late_is_voided(world: World) -> None:
    booking = world.hold(world.listing())
    payment = world.pay(booking)
    world.clock.pass_(LATE)
    world.approve(payment)
    world.react()
    assert world.payment(payment).stage == "voided"
    assert world.kept_by_provider() == 0
    assert isinstance(world.booking(booking), Held)


def test_a_capture_on_a_hold_that_lapsed_and_is_not_expired_confirms(world: World) -> None:
    booking = world.hold(world.listing())
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    world.clock.pass_(LATE)
    world.approve(payment)
    world.react()
    assert isinstance(world.booking(booking), Confirmed)


def test_a_capture_after_expiry_takes_the_nights_again_when_they_are_free(world: World) -> None:
    listing = world.listing()
    booking = world.hold(listing)
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    world.approve(payment)
    world.clock.pass_(LATE)
    nights.elapse(world.lodger, world.call(), booking)
    assert world.claims(listing) == []
    world.react()
    assert isinstance(world.booking(booking), Confirmed)
    assert world.claims(listing) == [booking]


def test_a_capture_after_expiry_is_refunded_when_the_nights_are_gone(world: World) -> None:
    listing = world.listing()
    booking = world.hold(listing)
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    world.approve(payment)
    world.clock.pass_(LATE)
    rival = world.hold(listing)
    world.react()
    assert isinstance(world.booking(booking), Expired)
    assert isinstance(world.booking(rival), Held)
    assert status(world.payment(payment)) == "refunded"
    assert world.kept_by_provider() == 0


def test_money_that_went_back_buys_nothing_when_its_capture_is_followed_again(world: World) -> None:
    """As after a worker's death between the refund and noting how far it was."""
    listing = world.listing()
    booking_id = world.hold(listing)
    payment_id = world.pay(booking_id, "mobile_money", "+256772123456")
    world.clock.pass_(LATE)
    world.hold(listing)  # a rival, which expires it
    world.approve(payment_id, react=True)
    assert world.kept_by_provider() == 0
    world.clock.pass_(LATE)  # and the rival's hold lapses in its turn

    world.reacted_upto = 0
    world.react()

    assert isinstance(world.booking(booking_id), Expired)
    assert world.kept_by_provider() == 0


@pytest.mark.parametrize("order", list(permutations(["capture", "expire", "rival", "cancel"])))
def test_late_money_ends_with_nights_or_is_refunded_whatever_the_order(world: World, order: tuple[str, ...]) -> None:
    listing = world.listing()
    booking = world.hold(listing)
    guest = world.booking(booking).made.guest_id
    payment = world.pay(booking, "mobile_money", phone="+256772123456")
    world.clock.pass_(LATE)
    steps: dict[str, Callable[[], object]] = {
        "capture": lambda: world.approve(payment, react=True),
        "expire": lambda: nights.elapse(world.lodger, world.call(), booking),
        "rival": lambda: world.hold(listing),
        "cancel": lambda: bookings.cancel(world.lodger, world.call(guest), booking, guest, None),
    }
    for step in order:
        if (refusal := refusal_of(steps[step])) is not None:
            assert refusal.code in ("nights_taken", "booking_not_cancellable")
    world.react()
    state = world.booking(booking)
    has_nights = booking in world.claims(listing)
    if isinstance(state, Confirmed):
        assert (has_nights, world.kept_by_provider()) == (True, TOTAL)
    else:
        assert not has_nights
        # A guest who cancelled a confirmed booking a month ahead gets everything back, too.
        assert world.kept_by_provider() == 0
    assert len(world.claims(listing)) <= 1


def test_cancelling_a_confirmed_booking_refunds_what_the_policy_says_once(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    guest = world.booking(booking).made.guest_id
    world.clock.time = world.clock.time.replace(month=6, day=30, hour=20)  # 16:00 in Albany, 23 hours before check-in
    bookings.cancel(world.lodger, world.call(guest), booking, guest, "plans changed")
    world.react()
    world.reacted_upto = 0
    world.react()  # every reaction twice: no second refund
    assert isinstance(world.booking(booking), Cancelled)
    assert world.kept_by_provider() == TOTAL - 20_000  # two of three nights come back, the service fee does not
    assert world.claims(listing) == []
    assert [fact for fact in map(type_name, world.events()) if fact.startswith("Refund")] == [
        "RefundStarted",
        "RefundSucceeded",
    ]


def test_cancelling_an_unpaid_hold_withdraws_the_charge(world: World) -> None:
    booking = world.hold(world.listing())
    guest = world.booking(booking).made.guest_id
    payment = world.pay(booking)
    bookings.cancel(world.lodger, world.call(guest), booking, guest, None)
    world.react()
    assert world.payment(payment).stage == "voided"
    world.approve(payment)  # the page was still open
    world.react()
    assert world.kept_by_provider() == 0


def test_a_quote_books_at_its_amount_though_the_host_changed_the_price(world: World) -> None:
    listing = world.listing(price="100.00")
    offer = quotes.offer(world.lodger, listing, _stay(), 2)
    world.price(listing, "250.00")
    booking = world.hold(listing, quote=offer.token)
    assert world.booking(booking).made.quote.total.minor == TOTAL
    assert world.booking(booking).made.quote == offer.quote


def test_a_quote_is_refused_when_it_expired_was_altered_or_is_for_another_stay(world: World) -> None:
    listing = world.listing()
    offer = quotes.offer(world.lodger, listing, _stay(), 2)
    altered = offer.token[:-2] + ("AA" if offer.token[-2:] != "AA" else "BB")
    rejected("quote_invalid", lambda: world.hold(listing, quote=altered))
    rejected("quote_mismatch", lambda: world.hold(listing, quote=offer.token, nights=("2026-07-01", "2026-07-05")))
    world.clock.pass_(timedelta(minutes=30))
    rejected("quote_expired", lambda: world.hold(listing, quote=offer.token))


def test_a_repeated_command_takes_effect_once_and_gets_the_same_answer(world: World) -> None:
    listing, guest = world.listing(), world.person()
    first = world.call(guest, key="k1", body="b")
    world.hold(listing, guest, call=first)
    with pytest.raises(AnswerKept) as again:
        world.hold(listing, guest, call=world.call(guest, key="k1", body="b"))
    assert first.render is not None
    assert "Held" in again.value.answer.body
    assert [fact for fact in map(type_name, world.events()) if fact.startswith("Booking")] == ["BookingHeld"]


def test_every_event_of_a_command_carries_its_id_and_every_reaction_its_cause(world: World) -> None:
    booking = world.confirmed(world.listing())
    events, _ = bookings.history(world.lodger, booking, world.booking(booking).made.guest_id)
    told = {type_name(e): e for e in events}
    assert told["BookingConfirmed"].causation_id == told["PaymentCaptured"].event_id
    assert told["PaymentCaptureStarted"].causation_id == told["PaymentAuthorized"].event_id
    assert told["BookingConfirmed"].actor.kind == "system"
    assert told["BookingHeld"].causation_id is None
    assert told["BookingHeld"].actor.kind == "user"


def type_name(event: object) -> str:
    return type(getattr(event, "fact")).__name__  # noqa: B009


def _stay() -> Stay:
    return Stay(date(2026, 7, 1), date(2026, 7, 4))


def test_a_kind_of_payment_that_nobody_takes_is_refused_before_anything_is_stored(world: World) -> None:
    booking = world.hold(world.listing())
    guest = world.booking(booking).made.guest_id
    without = replace(world.lodger, gateways={})
    before = len(world.events())
    rejected(
        "payment_method_unavailable",
        lambda: payments.start(without, world.call(guest), booking, guest, "card", None),
    )
    assert len(world.events()) == before


def test_a_payment_whose_request_died_after_the_intent_answers_its_repeat_with_what_became_of_it(world: World) -> None:
    booking = world.hold(world.listing())
    guest = world.booking(booking).made.guest_id
    dying = replace(world.lodger, providers={"sandbox": _Dying()})
    with pytest.raises(ConnectionAbortedError):
        payments.start(dying, world.call(guest, key="k1"), booking, guest, "card", None)
    with pytest.raises(AnswerInFlight):
        payments.start(world.lodger, world.call(guest, key="k1"), booking, guest, "card", None)
    settlement.carry_out(world.lodger, world.call(), attempt_id(booking, 1))  # as the reconciler does
    answered = payments.start(world.lodger, world.call(guest, key="k1"), booking, guest, "card", None)
    assert answered.stream.id == attempt_id(booking, 1)
    with pytest.raises(AnswerKept) as again:
        payments.start(world.lodger, world.call(guest, key="k1"), booking, guest, "card", None)
    assert again.value.answer.body == (answered.answer and answered.answer.body)
    assert [name for name in map(type_name, world.events()) if name == "PaymentStarted"] == ["PaymentStarted"]


class _Dying(SandboxGateway):
    """A provider whose caller is gone before it answers."""

    def __init__(self) -> None:
        pass

    def start(self, charge: Charge) -> Report:
        raise ConnectionAbortedError
