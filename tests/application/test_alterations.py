"""Alterations: the nights that they hold and free, and the money, whatever else happens meanwhile.

Three nights at 100.00 and 12% service fee: 336.00. A fourth costs 112.00.
"""

from __future__ import annotations

from uuid import UUID

import pytest

from application import payments
from domain.bookings import Cancelled, Confirmed
from domain.payments import attempt_id
from domain.pricing import CancellationPolicy
from domain.properties import HouseRules
from tests.application.test_stay import LATE, TOTAL, rejected
from tests.support.world import World

STAY = ("2026-07-01", "2026-07-04")
LONGER = ("2026-07-01", "2026-07-05")
SHORTER = ("2026-07-01", "2026-07-03")
ADDED = ("2026-07-04", "2026-07-05")
DUE = 11_200
PHONE = "+256772123456"


def july(*days: int) -> list[str]:
    return [f"2026-07-{day:02}" for day in days]


def state(world: World, booking: UUID) -> Confirmed:
    confirmed = world.booking(booking)
    assert isinstance(confirmed, Confirmed)
    return confirmed


# --- money and nights -----------------------------------------------------------------------------------------


def test_a_stay_that_costs_more_is_had_once_the_difference_is_paid(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, LONGER)
    assert world.nights(listing, booking) == july(1, 2, 3, 4)
    assert state(world, booking).made.quote.stay.nights == 3
    rejected("nights_taken", lambda: world.hold(listing, nights=ADDED))
    payment = world.pay(booking)
    assert world.payment(payment).started.amount.minor == DUE
    world.approve(payment)
    world.react()
    altered = state(world, booking)
    assert (altered.made.quote.stay.nights, altered.made.quote.total.minor) == (4, TOTAL + DUE)
    assert (altered.alteration, altered.paid_by) == (None, (attempt_id(booking, 1), payment))
    assert world.nights(listing, booking) == july(1, 2, 3, 4)
    assert world.kept_by_provider() == TOTAL + DUE
    world.clock.pass_(LATE)  # the nights are held no more, they are the guest's
    rejected("nights_taken", lambda: world.hold(listing, nights=ADDED))


# Of 400.00 for nights and 48.00 for the service; the seconds are UTC, Albany is four hours behind.
@pytest.mark.parametrize(
    ("policy", "at", "kept"),
    [
        ("flexible", "2026-06-30 19:00:00", 0),
        ("flexible", "2026-06-30 19:00:01", 14_800),  # the first night and the service
        ("flexible", "2026-07-02 12:00:00", 24_800),  # two nights and the service
        ("moderate", "2026-06-30 12:00:00", 24_800),  # half of the nights and the service
        ("strict", "2026-06-20 12:00:00", 24_800),
        ("strict", "2026-06-25 12:00:00", 44_800),
        ("non_refundable", "2026-06-01 13:00:00", 40_320),  # all of it, the nights at 90.00
    ],
)
def test_cancelling_gives_back_from_all_payments_what_the_policy_says(
    world: World, policy: CancellationPolicy, at: str, kept: int
) -> None:
    booking = world.confirmed(world.listing(rules=HouseRules(cancellation_policy=policy)))
    world.alter(booking, LONGER)
    world.approve(world.pay(booking))
    world.react()
    paid = world.kept_by_provider()
    world.at(at)
    world.cancel(booking)
    world.react()
    world.reacted_upto = 0
    world.react()  # every reaction twice: nothing more comes back
    cancelled = world.booking(booking)
    assert isinstance(cancelled, Cancelled)
    assert world.kept_by_provider() == kept == paid - cancelled.refund.total.minor


def test_a_refund_that_one_payment_does_not_hold_comes_from_both(world: World) -> None:
    booking = world.confirmed(world.listing())
    world.alter(booking, LONGER)
    world.approve(world.pay(booking))
    world.react()
    world.cancel(booking)
    world.react()
    paid_back = [world.payment(attempt_id(booking, attempt)).refunded.minor for attempt in (1, 2)]
    assert paid_back == [TOTAL, DUE]
    assert world.kept_by_provider() == 0


def test_a_stay_that_costs_less_is_had_at_once_and_its_cancellation_gives_the_rest(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, SHORTER)
    assert state(world, booking).made.quote.total.minor == TOTAL - DUE
    assert world.nights(listing, booking) == july(1, 2)
    world.hold(listing, nights=("2026-07-03", "2026-07-04"))
    world.react()
    assert world.kept_by_provider() == TOTAL - DUE
    world.cancel(booking)
    world.react()
    assert world.kept_by_provider() == 0
    assert world.payment(attempt_id(booking, 1)).refunded.minor == TOTAL


def test_shortening_and_cancelling_give_back_no_more_than_cancelling_alone(world: World) -> None:
    booking = world.confirmed(world.listing(rules=HouseRules(cancellation_policy="moderate")))
    world.at("2026-06-30 12:00:00")  # half of the nights: 150.00
    world.alter(booking, SHORTER)
    world.react()
    assert world.kept_by_provider() == TOTAL - 5_000
    assert state(world, booking).made.quote.total.minor == TOTAL - 5_000
    world.cancel(booking)
    world.react()
    assert world.kept_by_provider() == TOTAL - 15_000


def test_a_host_who_cancels_gives_what_an_alteration_forfeited_back_too(world: World) -> None:
    booking = world.confirmed(world.listing(rules=HouseRules(cancellation_policy="strict")))
    world.at("2026-06-30 12:00:00")
    world.alter(booking, SHORTER)
    world.react()
    assert world.kept_by_provider() == TOTAL
    world.cancel(booking, by="host")
    world.react()
    assert world.kept_by_provider() == 0


def test_up_and_down_again_the_price_is_what_was_paid_and_not_given_back(world: World) -> None:
    booking = world.confirmed(world.listing())
    for stay in (LONGER, SHORTER, ("2026-07-02", "2026-07-07"), STAY):
        world.alter(booking, stay)
        if state(world, booking).alteration:
            world.approve(world.pay(booking))
        world.react()
        assert world.kept_by_provider() == state(world, booking).made.quote.total.minor
    assert world.kept_by_provider() == TOTAL


def test_more_guests_hold_no_more_nights_and_are_paid_for_like_nights(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    claims = world.claims(listing)
    world.alter(booking, STAY, guests=4)  # nobody asks for more here: at once, and for nothing
    assert state(world, booking).made.quote.guests == 4
    assert world.claims(listing) == claims


# --- whose nights ---------------------------------------------------------------------------------------------


def test_a_stay_is_moved_by_one_night_over_its_own(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, ("2026-07-02", "2026-07-05"))
    assert world.nights(listing, booking) == july(2, 3, 4)
    world.alter(booking, STAY)
    assert world.nights(listing, booking) == july(1, 2, 3)
    world.hold(listing, nights=ADDED)


def test_a_longer_stay_that_begins_within_the_old_one_holds_only_what_it_adds(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.alter(booking, ("2026-07-03", "2026-07-07"))
    assert world.nights(listing, booking) == july(1, 2, 3, 4, 5, 6)  # until it is paid it may still be the old one
    world.approve(world.pay(booking))
    world.react()
    assert world.nights(listing, booking) == july(3, 4, 5, 6)
    world.hold(listing, nights=("2026-07-01", "2026-07-03"))


def test_two_stays_swap_their_nights_by_way_of_free_ones(world: World) -> None:
    listing = world.listing()
    one = world.confirmed(listing, ("2026-07-01", "2026-07-03"))
    two = world.confirmed(listing, ("2026-07-03", "2026-07-05"))
    rejected("nights_taken", lambda: world.alter(one, ("2026-07-03", "2026-07-05")))
    world.alter(one, ("2026-07-05", "2026-07-07"))
    world.alter(two, ("2026-07-01", "2026-07-03"))
    world.alter(one, ("2026-07-03", "2026-07-05"))
    assert (world.nights(listing, one), world.nights(listing, two)) == (july(3, 4), july(1, 2))


@pytest.mark.parametrize("taken", [("2026-06-30", "2026-07-01"), ("2026-07-04", "2026-07-05")])
def test_of_nights_added_at_both_ends_all_are_held_or_none(world: World, taken: tuple[str, str]) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    both_ends = ("2026-06-30", "2026-07-05")
    rival = world.hold(listing, nights=taken)
    before, events = state(world, booking), len(world.events())
    rejected("nights_taken", lambda: world.alter(booking, both_ends))
    assert (state(world, booking), len(world.events())) == (before, events)
    assert world.nights(listing, booking) == july(1, 2, 3)
    world.cancel(rival)
    world.alter(booking, both_ends)
    assert world.nights(listing, booking) == ["2026-06-30", *july(1, 2, 3, 4)]


def test_the_guests_of_two_bookings_never_pay_for_each_other(world: World) -> None:
    listing = world.listing()
    one, two = world.confirmed(listing), world.confirmed(listing, ("2026-07-10", "2026-07-12"))
    world.alter(one, LONGER)
    guest = state(world, two).made.guest_id
    rejected(
        "booking_not_found",
        lambda: payments.start(world.lodger, world.call(guest), one, guest, "card", None),
    )
