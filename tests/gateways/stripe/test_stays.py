"""Stays paid for with Stripe, from the guest's card to the money's last move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from application import nights
from application.payment_ports import GatewayUnavailable
from application.reconciliation import reconcile
from domain.bookings import Cancelled, Confirmed, Expired, Held
from domain.money import Money
from domain.payments import status
from tests.support.providers import stripe_fake
from tests.support.stripe_fake import StripeFake
from tests.support.world import World

pytestmark = pytest.mark.slow

TOTAL = 336_00
"""Three nights at 100.00 EUR and 12% service fee, in cents."""
LATE = timedelta(minutes=16)


@pytest.fixture
def fake() -> Iterator[StripeFake]:
    with stripe_fake() as running:
        yield running


@pytest.fixture
def world(database_url: str, fake: StripeFake) -> Iterator[World]:
    world = World(database_url, **fake.settings)
    yield world
    world.close()


def pay(world: World, booking_id: UUID) -> tuple[UUID, str]:
    """A charge that the guest may confirm: the payment's id, and Stripe's reference of it."""
    payment_id = world.pay(booking_id)
    reference = world.payment(payment_id).reference
    assert reference is not None
    return payment_id, reference


def look_again(world: World, payment_id: UUID) -> None:
    """The reconciler's turn, and what follows from it."""
    reconcile(world.lodger, world.call(), payment_id)
    world.react()


def moved(fake: StripeFake, reference: str) -> tuple[int, int, int]:
    """What Stripe has authorised, captured and refunded."""
    of = fake.ledger()[reference]
    return of["authorized"], of["captured"], of["refunded"]


def test_a_card_that_is_confirmed_confirms_the_stay(world: World, fake: StripeFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    assert isinstance(world.booking(booking_id), Held)

    fake.confirm(reference)
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert status(world.payment(payment_id)) == "paid"
    assert moved(fake, reference) == (0, TOTAL, 0)


def test_a_stay_that_the_host_cancels_is_paid_back_in_full(world: World, fake: StripeFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.confirm(reference)
    look_again(world, payment_id)

    world.cancel(booking_id, by="host")
    world.react()

    assert isinstance(world.booking(booking_id), Cancelled)
    assert status(world.payment(payment_id)) == "refunded"
    assert moved(fake, reference) == (0, TOTAL, TOTAL)


def test_a_stay_paid_for_in_shillings_costs_what_it_says(world: World, fake: StripeFake) -> None:
    """100 shillings a night: 336 with the fee, which Stripe writes as 33600."""
    booking_id = world.hold(world.listing(price="100", currency="UGX"))
    payment_id, reference = pay(world, booking_id)

    fake.confirm(reference)
    look_again(world, payment_id)

    assert world.payment(payment_id).started.amount == Money(336, "UGX")
    assert isinstance(world.booking(booking_id), Confirmed)
    assert moved(fake, reference) == (0, 336_00, 0)


def test_a_card_that_is_declined_leaves_the_stay_to_another_try_and_cannot_pay_twice(
    world: World, fake: StripeFake
) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, first = pay(world, booking_id)
    fake.confirm(first, "pm_card_visa_chargeDeclined")
    look_again(world, payment_id)
    assert world.payment(payment_id).failure_code == "declined"

    payment_id, second = pay(world, booking_id)
    fake.confirm(second)
    fake.confirm(first)
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert (moved(fake, first), moved(fake, second)) == ((0, 0, 0), (0, TOTAL, 0))


@pytest.mark.parametrize("kind", ["close", "error"])
def test_a_capture_whose_answer_was_lost_is_found_and_made_once(world: World, fake: StripeFake, kind: str) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.confirm(reference)
    fake.fail("payment_intents.capture", kind, acts=True)  # type: ignore[arg-type]
    with pytest.raises(GatewayUnavailable):
        look_again(world, payment_id)
    assert moved(fake, reference) == (0, TOTAL, 0)
    assert isinstance(world.booking(booking_id), Held)

    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Confirmed)
    assert moved(fake, reference) == (0, TOTAL, 0)


def test_a_card_that_is_confirmed_too_late_is_not_charged(world: World, fake: StripeFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    payment_id, reference = pay(world, booking_id)
    fake.confirm(reference)
    world.clock.pass_(LATE)
    nights.elapse(world.lodger, world.call(), booking_id)
    world.react()
    look_again(world, payment_id)

    assert isinstance(world.booking(booking_id), Expired)
    assert world.payment(payment_id).stage == "voided"
    assert moved(fake, reference) == (0, 0, 0)


def test_a_charge_of_a_stay_that_was_given_up_cannot_be_confirmed_any_more(world: World, fake: StripeFake) -> None:
    booking_id = world.hold(world.listing(currency="EUR"))
    _, reference = pay(world, booking_id)

    world.cancel(booking_id)
    world.react()

    assert fake.confirm(reference)["error"]["code"] == "payment_intent_unexpected_state"
    assert moved(fake, reference) == (0, 0, 0)
