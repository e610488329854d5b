"""Stays paid for with MTN Mobile Money, from the push to the money's last move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from application import nights, payouts, provider_webhooks
from application.reconciliation import reconcile
from application.settlement import look
from domain.bookings import Cancelled, Confirmed, Expired, Held
from domain.payments import status
from infrastructure.workers.provider_webhooks import Follower
from tests.gateways.mtn_momo.listener import Listener
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.providers import mtn_momo_fake
from tests.support.world import World

pytestmark = pytest.mark.slow

PHONE = "+256772123456"
TOTAL = 336_00
"""Three nights at 100.00 EUR and 12% service fee, in cents."""
LATE = timedelta(minutes=16)


@pytest.fixture
def fake() -> Iterator[MtnMomoFake]:
    with mtn_momo_fake() as running:
        running.tell(PHONE, "PENDING")
        yield running


@pytest.fixture
def world(database_url: str, fake: MtnMomoFake) -> Iterator[World]:
    world = World(database_url, **fake.settings)
    yield world
    world.close()


def pay(world: World, booking_id: UUID) -> tuple[UUID, str]:
    """A push to the guest's phone: the payment's id, and MTN's reference of it."""
    payment_id = world.pay(booking_id, "mobile_money", PHONE)
    reference = world.payment(payment_id).reference
    assert reference is not None
    return payment_id, reference


def look_again(world: World, *payment_ids: UUID) -> None:
    """The reconciler's turn, and what follows from it."""
    for payment_id in payment_ids:
        reconcile(world.lodger, world.call(), payment_id)
    world.react()


def lapse(world: World, booking_id: UUID) -> None:
    """The hold's time is over, and somebody notices."""
    world.clock.pass_(LATE)
    nights.elapse(world.lodger, world.call(), booking_id)
    world.react()


def test_a_push_that_is_approved_confirms_the_stay(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    action = world.payment(payment_id).next_action
    assert action is not None
    assert action.kind == "approve_on_phone"
    look_again(world, payment_id)
    assert isinstance(world.booking(booking_id), Held)

    fake.answer(reference)
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert status(world.payment(payment_id)) == "paid"
    assert fake.kept() == TOTAL


def test_a_callback_is_enough_to_confirm_it(database_url: str, fake: MtnMomoFake) -> None:
    with Listener().open() as listener:
        world = World(database_url, **fake.settings, public_url=listener.url)
        booking_id = world.hold(world.listing(currency="EUR"))
        _, reference = pay(world, booking_id)
        fake.answer(reference)
        listener.wait_for(1)
        ((_, _, headers, body),) = listener.heard

        told = [provider_webhooks.receive(world.lodger, "mtn_momo", headers, body, datetime.now(UTC)) for _ in range(2)]
        follower = Follower(world.lodger)
        follower.run()
        follower.wait()
        world.react()

        assert told == [True, False]
        assert isinstance(world.booking(booking_id), Confirmed)
        world.close()


def test_a_push_that_is_declined_leaves_the_stay_to_another_try(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)

    fake.answer(reference, "FAILED", "APPROVAL_REJECTED")
    look_again(world, payment_id)

    assert world.payment(payment_id).failure_code == "declined"
    assert isinstance(world.booking(booking_id), Held)
    again, reference = pay(world, booking_id)
    fake.answer(reference)
    look_again(world, again)
    assert isinstance(world.booking(booking_id), Confirmed)
    assert fake.kept() == TOTAL


def test_money_that_comes_late_has_its_nights_again_while_they_are_free(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    lapse(world, booking_id)
    assert isinstance(world.booking(booking_id), Expired)
    assert world.payment(payment_id).stage == "void_started"

    fake.answer(reference)
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert world.claims(world.booking(booking_id).made.property_id) == [booking_id]
    assert fake.kept() == TOTAL


def test_money_that_comes_late_goes_back_when_its_nights_are_gone(world: World, fake: MtnMomoFake) -> None:
    fake.tell(PHONE, "PENDING", kind="refund")
    listing = world.listing(currency="EUR")
    booking_id = world.hold(listing)
    payment_id, reference = pay(world, booking_id)
    lapse(world, booking_id)
    rival = world.hold(listing)

    fake.answer(reference)
    look_again(world, payment_id)
    assert fake.kept() == TOTAL  # on its way back
    fake.answer(fake.asked(payment_id)[1]["reference"])
    look_again(world, payment_id)

    assert status(world.payment(payment_id)) == "refunded"
    assert isinstance(world.booking(booking_id), Expired)
    assert world.claims(listing) == [rival]
    assert fake.kept() == 0


def test_a_push_that_nobody_ever_answers_fails_by_itself(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    lapse(world, booking_id)

    fake.answer(reference, "FAILED", "EXPIRED")
    look_again(world, payment_id)

    assert (world.payment(payment_id).stage, world.payment(payment_id).failure_code) == ("failed", "expired")
    assert isinstance(world.booking(booking_id), Expired)


def test_a_cancelled_stay_is_paid_back(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.answer(reference)
    look_again(world, payment_id)

    world.cancel(booking_id, by="host")
    world.react()
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Cancelled)
    assert status(world.payment(payment_id)) == "refunded"
    assert fake.kept() == 0


def test_a_success_that_is_contradicted_stays_one_for_somebody_to_look_at(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.answer(reference)
    look_again(world, payment_id)

    fake.contradict(reference, "FAILED", "INTERNAL_PROCESSING_ERROR")
    for _ in range(2):
        look(world.lodger, world.call(), payment_id)

    payment = world.payment(payment_id)
    assert (status(payment), dict(payment.contradictions)) == ("paid", {"lost_after_capture": False})
    assert isinstance(world.booking(booking_id), Confirmed)


def test_a_push_that_nobody_heard_of_is_made_once(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    fake.fail("requesttopay", acts=True)
    payment_id = world.pay(booking_id, "mobile_money", PHONE)
    assert world.payment(payment_id).stage == "started"

    look_again(world, payment_id)

    (asked,) = fake.asked(payment_id)
    fake.answer(asked["reference"])
    look_again(world, payment_id)
    assert isinstance(world.booking(booking_id), Confirmed)
    assert fake.kept() == TOTAL


def test_a_push_that_may_not_exist_is_made_certain_before_it_is_given_up(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    fake.fail("requesttopay", acts=False)
    payment_id = world.pay(booking_id, "mobile_money", PHONE)

    lapse(world, booking_id)

    (asked,) = fake.asked(payment_id)  # or a request that is still on its way could make it when nobody asks any more
    fake.answer(asked["reference"], "FAILED", "EXPIRED")
    look_again(world, payment_id)
    assert world.payment(payment_id).failure_code == "expired"


def test_a_push_that_was_made_unheard_is_paid_late_and_heard_of(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    fake.fail("requesttopay", acts=True)
    payment_id = world.pay(booking_id, "mobile_money", PHONE)
    lapse(world, booking_id)
    assert world.payment(payment_id).stage == "void_started"

    fake.answer(fake.asked(payment_id)[0]["reference"])
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert fake.kept() == TOTAL


def test_a_currency_that_the_sandbox_does_not_take_fails_the_payment(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="USD"))

    payment_id = world.pay(booking_id, "mobile_money", PHONE)

    assert (world.payment(payment_id).stage, world.payment(payment_id).failure_code) == ("failed", "currency_not_taken")
    assert isinstance(world.booking(booking_id), Held)


def test_a_host_is_paid_by_phone_a_day_after_check_in(world: World, fake: MtnMomoFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.answer(reference)
    look_again(world, payment_id)
    payouts.choose_destination(world.lodger, world.call(world.host), world.host, "mobile_money", "+256772000000")
    world.at("2026-07-02 18:59:59")  # 24 h after 15:00 in New York
    assert payouts.schedule(world.lodger, world.call(), world.host) == ()

    world.at("2026-07-02 19:00:00")
    (payout_id,) = payouts.schedule(world.lodger, world.call(), world.host)
    for _ in "sent", "arrived":
        payouts.carry_out(world.lodger, world.call(), world.host, payout_id)

    assert payouts.account_of(world.lodger, world.host).state.payouts[payout_id].outcome == "paid"
    (sent,) = fake.asked(payout_id)
    # Three nights at 100.00, less the host's fee of 3%.
    assert (sent["kind"], sent["msisdn"], sent["amount"]) == ("transfer", "256772000000", "291.00")
