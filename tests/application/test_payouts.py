"""Paying hosts: a day after check-in, less what they owe, unless something holds it; once, whatever fails."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from application import bookings, payouts, settlement
from application.payment_ports import GatewayUnavailable, PayoutOrder, PayoutReport
from domain.balances import Balance, balances
from domain.disputes import DisputeReport
from domain.events import Actor
from domain.host_accounts import HostDebtRecorded, HostEarningRecorded, PayoutPaid, PayoutScheduled, account_id
from domain.money import Money
from domain.payments import Evidence
from domain.rejections import Rejected
from infrastructure.workers.host_payouts import pay_hosts
from infrastructure.workers.projector import Projector
from projections.host_accounts import HOST_ACCOUNTS, earnings_of, payouts_of
from tests.support.projection_checkers import unlike_rebuilt
from tests.support.world import World

NIGHTS = ("2026-07-01", "2026-07-04")
LATER_NIGHTS = ("2026-07-11", "2026-07-14")
RELEASED = "2026-07-02 19:00:00"
"""Check-in is at 15:00 in New York on 1 July, which is 19:00 in UTC."""
SHARE = Money(29_100, "USD")
"""Three nights at 100.00, less the host's fee of 3 %: 300.00 - 9.00."""
PHONE = "+256772123456"
EVIDENCE = Evidence("sandbox", "po_1", "0" * 64)


class Unreliable:
    """A provider that does what the test says, and remembers what it was asked for."""

    name = "sandbox"

    def __init__(self) -> None:
        self.answers: list[PayoutReport | GatewayUnavailable] = []
        self.asked: list[PayoutOrder] = []

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        self.asked.append(order)
        answer = self.answers.pop(0) if self.answers else PayoutReport("paid", EVIDENCE)
        if isinstance(answer, GatewayUnavailable):
            raise answer
        return answer


@pytest.fixture
def provider(world: World) -> Any:
    """Whoever pays hosts in the test's world."""
    unreliable: Any = Unreliable()
    sandbox = world.lodger.providers["sandbox"]
    world.lodger = replace(world.lodger, providers={"sandbox": _Both(sandbox, unreliable)})
    return unreliable


class _Both:
    """The sandbox, but payouts are the other's."""

    def __init__(self, sandbox: Any, other: Any) -> None:
        self._sandbox = sandbox
        self.pay_out = other.pay_out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)


def choose(world: World, phone: str = PHONE) -> None:
    payouts.choose_destination(world.lodger, world.call(world.host), world.host, "mobile_money", phone)


def pay(world: World) -> None:
    """What the workers do, without their back-off."""
    with suppress(GatewayUnavailable):
        for payout_id in payouts.schedule(world.lodger, world.call(), world.host):
            payouts.carry_out(world.lodger, world.call(), world.host, payout_id)


def balance(world: World) -> Balance:
    (only,) = balances(payouts.account_of(world.lodger, world.host).state, world.clock.now())
    return only


def facts(world: World, kind: type) -> list[Any]:
    return [event.fact for event in world.events() if isinstance(event.fact, kind)]


def operator(world: World, reason: str = "asked by the police") -> Any:
    return world.call(actor=Actor("operator", "operator", reason))


def test_a_host_is_paid_a_day_after_check_in(world: World) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at("2026-07-02 18:59:59")
    pay(world)
    assert (balance(world).upcoming, balance(world).paid.minor) == (SHARE, 0)
    world.at(RELEASED)
    pay(world)
    assert (balance(world).due.minor, balance(world).paid) == (0, SHARE)


def test_an_account_lives_in_its_hosts_partition_and_every_fact_says_why(world: World) -> None:
    world.confirmed(world.listing(), NIGHTS)
    (event,) = [event for event in world.events() if isinstance(event.fact, HostEarningRecorded)]
    assert (event.stream_id, event.partition_key) == (account_id(world.host), world.host)
    assert event.causation_id is not None


def test_reactions_that_come_again_record_nothing_again(world: World) -> None:
    world.confirmed(world.listing(), NIGHTS)
    world.reacted_upto = 0
    world.react()
    assert len(facts(world, HostEarningRecorded)) == 1


def test_a_booking_cancelled_before_anything_was_paid_out_earns_nothing_any_more(world: World) -> None:
    choose(world)
    booking = world.confirmed(world.listing(), NIGHTS)
    world.cancel(booking, "host")
    world.react()
    world.at(RELEASED)
    pay(world)
    assert facts(world, PayoutScheduled) == []
    assert balance(world).upcoming.minor == balance(world).due.minor == 0


def test_a_refund_after_the_payout_is_netted_once_from_the_next_one_of_another_property(world: World) -> None:
    """The platform gives the guest everything back after the host was paid 291.00 for it; the next stay earns 388.00,
    a third one 291.00."""
    choose(world)
    booking = world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    pay(world)
    bookings.cancel_by_platform(world.lodger, operator(world), booking, "The house burnt down.")
    world.react()
    assert [(debt.amount, debt.reason) for debt in facts(world, HostDebtRecorded)] == [(SHARE, "refund_after_payout")]

    other = world.listing()
    world.confirmed(other, ("2026-07-11", "2026-07-15"))
    world.confirmed(other, ("2026-07-21", "2026-07-24"))
    world.at("2026-07-12 19:00:00")
    pay(world)
    world.at("2026-07-22 19:00:00")
    pay(world)
    assert [payout.amount.minor for payout in facts(world, PayoutScheduled)] == [29_100, 38_800 - 29_100, 29_100]
    assert balance(world).owed.minor == 0


def test_without_a_destination_nothing_is_scheduled(world: World) -> None:
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    pay(world)
    assert facts(world, PayoutScheduled) == []
    assert balance(world).due == SHARE


def test_an_operators_hold_keeps_the_account_until_it_is_lifted(world: World) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    done = payouts.hold(world.lodger, operator(world), world.host, None, "papers are missing")
    pay(world)
    assert (balance(world).held, balance(world).paid.minor) == (SHARE, 0)
    (hold_id,) = done.state.holds
    payouts.lift(world.lodger, operator(world), world.host, hold_id)
    pay(world)
    assert balance(world).paid == SHARE


def test_what_an_operator_charges_is_taken_from_the_next_payout(world: World) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    payouts.charge(world.lodger, operator(world), world.host, Money(9_100, "USD"))
    world.at(RELEASED)
    pay(world)
    assert balance(world).paid == Money(20_000, "USD")


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_holds_what_its_booking_earns_until_it_ends(world: World, outcome: Any) -> None:
    """A dispute that is lost is the platform's loss: the host is paid all the same."""
    choose(world)
    booking = world.hold(world.listing(), nights=NIGHTS)
    payment = world.pay(booking)
    world.approve(payment, react=True)
    paid, none = world.payment(payment).started.amount, Money(0, "USD")

    def said(of: Any) -> None:
        report = DisputeReport("dp_1", of, paid, Money(1_500, "USD"), none, "fraudulent", EVIDENCE)
        settlement.record_dispute(world.lodger, world.call(), payment, report)
        world.react()

    said("opened")
    world.at(RELEASED)
    pay(world)
    assert balance(world).held == SHARE
    said(outcome)
    pay(world)
    assert balance(world).paid == SHARE


def test_a_provider_that_is_away_is_asked_again_with_the_same_key_for_the_same_place(
    world: World, provider: Unreliable
) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    provider.answers = [GatewayUnavailable(), PayoutReport("pending", EVIDENCE)]
    pay(world)
    choose(world, "+256772999999")
    pay(world)
    pay(world)
    pay(world)
    assert [(order.key, order.destination) for order in provider.asked] == [(provider.asked[0].key, PHONE)] * 3
    assert balance(world).paid == SHARE
    assert len(facts(world, PayoutScheduled)) == 1


def test_a_payout_whose_provider_is_not_set_up_any_more_waits_until_it_is(world: World, provider: Unreliable) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    provider.answers = [GatewayUnavailable()]
    pay(world)
    (scheduled,) = facts(world, PayoutScheduled)
    without = replace(world.lodger, providers={})
    with pytest.raises(GatewayUnavailable, match="sandbox is not set up"):
        payouts.carry_out(without, world.call(), world.host, scheduled.payout_id)
    pay(world)
    assert balance(world).paid == SHARE


def test_a_payout_that_fails_is_not_tried_again_until_the_host_is_paid_elsewhere(
    world: World, provider: Unreliable
) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    provider.answers = [PayoutReport("failed", EVIDENCE, "account_closed")]
    pay(world)
    pay(world)
    assert (len(provider.asked), balance(world).held) == (1, SHARE)
    choose(world, "+256772999999")
    pay(world)
    assert [order.destination for order in provider.asked] == [PHONE, "+256772999999"]
    assert provider.asked[0].key != provider.asked[1].key
    assert balance(world).paid == SHARE


def test_an_operator_has_a_failed_payout_tried_again(world: World, provider: Unreliable) -> None:
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    provider.answers = [PayoutReport("failed", EVIDENCE, "account_closed")]
    pay(world)
    with pytest.raises(Rejected, match="no such payout"):
        payouts.retry(world.lodger, operator(world), world.host, UUID(int=1))
    payouts.retry(world.lodger, operator(world), world.host, provider.asked[0].payout_id)
    pay(world)
    assert balance(world).paid == SHARE


def test_workers_that_pay_at_once_pay_once(world: World) -> None:
    """By the provider's own books, too."""
    choose(world)
    for _ in range(3):
        world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    workers = [Thread(target=pay, args=[world]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert balance(world).paid == SHARE * 3
    assert len(facts(world, PayoutScheduled)) == len(facts(world, PayoutPaid)) == 1
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT minor, destination FROM sandbox_payouts")
        assert cursor.fetchall() == [(3 * 29_100, PHONE)]


def test_the_workers_pay_who_is_due_and_ask_again_later(world: World, provider: Unreliable) -> None:
    """What waits is left alone for a while: another pass asks for nothing."""
    choose(world)
    world.confirmed(world.listing(), NIGHTS)
    world.confirmed(world.listing(), LATER_NIGHTS)
    project(world)
    pay_hosts(world.lodger, world.wired.database)
    assert provider.asked == []
    world.at(RELEASED)
    provider.answers = [GatewayUnavailable()]
    for _ in range(2):
        pay_hosts(world.lodger, world.wired.database)
        project(world)
    assert len(provider.asked) == 1
    execute(world, "UPDATE payout_attempts SET next_attempt_at = clock_timestamp()")
    pay_hosts(world.lodger, world.wired.database)
    assert balance(world).paid == SHARE
    assert balance(world).upcoming == SHARE


def test_the_lists_are_what_the_log_says(world: World, provider: Unreliable) -> None:
    choose(world)
    booking = world.confirmed(world.listing(), NIGHTS)
    world.at(RELEASED)
    provider.answers = [PayoutReport("failed", EVIDENCE, "account_closed")]
    pay(world)
    payouts.charge(world.lodger, operator(world), world.host, Money(9_100, "USD"))
    choose(world)
    world.clock.pass_(timedelta(minutes=1))
    pay(world)
    upcoming = world.confirmed(world.listing(), LATER_NIGHTS)
    project(world)
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        listed = payouts_of(cursor, world.host).items
        (earning,) = earnings_of(cursor, world.host).items
        newest = payouts_of(cursor, world.host, limit=1)
        assert payouts_of(cursor, world.host, newest.after).items == listed[1:]
    assert [(each.status, each.amount.minor, each.failure_code) for each in listed] == [
        ("paid", 20_000, None),
        ("failed", 29_100, "account_closed"),
    ]
    assert [(part.booking_id, part.amount) for part in listed[0].earnings] == [(booking, SHARE)]
    assert [(part.reason, part.amount.minor) for part in listed[0].debts] == [("charged", 9_100)]
    assert (earning.booking_id, earning.amount) == (upcoming, SHARE)
    assert unlike_rebuilt(world.wired.projecting, world.log, HOST_ACCOUNTS) == []


def project(world: World) -> None:
    Projector(world.wired.projecting, world.log, [HOST_ACCOUNTS]).run()


def execute(world: World, statement: str) -> None:
    world.execute(statement)
