"""Alterations that are not paid in time, and what else can happen to a booking meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from application import bookings, nights
from domain.bookings import Cancelled, Confirmed, NoShow, Role
from domain.payments import status
from tests.application.test_alterations import ADDED, DUE, LONGER, PHONE, SHORTER, july, state
from tests.application.test_stay import LATE, TOTAL, refusal_of, rejected, type_name
from tests.support.world import World

pytestmark = pytest.mark.slow


def elapse(world: World, booking: UUID) -> None:
    nights.elapse(world.lodger, world.call(), booking)


# --- what is not paid in time ---------------------------------------------------------------------------------


def test_added_nights_are_free_again_after_15_minutes_though_no_worker_runs(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    payment = world.pay(booking, "mobile_money", phone=PHONE)
    world.clock.pass_(timedelta(minutes=15) - timedelta(microseconds=1))
    rejected("nights_taken", lambda: world.hold(listing, nights=ADDED))
    world.clock.pass_(timedelta(microseconds=1))
    rejected("booking_not_payable", lambda: world.pay(booking))
    rival = world.hold(listing, nights=ADDED)
    assert [name for name in map(type_name, world.events()) if name.startswith("Alteration")] == [
        "AlterationHeld",
        "AlterationExpired",
    ]
    world.approve(payment)  # too late: it goes back in full
    world.react()
    assert status(world.payment(payment)) == "refunded"
    assert state(world, booking).made.quote.stay.nights == 3
    assert (world.nights(listing, booking), world.nights(listing, rival)) == (july(1, 2, 3), july(4))
    assert world.kept_by_provider() == TOTAL


def test_money_for_an_alteration_that_lapsed_and_nobody_expired_buys_it(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    payment = world.pay(booking, "mobile_money", phone=PHONE)
    world.clock.pass_(LATE)
    world.approve(payment)
    world.react()
    assert world.nights(listing, booking) == july(1, 2, 3, 4)
    assert world.kept_by_provider() == TOTAL + DUE


def test_an_authorisation_for_an_alteration_that_lapsed_is_voided(world: World) -> None:
    booking = world.confirmed(world.listing())
    world.alter(booking, LONGER)
    payment = world.pay(booking)
    world.clock.pass_(LATE)
    world.approve(payment)
    world.react()
    assert world.payment(payment).stage == "voided"
    assert state(world, booking).made.quote.stay.nights == 3
    assert world.kept_by_provider() == TOTAL


def test_an_alteration_follows_one_that_lapsed_and_old_money_does_not_pay_for_it(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    old = world.pay(booking, "mobile_money", phone=PHONE)
    rejected("booking_not_alterable", lambda: world.alter(booking, SHORTER))
    world.clock.pass_(LATE)
    world.alter(booking, ("2026-06-30", "2026-07-04"))
    assert world.nights(listing, booking) == ["2026-06-30", *july(1, 2, 3)]
    world.approve(old)
    world.react()
    assert status(world.payment(old)) == "refunded"
    assert state(world, booking).alteration is not None
    world.approve(world.pay(booking))
    world.react()
    assert state(world, booking).made.quote.stay.check_in.isoformat() == "2026-06-30"
    assert world.kept_by_provider() == TOTAL + DUE


def test_a_charge_for_the_alteration_that_lapsed_is_withdrawn_before_the_next_is_paid(world: World) -> None:
    booking = world.confirmed(world.listing())
    world.alter(booking, LONGER)
    old = world.pay(booking)
    world.clock.pass_(LATE)
    world.alter(booking, ("2026-06-30", "2026-07-04"))
    rejected("payment_in_progress", lambda: world.pay(booking))
    world.react()
    assert world.payment(old).stage == "voided"
    world.approve(world.pay(booking))
    world.react()
    assert world.kept_by_provider() == TOTAL + DUE


# --- what else happens meanwhile ------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["guest", "host"])
def test_cancelling_meanwhile_withdraws_the_charge(world: World, by: Role) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    payment = world.pay(booking)
    world.cancel(booking, by)
    world.react()
    assert world.payment(payment).stage == "voided"
    assert world.claims(listing) == []
    assert world.kept_by_provider() == 0


def test_what_was_authorised_or_captured_before_cancelling_goes_back(world: World) -> None:
    for method, stage in (("card", "voided"), ("mobile_money", "captured")):
        booking = world.confirmed(world.listing())
        world.alter(booking, LONGER)
        payment = world.pay(booking, "card" if method == "card" else "mobile_money", phone=PHONE)
        world.approve(payment)
        world.cancel(booking)
        world.react()
        assert world.payment(payment).stage == stage
        assert world.kept_by_provider() == 0


def test_a_no_show_ends_an_alteration_that_is_not_paid(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.at("2026-07-02 12:00:00")
    world.alter(booking, LONGER)
    payment = world.pay(booking, "mobile_money", phone=PHONE)
    bookings.record_no_show(world.lodger, world.call(world.host), booking, world.host)
    assert world.nights(listing, booking) == july(1, 2, 3)
    world.approve(payment)
    world.react()
    assert isinstance(world.booking(booking), NoShow)
    assert world.kept_by_provider() == TOTAL


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
@pytest.mark.parametrize("order", list(permutations(["capture", "expire", "rival", "cancel"])), ids="-".join)
def test_money_ends_with_the_added_nights_or_is_refunded_whatever_the_order(
    world: World, order: tuple[str, ...], late: bool
) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    payment = world.pay(booking, "mobile_money", phone=PHONE)
    if late:
        world.clock.pass_(LATE)
    steps: dict[str, Callable[[], object]] = {
        "capture": lambda: world.approve(payment, react=True),
        "expire": lambda: elapse(world, booking),
        "rival": lambda: world.hold(listing, nights=ADDED),
        "cancel": lambda: world.cancel(booking),
    }
    for step in order:
        if (refusal := refusal_of(steps[step])) is not None:
            assert (step, refusal.code) == ("rival", "nights_taken")
        check(world, listing, booking, reacted=step == "capture")
    world.react()
    check(world, listing, booking, reacted=True)
    # The guest cancelled a month ahead, or nobody did: then there is either the longer stay or the money.
    assert isinstance(world.booking(booking), Cancelled)
    assert world.kept_by_provider() == 0
    assert len(world.claims(listing)) <= 1


@pytest.mark.parametrize("prompt", [True, False], ids=["prompt reactions", "reactions at the end"])
@pytest.mark.parametrize("order", list(permutations(["capture", "expire", "rival", "again"])), ids="-".join)
def test_late_money_and_another_alteration_in_any_order(world: World, order: tuple[str, ...], prompt: bool) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    payment = world.pay(booking, "mobile_money", phone=PHONE)
    world.clock.pass_(LATE)
    steps: dict[str, Callable[[], object]] = {
        "capture": lambda: world.approve(payment, react=prompt),
        "expire": lambda: elapse(world, booking),
        "rival": lambda: world.hold(listing, nights=ADDED),
        "again": lambda: world.alter(booking, ("2026-07-01", "2026-07-06")),
    }
    for step in order:
        if (refusal := refusal_of(steps[step])) is not None:
            assert refusal.code == "nights_taken"
    world.react()
    check(world, listing, booking, reacted=True)
    if state(world, booking).alteration is not None:
        world.approve(world.pay(booking))
        world.react()
        check(world, listing, booking, reacted=True)
        assert state(world, booking).made.quote.stay.nights == 5


def check(world: World, listing: UUID, booking: UUID, *, reacted: bool) -> None:
    """What is kept is the price of the nights that are had; once the reactions have run, to the cent."""
    match world.booking(booking):
        case Confirmed(made, paid_by, alteration):
            had = {night.isoformat() for night in made.quote.stay.dates()}
            held = {night.isoformat() for night in alteration.quote.stay.dates()} if alteration else set()
            assert set(world.nights(listing, booking)) == had | held
            assert len(paid_by) == len(set(paid_by))
            if reacted:
                assert world.kept_by_provider() == made.quote.total.minor
        case _:
            assert world.nights(listing, booking) == []
            if reacted:
                assert world.kept_by_provider() == 0
