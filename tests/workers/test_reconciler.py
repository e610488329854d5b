"""Whatever a time-out, a crash or a missing webhook leaves is taken up by one pass, and done once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from application import settlement
from application.payment_ports import Charge
from domain.bookings import Confirmed
from domain.charges import Report
from domain.payments import PaymentCaptured, PaymentMethod, RefundSucceeded, status
from infrastructure import reconciliations
from infrastructure.workers import reconciler
from infrastructure.workers.projector import Projector
from infrastructure.workers.reconciler import Reconciler
from projections.payments import PAYMENTS, needs
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.workers import Post, Stage
from tests.support.world import World

TOTAL = 33_600
"""Three nights at 100.00 and 12% service fee, in cents."""


@pytest.fixture
def provider() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def world(database_url: str, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Where payments count as left alone at once."""
    monkeypatch.setattr(reconciliations, "LEFT_ALONE", "0 s")
    world = World(database_url)
    world.lodger = provider.serve(world.lodger)
    yield world
    world.close()


def project(world: World) -> None:
    Projector(world.wired.projecting, world.log, [PAYMENTS]).run()


def one_pass(world: World) -> None:
    project(world)
    Reconciler(world.lodger, world.wired.database).run()


def due_at_once(world: World) -> None:
    execute(world, "UPDATE reconciliations SET next_attempt_at = clock_timestamp()")


def execute(world: World, statement: str) -> list[tuple[object, ...]]:
    return world.execute(statement)


def told(world: World, kind: type[object]) -> int:
    return sum(isinstance(event.fact, kind) for event in world.events())


def plan(world: World) -> list[tuple[object, ...]]:
    """How often each payment was asked for, and in how many seconds it is asked for again."""
    return execute(
        world,
        """SELECT attempts, ceil(extract(epoch FROM next_attempt_at - clock_timestamp()))::int FROM reconciliations
           ORDER BY payment_id""",
    )


def test_a_charge_that_the_provider_opened_without_an_answer_is_found_with_its_key(
    world: World, provider: ScriptedGateway
) -> None:
    provider.silent["start"] = 1
    payment = world.pay(world.hold(world.listing()))
    assert world.payment(payment).stage == "started"
    one_pass(world)
    assert world.payment(payment).stage == "action_required"
    assert len(provider.charges) == 1


def test_a_charge_that_never_reached_the_provider_is_begun(world: World, provider: ScriptedGateway) -> None:
    provider.away = True
    payment = world.pay(world.hold(world.listing()))
    provider.away = False
    one_pass(world)
    assert world.payment(payment).stage == "action_required"


def test_a_capture_that_timed_out_confirms_the_booking_and_is_taken_once(
    world: World, provider: ScriptedGateway
) -> None:
    booking = world.hold(world.listing())
    payment = world.pay(booking)
    provider.approve(payment)
    settlement.look(world.lodger, world.call(), payment)
    provider.silent["capture"] = 1
    world.react()
    assert (world.payment(payment).stage, provider.kept()) == ("capture_started", TOTAL)
    one_pass(world)
    world.react()
    assert isinstance(world.booking(booking), Confirmed)
    assert (told(world, PaymentCaptured), provider.kept()) == (1, TOTAL)


@pytest.mark.parametrize("method", ["card", "mobile_money"])
def test_an_approval_of_which_no_webhook_came_confirms_the_booking(
    world: World, provider: ScriptedGateway, method: PaymentMethod
) -> None:
    booking = world.hold(world.listing())
    payment = world.pay(booking, method, "+256772123456" if method == "mobile_money" else None)
    provider.approve(payment)
    one_pass(world)
    assert world.payment(payment).stage == "captured"
    world.react()
    assert isinstance(world.booking(booking), Confirmed)


def test_an_approval_that_comes_when_the_hold_has_lapsed_is_given_up(world: World, provider: ScriptedGateway) -> None:
    payment = world.pay(world.hold(world.listing()))
    provider.approve(payment)
    world.clock.pass_(timedelta(minutes=16))
    one_pass(world)
    assert (world.payment(payment).stage, provider.kept()) == ("voided", 0)


def test_refunds_that_timed_out_are_made_once(world: World, provider: ScriptedGateway) -> None:
    payment = paid(world, provider)
    provider.silent["refund"] = 1
    world.cancel(world.payment(payment).started.booking_id)
    world.react()
    assert status(world.payment(payment)) == "paid"
    one_pass(world)
    assert status(world.payment(payment)) == "refunded"
    assert (told(world, RefundSucceeded), len(provider.refunds), provider.kept()) == (1, 1, 0)


def test_a_refund_that_stays_pending_is_asked_for_until_it_has_ended(world: World, provider: ScriptedGateway) -> None:
    payment = paid(world, provider)
    provider.refunds_wait = True
    world.cancel(world.payment(payment).started.booking_id)
    world.react()
    one_pass(world)
    assert status(world.payment(payment)) == "paid"
    provider.finish_refunds()
    due_at_once(world)
    one_pass(world)
    assert status(world.payment(payment)) == "refunded"


def test_a_decision_about_a_dispute_of_which_no_webhook_came_is_found(world: World, provider: ScriptedGateway) -> None:
    payment = paid(world, provider)
    provider.dispute(payment)
    settlement.record_dispute(world.lodger, world.call(), payment, provider.look_up_dispute("dp_1")[1])
    assert status(world.payment(payment)) == "disputed"
    provider.dispute(payment, outcome="won")
    one_pass(world)
    assert status(world.payment(payment)) == "paid"


def test_what_is_settled_is_asked_for_no_more(world: World, provider: ScriptedGateway) -> None:
    payment = world.pay(world.hold(world.listing()))
    provider.says(payment, "failed")
    one_pass(world)
    assert world.payment(payment).stage == "failed"
    asked = provider.asked.total()
    due_at_once(world)
    one_pass(world)
    assert provider.asked.total() == asked
    assert plan(world) == []


# When.


def test_nobody_is_asked_before_a_payment_was_left_alone_however_the_sandboxs_clock_is_moved(
    world: World, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliations, "LEFT_ALONE", "10 s")
    payment = world.pay(world.hold(world.listing()))
    provider.approve(payment)
    world.clock.pass_(timedelta(days=1))
    one_pass(world)
    assert world.payment(payment).stage == "action_required"
    execute(world, "UPDATE payments SET left_at = left_at - interval '10 s'")
    one_pass(world)
    assert world.payment(payment).stage == "voided"


def test_the_wait_doubles_from_five_seconds_to_five_minutes(world: World, provider: ScriptedGateway) -> None:
    world.pay(world.hold(world.listing()))
    provider.away = True
    seen = []
    for _ in range(9):
        one_pass(world)
        seen += plan(world)
        due_at_once(world)
    waits = [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert seen == list(enumerate(waits, start=1))


def test_it_begins_anew_once_something_has_happened(world: World, provider: ScriptedGateway) -> None:
    payment = world.pay(world.hold(world.listing()))
    for _ in range(3):
        one_pass(world)
        due_at_once(world)
    assert plan(world)[0][0] == 3
    provider.approve(payment)
    settlement.look(world.lodger, world.call(), payment)  # and the reaction to that is lost
    provider.away = True
    one_pass(world)
    assert plan(world) == [(1, 5)]


def test_two_at_once_do_not_ask_for_the_same_payment(world: World, provider: ScriptedGateway) -> None:
    for _ in range(6):
        world.pay(world.hold(world.listing()))
    project(world)
    before = provider.asked["look_up"]
    threads = [Thread(target=Reconciler(world.lodger, world.wired.database).run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What a thread left because another one had just taken it is due in the next pass.
    Reconciler(world.lodger, world.wired.database).run()
    assert provider.asked["look_up"] - before == 6
    assert {attempts for attempts, _ in plan(world)} == {1}


def test_one_process_asks_about_several_at_once(world: World, provider: ScriptedGateway) -> None:
    for _ in range(reconciler.ASKERS):
        world.pay(world.hold(world.listing()))
    together = Barrier(reconciler.ASKERS, timeout=10)

    class Slow(ScriptedGateway):
        def look_up(self, reference: str) -> Report:
            together.wait()  # breaks unless all of them have come
            return super().look_up(reference)

    provider.__class__ = Slow
    before = counted("waiting")
    one_pass(world)
    assert counted("waiting") == before + reconciler.ASKERS


# Who cannot answer does not stop the others.


def test_a_provider_that_is_away_is_asked_once_a_pass_and_another_one_meanwhile(
    world: World, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "ASKERS", 1)
    other = ScriptedGateway("other")
    mine = [world.pay(world.hold(world.listing())) for _ in range(3)]
    world.lodger = other.serve(world.lodger)
    theirs = world.pay(world.hold(world.listing()))
    for payment in mine:
        provider.approve(payment)
    other.approve(theirs)
    tries = Counting(provider)
    world.lodger = replace(world.lodger, providers={**world.lodger.providers, "scripted": tries})
    provider.away = True
    one_pass(world)
    assert tries.looked == 1
    assert world.payment(theirs).stage == "captured"
    assert failures(world) == ["scripted is away"]
    provider.away = False
    due_at_once(world)
    one_pass(world)
    assert [world.payment(payment).stage for payment in mine] == ["captured"] * 3


def test_a_mistake_with_one_payment_leaves_the_others_alone_and_is_kept(
    world: World, provider: ScriptedGateway
) -> None:
    first, second = (world.pay(world.hold(world.listing())) for _ in range(2))
    provider.approve(second)
    del provider.charges[provider.charge_of(first).reference]

    class Broken(ScriptedGateway):
        def _report(self, reference: str) -> Report:
            if reference not in self.charges:
                raise ZeroDivisionError("a mistake")
            return super()._report(reference)

    provider.__class__ = Broken
    before = counted("failed")
    one_pass(world)
    assert world.payment(second).stage == "captured"
    assert failures(world) == ["ZeroDivisionError: a mistake"]
    assert counted("failed") == before + 1


def test_a_provider_that_the_settings_have_no_more_is_named_and_stops_nobody(
    world: World, provider: ScriptedGateway
) -> None:
    world.pay(world.hold(world.listing()))
    world.lodger = replace(world.lodger, providers={})
    one_pass(world)
    assert failures(world) == ["scripted is not set up"]
    world.lodger = provider.serve(world.lodger)
    due_at_once(world)
    one_pass(world)
    assert failures(world) == []


def test_an_operator_sees_how_often_a_provider_was_asked_in_vain_and_why(
    world: World, provider: ScriptedGateway
) -> None:
    payment = world.pay(world.hold(world.listing()))
    provider.away = True
    one_pass(world)
    execute(world, "UPDATE payments SET left_at = left_at - interval '1 hour'")
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        (need,) = needs(cursor).items
    assert (need.payment_id, need.kind, need.subject) == (payment, "under_way", "action_required")
    assert (need.attempts, need.error) == (1, "scripted is away")


def test_everything_is_asked_for_at_once_when_somebody_wants_it(world: World, provider: ScriptedGateway) -> None:
    ids = sorted(world.pay(world.hold(world.listing())) for _ in range(3))
    provider.says(ids[0], "failed")
    one_pass(world)
    provider.approve(ids[1])
    project(world)
    asked = list(Reconciler(world.lodger, world.wired.database).run_all())
    assert asked == [(ids[1], "settled"), (ids[2], "waiting")]


@pytest.mark.slow
def test_workers_settle_what_was_left_without_being_woken(
    database_url: str, redis_url: str, post: Post, tmp_path: Path
) -> None:
    with post.open() as smtp_url:
        stage = Stage(database_url, redis_url, smtp_url, tmp_path)
        world = stage.world
        first = world.clock.now().date() + timedelta(days=30)
        booking = world.hold(world.listing(), nights=(str(first), str(first + timedelta(days=3))))
        payment = world.pay(booking)
        world.sandbox.approve(world.payment(payment).reference or "")  # and nobody tells Lodger
        workers = stage.workers()
        deadline = time.monotonic() + 30
        while not isinstance(world.booking(booking), Confirmed) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert isinstance(world.booking(booking), Confirmed)
        workers.stop()
        world.close()


class Counting(ScriptedGateway):
    """The same provider, which counts what it is asked even while it is away."""

    def __init__(self, provider: ScriptedGateway) -> None:
        super().__init__(charges=provider.charges)
        self._provider = provider
        self.looked = 0

    def look_up(self, reference: str) -> Report:
        self.looked += 1
        return self._provider.look_up(reference)

    def start(self, charge: Charge) -> Report:
        return self._provider.start(charge)


def paid(world: World, provider: ScriptedGateway) -> UUID:
    """A captured payment of a confirmed booking."""
    payment = world.pay(world.hold(world.listing()))
    provider.approve(payment)
    settlement.look(world.lodger, world.call(), payment)
    world.react()
    assert isinstance(world.booking(world.payment(payment).started.booking_id), Confirmed)
    return payment


def failures(world: World) -> list[object]:
    return [error for (error,) in execute(world, "SELECT last_error FROM reconciliations WHERE last_error IS NOT NULL")]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("lodger_reconciliations_total", {"outcome": outcome}) or 0.0
