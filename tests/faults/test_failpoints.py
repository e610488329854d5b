"""kill -9 where it hurts most: around asking a provider and storing what it says (fault 4). M and K hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from time import monotonic, sleep
from typing import Final
from uuid import UUID

import pytest

from domain.bookings import Cancelled, Confirmed
from domain.payments import PaymentCaptured, PaymentStarted, RefundStarted, RefundSucceeded, attempt_id
from infrastructure.workers.reconciler import Reconciler
from tests.api.people import book, host, listing, register
from tests.api.server import call
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.support.ledger_checkers import money_apart
from tests.support.workers import Stage
from tests.support.world import World

pytestmark = pytest.mark.slow

PAYING: Final = (
    "before_append_PaymentStarted",
    "after_append_PaymentStarted",  # the intent is known, the provider was not asked
    "after_start",  # it was asked, and nobody here knows
    "after_append_PaymentActionRequired",  # all is done, and the client was not answered
)
CAPTURING: Final = (
    "after_append_PaymentCaptureStarted",
    "before_capture",
    "after_capture",
    "before_append_PaymentCaptured",
    "after_append_PaymentCaptured",
    "before_append_BookingConfirmed",
    "after_append_BookingConfirmed",
)
REFUNDING: Final = (
    "before_append_RefundStarted",
    "after_append_RefundStarted",
    "before_refund",
    "after_refund",
    "after_append_RefundSucceeded",
)


def test_an_api_that_dies_while_a_guest_pays_charges_once_and_answers_the_repeat(stack: Stack) -> None:
    guest, url = register(stack), stack.wired.settings.database_url
    place = listing(host(stack))
    bookings = [book(guest, place, f"2031-07-{10 + n:02}", f"2031-07-{11 + n:02}") for n in range(len(PAYING))]

    def pay(api: ApiProcess, booking: str) -> tuple[int, dict[str, object]]:
        path, token = f"/v1/bookings/{booking}/payments", api.token(UUID(guest.id))
        return call(api.port, "POST", path, {"payment_method": "card"}, token, Idempotency_Key=f"pays-{booking}")

    for point, booking in zip(PAYING, bookings, strict=True):
        dying = ApiProcess(url, FAILPOINT=f"{point}:kill")
        with pytest.raises((ConnectionError, HTTPException)):
            pay(dying, booking)
        dying.kill()

    reconciler = Reconciler(stack.wired.lodger, stack.wired.database)
    stack.projector.run()
    assert {outcome for _, outcome in reconciler.run_all()} == {"waiting"}
    api = ApiProcess(url)
    try:
        answers = [pay(api, booking) for booking in bookings]
        assert [status for status, _ in answers] == [201] * len(PAYING)
        assert [pay(api, booking) for booking in bookings] == answers
    finally:
        api.kill()
    assert [said["id"] for _, said in answers] == [str(attempt_id(UUID(booking), 1)) for booking in bookings]
    assert stack.count("SELECT count(*) FROM sandbox_charges") == len(PAYING)
    assert stack.count("SELECT count(*) FROM events WHERE type = 'PaymentStarted'") == len(PAYING)
    assert money_apart(stack.wired.projecting, stack.wired.log, stack.wired.lodger.providers) == []


def test_workers_that_die_around_a_capture_take_the_money_once_and_confirm_the_booking(stage: Stage) -> None:
    world, nights = stage.world, soon(stage)
    booking = world.hold(world.listing(), nights=nights)
    world.approve(world.pay(booking))
    for point in CAPTURING:
        stage.worker_dies(point)
    workers = stage.workers()
    happens(lambda: isinstance(world.booking(booking), Confirmed))
    stage.wait_until_caught_up()
    workers.kill()
    assert told(world, PaymentStarted, PaymentCaptured) == 2
    assert world.kept_by_provider() == 22_400  # two nights at 100.00 and 12% service fee
    assert apart(world) == []


def test_workers_that_die_around_a_refund_send_the_money_back_once(stage: Stage) -> None:
    world, nights = stage.world, soon(stage)
    booking = world.hold(world.listing(), nights=nights)
    payment = world.pay(booking, "mobile_money", "+256772123456")
    world.cancel(booking)
    world.approve(payment)  # it was on its way already
    assert world.kept_by_provider() == 22_400
    for point in REFUNDING:
        stage.worker_dies(point)
    workers = stage.workers()
    happens(lambda: world.payment(payment).refunded.minor == 22_400)
    stage.wait_until_caught_up()
    workers.kill()
    assert isinstance(world.booking(booking), Cancelled)
    assert told(world, RefundStarted, RefundSucceeded) == 2
    assert world.kept_by_provider() == 0
    assert apart(world) == []


def test_what_hangs_where_the_money_was_taken_is_taken_up_by_the_next(stage: Stage) -> None:
    world, nights = stage.world, soon(stage)
    booking = world.hold(world.listing(), nights=nights)
    world.approve(world.pay(booking))
    hanging = stage.worker_hangs("after_capture")
    happens(lambda: world.kept_by_provider() > 0)
    assert not isinstance(world.booking(booking), Confirmed)
    hanging.kill()
    workers = stage.workers()
    happens(lambda: isinstance(world.booking(booking), Confirmed))
    stage.wait_until_caught_up()
    workers.kill()
    assert world.kept_by_provider() == 22_400
    assert apart(world) == []


def soon(stage: Stage) -> tuple[str, str]:
    """Two nights, months ahead of whatever day it is."""
    first = stage.world.clock.now().date() + timedelta(days=90)
    return first.isoformat(), (first + timedelta(days=2)).isoformat()


def told(world: World, *facts: type) -> int:
    return sum(isinstance(event.fact, facts) for event in world.events())


def apart(world: World) -> list[str]:
    return money_apart(world.wired.projecting, world.log, world.lodger.providers)


def happens(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.05)
