"""What comes of a provider's webhook: the provider is asked, and its answer is recorded once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from application import payouts
from application.payment_ports import Hint
from application.payout_ports import Destination
from domain.bookings import Cancelled, Confirmed
from domain.charges import Outcome
from domain.money import Money
from domain.payments import PaymentCaptured, status
from domain.refunds import RefundOutcome
from domain.rejections import Rejected
from infrastructure.server_metrics import ServerMetrics
from infrastructure.workers.provider_webhooks import Follower
from infrastructure.workers.retention import WEBHOOKS_KEPT, Retention
from tests.provider_webhooks.post import bring, follow, hasten, rows, states
from tests.support.scripted_gateway import ScriptedCharge, ScriptedGateway
from tests.support.world import World

TOTAL = Money(33_600, "USD")
"""Three nights at 100.00 and 12% service fee."""


def told(world: World, delivery_of: ScriptedGateway, event_id: str, **said: Any) -> str:
    """Bring one webhook and follow it; what came of it."""
    bring(world.lodger, delivery_of.webhook(event_id, **said), delivery_of.name)
    follow(world.lodger)
    return states(world.wired.database)[event_id]


def facts_of(world: World, payment_id: UUID) -> list[str]:
    return [type(event.fact).__name__ for event in world.events() if event.stream_id == payment_id]


def test_a_webhook_has_its_payment_looked_at_and_the_booking_confirmed(world: World, provider: ScriptedGateway) -> None:
    booking_id = world.hold(world.listing())
    payment_id = world.pay(booking_id)
    reference = provider.charge_of(payment_id).reference

    provider.approve(payment_id)
    assert told(world, provider, "evt_1", reference=reference) == "recorded"
    assert world.payment(payment_id).stage == "authorized"

    world.react()
    assert isinstance(world.booking(booking_id), Confirmed)
    assert provider.kept() == TOTAL.minor
    (captured,) = (event.fact for event in world.events() if isinstance(event.fact, PaymentCaptured))
    assert captured.evidence.provider == "scripted"


def test_what_a_webhook_says_decides_nothing(world: World, provider: ScriptedGateway) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    before = len(world.events())
    outcome = told(world, provider, "evt_1", payment_id=payment_id, outcome="captured", amount="336.00")
    assert outcome == "nothing_new"
    assert len(world.events()) == before


def test_what_it_records_is_by_the_provider(world: World, provider: ScriptedGateway) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.approve(payment_id)
    told(world, provider, "evt_1", payment_id=payment_id)
    assert (world.events()[-1].actor.kind, world.events()[-1].actor.id) == ("webhook", "scripted")


@pytest.mark.parametrize("named_by", ["nothing", "an unknown reference", "an unknown payment"])
def test_a_payment_that_nobody_knows_is_kept_for_operators(
    world: World, provider: ScriptedGateway, named_by: str
) -> None:
    cases: dict[str, dict[str, Any]] = {
        "nothing": {},
        "an unknown reference": {"reference": "ch_of_another_shop"},
        "an unknown payment": {"payment_id": uuid4(), "reference": "ch_of_another_shop"},
    }
    said = cases[named_by]
    before = len(world.events())

    assert told(world, provider, "evt_1", **said) == "unknown_payment"

    assert len(world.events()) == before
    (unknown,) = world.lodger.provider_webhooks.unknown(None, 10)
    assert (unknown.provider, unknown.event_id) == ("scripted", "evt_1")
    assert (unknown.reference, unknown.payment_id) == (said.get("reference"), said.get("payment_id"))
    assert list(world.lodger.provider_webhooks.unknown(unknown.webhook_id, 10)) == []


def test_a_payment_with_another_provider_is_unknown(world: World, provider: ScriptedGateway) -> None:
    other = ScriptedGateway(name="other")
    world.lodger = provider.serve(other.serve(world.lodger))
    payment_id = world.pay(world.hold(world.listing()))
    provider.approve(payment_id)
    assert told(world, other, "evt_1", payment_id=payment_id) == "unknown_payment"
    assert world.payment(payment_id).stage == "action_required"


@pytest.mark.parametrize(("outcome", "told_as"), [("captured", "unknown_payment"), ("action_required", "nothing_new")])
def test_a_second_charge_that_took_money_for_a_payment_is_kept_for_operators(
    world: World, provider: ScriptedGateway, outcome: Outcome, told_as: str
) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.charges["ch_by_hand"] = ScriptedCharge("ch_by_hand", payment_id, "card", TOTAL, outcome)
    assert told(world, provider, "evt_1", payment_id=payment_id, reference="ch_by_hand") == told_as
    assert world.payment(payment_id).reference != "ch_by_hand"
    assert facts_of(world, payment_id) == ["PaymentStarted", "PaymentActionRequired"]


def test_a_webhook_about_nothing_is_done_with(world: World, provider: ScriptedGateway) -> None:
    assert told(world, provider, "evt_1", about="nothing") == "nothing_new"
    assert not provider.asked


@pytest.mark.parametrize("outcome", ["authorized", "captured"])
@pytest.mark.parametrize(
    ("amount", "contradiction"),
    [(Money(33_599, "USD"), "amount_differs"), (Money(33_600, "EUR"), "currency_differs")],
    ids=["amount", "currency"],
)
def test_another_amount_or_currency_is_a_contradiction_and_never_applied(
    world: World, provider: ScriptedGateway, amount: Money, contradiction: str, outcome: Outcome
) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.says(payment_id, outcome, amount)

    assert told(world, provider, "evt_1", payment_id=payment_id) == "recorded"
    assert told(world, provider, "evt_2", payment_id=payment_id) == "nothing_new"

    payment = world.payment(payment_id)
    assert (payment.stage, payment.contradictions) == ("action_required", {contradiction: False})


def test_a_capture_reported_of_a_cancelled_booking_is_refunded_in_full(world: World, provider: ScriptedGateway) -> None:
    booking_id = world.hold(world.listing())
    payment_id = world.pay(booking_id, "mobile_money", "+256772123456")
    provider.away = True  # so that the charge cannot be withdrawn
    world.cancel(booking_id)
    world.react()
    provider.away = False
    provider.approve(payment_id)

    assert told(world, provider, "evt_1", payment_id=payment_id) == "recorded"
    world.react()

    assert isinstance(world.booking(booking_id), Cancelled)
    assert status(world.payment(payment_id)) == "refunded"
    assert world.payment(payment_id).refunded == TOTAL
    assert provider.kept() == 0


def test_a_charge_whose_first_answer_was_lost_is_found_by_its_payment(world: World, provider: ScriptedGateway) -> None:
    provider.silent["start"] = 1
    payment_id = world.pay(world.hold(world.listing()), "mobile_money", "+256772123456")
    assert world.payment(payment_id).reference is None
    provider.approve(payment_id)
    assert told(world, provider, "evt_1", payment_id=payment_id) == "recorded"
    assert world.payment(payment_id).stage == "captured"
    assert len(provider.charges) == 1


def paid(world: World, provider: ScriptedGateway) -> tuple[UUID, UUID]:
    """A confirmed booking and its payment."""
    booking_id = world.hold(world.listing())
    payment_id = world.pay(booking_id, "mobile_money", "+256772123456")
    provider.approve(payment_id)
    told(world, provider, f"evt_paid_{payment_id}", payment_id=payment_id)
    world.react()
    return booking_id, payment_id


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_refund_that_was_pending_ends_by_a_webhook(
    world: World, provider: ScriptedGateway, outcome: RefundOutcome
) -> None:
    booking_id, payment_id = paid(world, provider)
    provider.refunds_wait = True
    world.cancel(booking_id)
    world.react()
    assert facts_of(world, payment_id)[-1] == "RefundStarted"

    provider.finish_refunds(outcome)
    assert told(world, provider, "evt_refund", payment_id=payment_id) == "recorded"

    assert facts_of(world, payment_id)[-1] == f"Refund{outcome.title()}"
    assert len(provider.refunds) == 1


def test_a_refund_that_came_back_after_it_had_been_sent_is_a_contradiction(
    world: World, provider: ScriptedGateway
) -> None:
    booking_id, payment_id = paid(world, provider)
    world.cancel(booking_id)
    world.react()
    assert status(world.payment(payment_id)) == "refunded"

    provider.undo_refunds()
    assert told(world, provider, "evt_failed", payment_id=payment_id) == "recorded"

    assert world.payment(payment_id).contradictions == {"refund_undone": False}
    assert len(provider.refunds) == 1


def test_a_dispute_is_recorded_once_from_its_beginning_to_its_end(world: World, provider: ScriptedGateway) -> None:
    _, payment_id = paid(world, provider)
    provider.dispute(payment_id)
    assert told(world, provider, "evt_opened", about="dispute", reference="dp_1") == "recorded"
    provider.dispute(payment_id, outcome="won")
    assert told(world, provider, "evt_closed", about="dispute", reference="dp_1") == "recorded"
    assert told(world, provider, "evt_again", about="dispute", reference="dp_1") == "nothing_new"
    assert facts_of(world, payment_id)[-2:] == ["DisputeOpened", "DisputeWon"]


def test_a_dispute_that_is_heard_of_before_the_capture_records_both(world: World, provider: ScriptedGateway) -> None:
    payment_id = world.pay(world.hold(world.listing()), "mobile_money", "+256772123456")
    provider.approve(payment_id)
    provider.dispute(payment_id)
    assert told(world, provider, "evt_1", about="dispute", reference="dp_1") == "recorded"
    assert facts_of(world, payment_id)[-2:] == ["PaymentCaptured", "DisputeOpened"]
    assert world.payment(payment_id).contradictions == {}


def test_a_dispute_that_the_provider_does_not_know_is_about_nothing_of_ours(
    world: World, provider: ScriptedGateway
) -> None:
    assert told(world, provider, "evt_1", about="dispute", reference="dp_unheard_of") == "unknown_payment"


def test_a_payout_is_asked_about(world: World, provider: ScriptedGateway) -> None:
    booking_id, _ = paid(world, provider)
    world.at("2026-07-05 12:00:00")
    payouts.record_earning(world.lodger, world.call(), booking_id)
    world.lodger.payees.choose(world.host, Destination("mobile_money", "scripted", "+256772999999"))
    (payout_id,) = payouts.schedule(world.lodger, world.call(), world.host)
    assert told(world, provider, "evt_1", about="payout", reference=payout_id) == "recorded"
    assert type(world.events()[-1].fact).__name__ == "PayoutPaid"
    assert told(world, provider, "evt_2", about="payout", reference=payout_id) == "nothing_new"
    assert told(world, provider, "evt_3", about="payout", reference=uuid4()) == "unknown_payment"


def test_a_worker_that_died_before_it_could_say_so_leaves_nothing_to_be_done_twice(
    world: World, provider: ScriptedGateway
) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.approve(payment_id)
    told(world, provider, "evt_1", payment_id=payment_id)
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE provider_webhooks SET state = 'waiting', next_attempt_at = clock_timestamp()")
    asked, events = provider.asked.total(), len(world.events())

    follow(world.lodger)

    assert states(world.wired.database) == {"evt_1": "nothing_new"}
    assert (provider.asked.total(), len(world.events())) == (asked, events)


def test_one_that_was_taken_is_nobody_elses_until_its_worker_must_be_dead(
    world: World, provider: ScriptedGateway
) -> None:
    bring(world.lodger, provider.webhook("evt_1"))
    webhooks = world.lodger.provider_webhooks
    taken = webhooks.take_due()
    assert taken is not None
    assert (taken.hint, taken.attempt) == (Hint("evt_1", "charge"), 1)
    assert webhooks.take_due() is None
    ((pause,),) = rows(world.wired.database, "extract(epoch FROM next_attempt_at - clock_timestamp())::float8")
    assert 110 < pause <= 120
    hasten(world.wired.database)
    again = webhooks.take_due()
    assert again is not None
    assert again.attempt == 2


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (5, 32), (11, 2048), (12, 3600), (500, 3600)])
def test_while_the_provider_is_away_each_pause_is_twice_the_last(
    world: World, provider: ScriptedGateway, attempt: int, seconds: int
) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.away = True
    bring(world.lodger, provider.webhook("evt_1", payment_id=payment_id))
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE provider_webhooks SET attempts = %s", [attempt - 1])

    follow(world.lodger)

    ((state, attempts, error, pause),) = rows(
        world.wired.database,
        "state, attempts, last_error, extract(epoch FROM next_attempt_at - clock_timestamp())::float8",
    )
    assert (state, attempts, error) == ("waiting", attempt, "the provider does not answer")
    assert seconds - 1.5 < pause <= seconds


def test_it_is_followed_once_the_provider_is_back(world: World, provider: ScriptedGateway) -> None:
    payment_id = world.pay(world.hold(world.listing()))
    provider.approve(payment_id)
    provider.away = True
    assert told(world, provider, "evt_1", payment_id=payment_id) == "waiting"
    provider.away = False
    hasten(world.wired.database)
    follow(world.lodger)
    assert states(world.wired.database) == {"evt_1": "recorded"}
    assert rows(world.wired.database, "last_error") == [(None,)]


def test_of_a_provider_that_is_away_few_are_tried_and_the_others_do_not_wait(
    world: World, provider: ScriptedGateway
) -> None:
    other = ScriptedGateway(name="other")
    world.lodger = provider.serve(other.serve(world.lodger))
    provider.away = True
    for number in range(20):
        bring(world.lodger, provider.webhook(f"evt_{number}", reference="ch_1"))
    bring(world.lodger, other.webhook("evt_other", about="nothing"), "other")

    follow(world.lodger)

    assert states(world.wired.database)["evt_other"] == "nothing_new"
    ((tried,),) = rows(world.wired.database, "sum(attempts) OVER ()")[:1]
    assert tried <= 5  # one by each thread, and the other provider's


def test_a_mistake_with_one_leaves_it_for_later_and_holds_up_no_other(
    world: World, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(reference: str) -> None:
        raise RuntimeError("not even a reference")

    bring(world.lodger, provider.webhook("evt_1", reference="ch_1"))
    bring(world.lodger, provider.webhook("evt_2", about="nothing"))
    monkeypatch.setattr(provider, "payment_of", broken)
    follow(world.lodger)
    assert states(world.wired.database) == {"evt_1": "waiting", "evt_2": "nothing_new"}
    assert rows(world.wired.database, "last_error")[0] == ("RuntimeError",)


def test_one_that_comes_with_too_many_others_is_followed_later(
    world: World, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(*_: object) -> None:
        raise Rejected("busy", "Too many changes at once.")

    payment_id = world.pay(world.hold(world.listing()))
    with monkeypatch.context() as patched:
        patched.setattr("application.settlement.look", losing)
        assert told(world, provider, "evt_1", payment_id=payment_id) == "waiting"
    assert rows(world.wired.database, "last_error") == [("busy",)]
    provider.approve(payment_id)
    hasten(world.wired.database)
    follow(world.lodger)
    assert states(world.wired.database) == {"evt_1": "recorded"}


def test_those_that_are_done_with_are_forgotten_after_ninety_days(world: World, provider: ScriptedGateway) -> None:
    for event_id in ("done_old", "done_young", "waiting_old"):
        bring(world.lodger, provider.webhook(event_id, about="nothing"))
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE provider_webhooks SET state = 'nothing_new' WHERE event_id LIKE 'done%'")
        for pattern, days in (("%old", 91), ("%young", 89)):
            cursor.execute(
                "UPDATE provider_webhooks SET received_at = %s WHERE event_id LIKE %s",
                [datetime.now(UTC) - timedelta(days=days), pattern],
            )
    Retention(world.lodger.provider_webhooks.forget, WEBHOOKS_KEPT).run()
    assert states(world.wired.database) == {"done_young": "nothing_new", "waiting_old": "waiting"}


def test_many_are_followed_by_threads_that_do_not_make_others_wait(world: World, provider: ScriptedGateway) -> None:
    for number in range(30):
        bring(world.lodger, provider.webhook(f"evt_{number}", about="nothing"))
    follower = Follower(world.lodger)
    follower.run()
    follower.run()
    follower.wait()
    assert set(states(world.wired.database).values()) == {"nothing_new"}


def test_those_that_wait_and_those_about_nothing_of_ours_show_in_the_metrics(
    world: World, provider: ScriptedGateway, redis_url: str
) -> None:
    told(world, provider, "evt_unknown", reference="ch_1")
    told(world, provider, "evt_done", about="nothing")
    bring(world.lodger, provider.webhook("evt_waits"))
    registry = CollectorRegistry()
    registry.register(ServerMetrics(world.wired.settings.database_url, redis_url))
    for state, count in {"waiting": 1, "unknown_payment": 1, "nothing_new": None}.items():
        assert registry.get_sample_value("lodger_provider_webhooks", {"state": state}) == count
