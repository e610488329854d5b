"""A provider that acts and does not answer, and one that nobody hears of: each charge and refund is made once.

In the suite a hundred answers are lost; in the long profile (`--hypothesis-profile=long`) a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from uuid import UUID

import pytest

from application import settlement
from domain.bookings import Cancelled, Confirmed
from domain.payments import PaymentStarted
from infrastructure.gateways.stripe import client
from infrastructure.workers.projector import Projector
from infrastructure.workers.reconciler import Reconciler
from projections.payments import PAYMENTS
from tests.support.effort import is_long
from tests.support.ledger_checkers import money_apart
from tests.support.providers import stripe_fake
from tests.support.stripe_fake import SECRET_KEY, Failure, StripeFake
from tests.support.world import World

pytestmark = pytest.mark.slow

PATIENCE = 1.0
"""Seconds until an answer counts as lost: here nobody waits as long as in life."""

TOTAL = 22_400
"""Two nights at 100.00 and 12% service fee, in cents."""


@pytest.fixture
def fake() -> Iterator[StripeFake]:
    with stripe_fake() as fake:
        yield fake


@pytest.fixture
def world(database_url: str, fake: StripeFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Where Stripe's fake takes cards, and its webhooks go nowhere."""
    monkeypatch.setattr(client, "_ANSWER_SECONDS", PATIENCE)
    world = World(
        database_url,
        card_provider="stripe",
        stripe_secret_key=SECRET_KEY,
        stripe_api_base=fake.url,
        stripe_webhook_secrets=fake.webhook_secret,
    )
    yield world
    world.close()


def test_a_capture_that_is_never_answered_is_found_by_one_reconcile(world: World, fake: StripeFake) -> None:
    """Fault 13."""
    booking = world.hold(world.listing(), nights=("2026-07-01", "2026-07-03"))
    payment = world.pay(booking)
    fake.confirm(reference_of(world, payment))
    fake.fail("payment_intents.capture", "hang", seconds=5)
    settlement.look(world.lodger, world.call(), payment)
    world.react()
    assert fake.ledger()[reference_of(world, payment)]["captured"] == TOTAL
    assert world.payment(payment).stage == "capture_started"

    reconcile(world)
    world.react()

    assert isinstance(world.booking(booking), Confirmed)
    must_agree(world, fake)


def test_a_payment_whose_webhook_never_comes_is_found_by_one_reconcile(world: World, fake: StripeFake) -> None:
    """Fault 14."""
    booking = world.hold(world.listing(), nights=("2026-07-01", "2026-07-03"))
    payment = world.pay(booking)
    fake.confirm(reference_of(world, payment))  # and Lodger is not told
    world.react()
    assert world.payment(payment).stage == "action_required"

    reconcile(world)
    world.react()

    assert isinstance(world.booking(booking), Confirmed)
    must_agree(world, fake)


def test_lost_answers_double_no_charge_and_no_refund(world: World, fake: StripeFake) -> None:
    times = 1_000 if is_long() else 40
    lost = lose_answers(world, fake, times)
    assert lost.total() == times
    assert len(lost) == 6
    must_agree(world, fake)


def lose_answers(world: World, fake: StripeFake, times: int) -> Counter[str]:
    """Stays that are paid, and some given back, while so many answers are lost; how many of which."""
    random, lost = Random(5), Counter[str]()
    for number in range(times // 2):
        if number % 100 == 0:
            listing = world.listing()
        first = date(2026, 7, 1) + timedelta(days=number % 100 * 2)
        booking = world.hold(listing, nights=(first.isoformat(), (first + timedelta(days=2)).isoformat()))
        losing = random.sample(["payment_intents.create", "payment_intents.capture", "refunds.create"], 2)
        for call in losing:
            kind: Failure = random.choice(["close", "close", "close", "hang"])
            fake.fail(call, kind, seconds=2)
            lost[f"{call} {kind}"] += 1
        payment = world.pay(booking)
        reconcile(world)
        fake.confirm(reference_of(world, payment))
        settlement.look(world.lodger, world.call(), payment)
        world.react()
        reconcile(world)
        world.react()
        assert isinstance(world.booking(booking), Confirmed), losing
        if "refunds.create" in losing:
            world.cancel(booking)
            world.react()
            reconcile(world)
            assert isinstance(world.booking(booking), Cancelled)
            assert world.payment(payment).refunded.minor == TOTAL
    return lost


def reference_of(world: World, payment_id: UUID) -> str:
    reference = world.payment(payment_id).reference
    assert reference is not None
    return reference


def reconcile(world: World) -> None:
    """One pass over everything that is under way."""
    database = world.wired.database
    Projector(world.wired.projecting, world.log, [PAYMENTS]).run()
    assert {outcome for _, outcome in Reconciler(world.lodger, database).run_all()} <= {"settled", "waiting"}


def must_agree(world: World, fake: StripeFake) -> None:
    """M, and by Stripe's own ledger no payment was charged twice, no charge refunded twice."""
    ledger = fake.ledger()
    payments = {
        world.payment(event.stream_id).reference for event in world.events() if isinstance(event.fact, PaymentStarted)
    }
    assert set(ledger) == payments
    assert all(charge["captured"] in (0, TOTAL) and charge["refunded"] in (0, TOTAL) for charge in ledger.values())
    kept = sum(charge["captured"] - charge["refunded"] for charge in ledger.values())
    whole = {"stripe": {"USD": kept}}
    assert money_apart(world.wired.projecting, world.log, world.lodger.providers, whole) == []
