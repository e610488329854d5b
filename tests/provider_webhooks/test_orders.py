"""Five webhooks of one payment, in every order and each of them twice: the same facts and the same money (fault 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from application import provider_webhooks, settlement
from domain.bookings import Cancelled
from infrastructure.workers.provider_webhooks import Follower
from tests.support.ledger_checkers import money_apart
from tests.support.providers import stripe_fake
from tests.support.scripted_gateway import Delivery, ScriptedGateway
from tests.support.stripe_fake import SECRET_KEY, StripeFake
from tests.support.webhook_storm import signed
from tests.support.world import World

pytestmark = pytest.mark.slow

EVENTS = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
)
SETTLED = sorted(
    "PaymentStarted PaymentActionRequired PaymentAuthorized PaymentCaptureStarted PaymentCaptured "
    "RefundStarted RefundSucceeded DisputeOpened DisputeWon".split()
)


def told_in_order(world: World, provider: str, deliveries: Sequence[Delivery], between: Callable[[], None]) -> None:
    """Each is brought and followed before the next one comes."""
    follower = Follower(world.lodger)
    for each in deliveries:
        provider_webhooks.receive(world.lodger, provider, each.headers, each.body, datetime.now(UTC))
        follower.run()
        follower.wait()
        between()


def facts(world: World, payment_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The names of each payment's facts, in no order."""
    told: dict[UUID, list[str]] = {payment_id: [] for payment_id in payment_ids}
    for event in world.events():
        if event.stream_id in told:
            told[event.stream_id].append(type(event.fact).__name__)
    return {payment_id: sorted(names) for payment_id, names in told.items()}


def test_stripes_log_in_every_order_ends_the_same(database_url: str) -> None:
    with stripe_fake() as fake:
        world = World(
            database_url,
            card_provider="stripe",
            stripe_secret_key=SECRET_KEY,
            stripe_api_base=fake.url,
            stripe_webhook_secrets=fake.webhook_secret,
        )
        orders = list(permutations(EVENTS))
        listing = world.listing()
        references = {late(world, fake, listing): order for order in orders}
        sent = log_of(fake)
        for (_, reference), order in references.items():
            once = [signed(fake, sent[reference, kind]) for kind in order]
            again = [signed(fake, {**sent[reference, kind], "id": f"{sent[reference, kind]['id']}b"}) for kind in order]
            told_in_order(world, "stripe", [*once, again[0], *once[1:]], world.react)

        ended = facts(world, [payment_id for payment_id, _ in references])
        assert {tuple(names) for names in ended.values()} == {tuple(SETTLED)}
        assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []
        world.close()


def late(world: World, fake: StripeFake, listing: UUID) -> tuple[UUID, str]:
    """Paid, cancelled a day before, refunded without an answer, disputed and won: all of it told by nobody yet.

    The payment and Stripe's reference of it.
    """
    world.at("2026-06-01 12:00:00")
    booking_id = world.hold(listing)
    payment_id = world.pay(booking_id)
    reference = world.payment(payment_id).reference
    assert reference is not None
    fake.confirm(reference)
    settlement.look(world.lodger, world.call(), payment_id)
    world.react()
    world.at("2026-06-30 20:00:00")  # 16:00 in Albany, 23 hours before check-in: two of three nights come back
    fake.fail("refunds.create", "close")
    world.cancel(booking_id)
    world.react()
    assert [refund.outcome for refund in world.payment(payment_id).refunds.values()] == ["started"]
    fake.close_dispute(fake.dispute(reference, amount=13_600), "won")
    return payment_id, reference


def log_of(fake: StripeFake) -> dict[tuple[str, str], dict[str, Any]]:
    """Stripe's events by charge and type."""
    log = {}
    for event in fake.events():
        about = event["data"]["object"]
        log[about.get("payment_intent") or about["id"], event["type"]] = event
    return log


def test_when_nothing_was_known_but_the_intent_every_order_ends_the_same(database_url: str) -> None:
    """Taken without an answer, cancelled meanwhile, disputed and won: then the webhooks come."""
    provider = ScriptedGateway()
    world = World(database_url)
    world.lodger = provider.serve(world.lodger)
    listing = world.listing()
    told: list[UUID] = []
    for number, order in enumerate(permutations(["authorized", "captured", "refunded", "opened", "closed"])):
        booking_id = world.hold(listing)
        payment_id = world.pay(booking_id)
        provider.approve(payment_id)
        settlement.look(world.lodger, world.call(), payment_id)
        provider.silent["capture"] = 1
        world.react()
        world.cancel(booking_id)
        dispute_id = f"dp_{number}"
        provider.dispute(payment_id, dispute_id, "won")
        reference = provider.charge_of(payment_id).reference
        deliveries = [
            provider.webhook(f"evt_{number}_{kind}", "dispute", reference=dispute_id)
            if kind in ("opened", "closed")
            else provider.webhook(f"evt_{number}_{kind}", reference=reference)
            for kind in order
        ]
        told_in_order(world, provider.name, [*deliveries, *reversed(deliveries)], world.react)
        assert isinstance(world.booking(booking_id), Cancelled)
        told.append(payment_id)
    assert {tuple(names) for names in facts(world, told).values()} == {tuple(SETTLED)}
    assert provider.kept() == 0
    assert money_apart(world.wired.projecting, world.log, world.lodger.providers) == []
    world.close()
