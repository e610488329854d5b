"""Bookings on request, from asking to the stay's end, with no worker running unless a test says so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from application import bookings, nights
from domain.bookings import Cancelled, Completed, Confirmed, Declined, Expired, Held, NoShow, Requested
from domain.events import Actor
from domain.properties import HouseRules
from infrastructure.workers.deadlines import meet_deadlines
from infrastructure.workers.projector import Projector
from projections.bookings import BOOKINGS
from tests.application.test_stay import LATE, TOTAL, rejected
from tests.support.world import World

ON_REQUEST = HouseRules(booking_mode="request")
A_DAY = timedelta(hours=24)


def accept(world: World, booking_id: UUID) -> None:
    bookings.accept(world.lodger, world.call(world.host), booking_id, world.host)


def decline(world: World, booking_id: UUID) -> None:
    bookings.decline(world.lodger, world.call(world.host), booking_id, world.host, "renovation")


def test_a_request_that_is_accepted_and_paid_is_confirmed(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    assert isinstance(world.booking(asked), Requested)
    assert world.claims(listing) == []
    world.clock.pass_(A_DAY - timedelta(seconds=1))
    accept(world, asked)
    held = world.booking(asked)
    assert isinstance(held, Held)
    assert held.held_until == world.clock.now() + timedelta(minutes=15)
    assert held.made.terms.agreed_at == world.clock.now()
    assert world.claims(listing) == [asked]
    world.approve(world.pay(asked))
    world.react()
    assert isinstance(world.booking(asked), Confirmed)
    assert world.kept_by_provider() == TOTAL


def test_a_request_that_is_declined_takes_no_nights_and_cannot_be_accepted_after_all(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    decline(world, asked)
    assert isinstance(world.booking(asked), Declined)
    rejected("booking_not_acceptable", lambda: accept(world, asked))
    rejected("booking_not_payable", lambda: world.pay(asked))
    world.hold(listing)


def test_a_request_that_nobody_answers_is_over_after_24_hours_though_no_worker_runs(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    world.clock.pass_(A_DAY)
    rejected("booking_not_acceptable", lambda: accept(world, asked))
    rejected("booking_not_declinable", lambda: decline(world, asked))
    rejected("booking_not_cancellable", lambda: world.cancel(asked))
    assert world.claims(listing) == []
    assert isinstance(world.booking(asked), Requested)  # nobody has written down yet that it expired
    Projector(world.wired.projecting, world.log, [BOOKINGS]).run()
    meet_deadlines(world.lodger, world.wired.database)
    assert isinstance(world.booking(asked), Expired)


def test_an_accepted_request_that_is_not_paid_gives_its_nights_back(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    accept(world, asked)
    world.clock.pass_(LATE)
    rejected("booking_not_payable", lambda: world.pay(asked))
    rival = world.hold(listing)
    accept(world, rival)
    assert isinstance(world.booking(asked), Expired)
    assert world.claims(listing) == [rival]


def test_a_request_whose_nights_went_to_somebody_else_is_not_accepted_and_still_declined(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    first, second = world.hold(listing), world.hold(listing, nights=("2026-07-03", "2026-07-06"))
    accept(world, first)
    before = len(world.events())
    rejected("nights_taken", lambda: accept(world, second))
    assert len(world.events()) == before
    assert isinstance(world.booking(second), Requested)
    decline(world, second)
    assert isinstance(world.booking(second), Declined)
    assert world.claims(listing) == [first]


def test_accepting_expires_the_lapsed_holds_that_are_in_the_way(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    one = world.hold(listing, nights=("2026-07-01", "2026-07-02"))
    two = world.hold(listing, nights=("2026-07-03", "2026-07-04"))
    asked = world.hold(listing)
    accept(world, one)
    accept(world, two)
    rejected("nights_taken", lambda: accept(world, asked))
    world.clock.pass_(LATE)
    accept(world, asked)
    assert [type(world.booking(each)) for each in (one, two, asked)] == [Expired, Expired, Held]
    assert world.claims(listing) == [asked]


def test_a_guest_takes_a_request_back_while_it_is_not_answered(world: World) -> None:
    asked = world.hold(world.listing(rules=ON_REQUEST))
    world.cancel(asked)
    assert isinstance(world.booking(asked), Cancelled)
    rejected("booking_not_acceptable", lambda: accept(world, asked))


def test_the_price_is_the_one_that_was_asked_for(world: World) -> None:
    listing = world.listing(rules=ON_REQUEST)
    asked = world.hold(listing)
    quote = world.booking(asked).made.quote
    world.price(listing, "250.00")
    accept(world, asked)
    assert world.booking(asked).made.quote == quote


# --- how a stay ends ------------------------------------------------------------------------------------------


def test_a_stay_is_complete_after_check_out_and_its_nights_stay_taken(world: World) -> None:
    listing = world.listing()
    booking = world.confirmed(listing)
    world.at("2026-07-04 14:59:59")  # a second before 11:00 in Albany
    assert not nights.elapse(world.lodger, world.call(), booking)
    world.at("2026-07-04 15:00:00")
    rejected("booking_not_cancellable", lambda: world.cancel(booking))
    rejected("booking_not_alterable", lambda: world.alter(booking, ("2026-07-01", "2026-07-06")))
    assert nights.elapse(world.lodger, world.call(), booking)
    assert isinstance(world.booking(booking), Completed)
    assert world.nights(listing, booking) == ["2026-07-01", "2026-07-02", "2026-07-03"]
    assert world.kept_by_provider() == TOTAL


def test_a_guest_who_never_came_gets_nothing_back(world: World) -> None:
    booking = world.confirmed(world.listing())

    def miss() -> None:
        bookings.record_no_show(world.lodger, world.call(world.host), booking, world.host)

    world.at("2026-07-01 18:59:59")  # a second before 15:00 in Albany
    rejected("booking_not_missed", miss)
    world.at("2026-07-01 19:00:00")
    miss()
    world.react()
    assert isinstance(world.booking(booking), NoShow)
    assert world.kept_by_provider() == TOTAL
    rejected("booking_not_cancellable", lambda: world.cancel(booking))
    rejected("booking_not_missed", miss)


def test_the_platform_gives_everything_back_whatever_the_policy_and_says_why(world: World) -> None:
    booking = world.confirmed(world.listing(rules=HouseRules(cancellation_policy="non_refundable")))
    assert world.kept_by_provider() == 30_240  # 10% off the nights
    world.at("2026-07-02 12:00:00")  # in the middle of the stay
    operator = Actor("operator", "ops", "a burst pipe")
    call = world.call(actor=operator)
    bookings.cancel_by_platform(world.lodger, call, booking, "a burst pipe")
    world.react()
    assert isinstance(world.booking(booking), Cancelled)
    assert world.kept_by_provider() == 0
    (cancelled,) = [event for event in world.events() if type(event.fact).__name__ == "BookingCancelled"]
    assert cancelled.actor == operator
