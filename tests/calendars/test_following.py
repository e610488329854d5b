"""Linked calendars over a real database: nights by the guard, facts in the log, and how reading goes beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from uuid import UUID

import msgspec
import pytest

from application import calendar_feeds, properties
from application.ports import Claim
from domain.policies import FEED_PAUSE, FEED_PAUSE_MAX, FEED_READ_ANEW
from domain.properties import Block
from domain.rejections import Rejected
from infrastructure.workers.calendars import read_linked_calendars
from tests.calendars.hosting import URL, Hosting, days, nights
from tests.support.checkers import overlapping_nights


@pytest.fixture
def world(database_url: str) -> Iterator[Hosting]:
    world = Hosting(database_url)
    yield world
    world.close()


def facts(world: Hosting, property_id: UUID) -> list[str]:
    """What happened to a property since it was published."""
    names = [type(event.fact).__name__ for event in world.events() if event.stream_id == property_id]
    return names[names.index("PropertyPublished") + 1 :]


def test_a_linked_calendar_blocks_its_nights_and_the_same_again_appends_nothing(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-04"), days("b", "2026-07-10", "2026-07-12"))

    world.sync()

    assert world.blocked(listing) == nights("2026-07-01", "2026-07-04") | nights("2026-07-10", "2026-07-12")
    assert facts(world, listing) == ["CalendarFeedLinked", "NightsBlocked"]
    before = world.count_events()
    world.sync()
    assert world.count_events() == before
    with pytest.raises(Rejected, match="not free"):
        world.hold(listing, nights=("2026-07-03", "2026-07-05"))


def test_moved_entries_move_and_vanished_ones_free_their_nights(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-04"), days("b", "2026-07-10", "2026-07-12"))
    world.sync()

    world.says(days("a", "2026-07-02", "2026-07-05"))
    world.sync()

    assert world.blocked(listing) == nights("2026-07-02", "2026-07-05")
    world.hold(listing, nights=("2026-07-10", "2026-07-12"))


def test_two_calendars_may_say_the_same_and_the_hosts_own_blocks_stay(world: Hosting) -> None:
    listing = world.listing()
    own = Block(world.lodger.new_id(), date(2026, 7, 2), date(2026, 7, 6))
    properties.block(world.lodger, world.call(world.host), listing, world.host, (own,))
    other = URL.replace("42", "43")
    world.link(listing)
    world.link(listing, other)
    world.says(days("a", "2026-07-01", "2026-07-04"))
    world.says(days("a", "2026-07-01", "2026-07-04"), url=other)
    world.sync()

    world.says()
    world.sync()
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-06")

    world.says(url=other)
    world.sync()
    assert world.blocked(listing) == nights("2026-07-02", "2026-07-06")


def test_an_import_over_a_booking_is_a_conflict_until_the_booking_gives_way(world: Hosting, database_url: str) -> None:
    listing = world.listing()
    booking = world.confirmed(listing, ("2026-07-03", "2026-07-05"))
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-08"))
    world.sync()

    (conflict,) = world.conflicts(listing)
    assert (conflict.booking_id, conflict.first, conflict.until) == (booking, date(2026, 7, 3), date(2026, 7, 5))
    assert world.feed(listing).conflicts == [conflict]
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-03") | nights("2026-07-05", "2026-07-08")
    assert booking in world.claims(listing)

    world.cancel(booking)
    world.sync()

    assert world.conflicts(listing) == []
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-08")
    assert overlapping_nights(database_url) == []


def test_a_dismissed_conflict_keeps_the_booking_and_does_not_come_back(world: Hosting) -> None:
    listing = world.listing()
    booking = world.confirmed(listing, ("2026-07-03", "2026-07-05"))
    world.link(listing)
    world.says(days("a", "2026-07-03", "2026-07-05"))
    world.sync()
    (conflict,) = world.conflicts(listing)

    world.dismiss(listing, conflict.conflict_id)
    before = world.count_events()
    world.sync()

    assert world.conflicts(listing) == []
    assert world.count_events() == before
    assert booking in world.claims(listing)
    # Other dates are another matter.
    world.says(days("a", "2026-07-04", "2026-07-06"))
    world.sync()
    assert [(each.first, each.until) for each in world.conflicts(listing)] == [(date(2026, 7, 4), date(2026, 7, 5))]
    assert world.blocked(listing) == nights("2026-07-05", "2026-07-06")


def test_a_hold_that_lapsed_is_not_in_the_way(world: Hosting) -> None:
    listing = world.listing()
    held = world.hold(listing, nights=("2026-07-03", "2026-07-05"))
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-08"))
    world.clock.pass_(timedelta(minutes=16))

    world.sync()

    assert world.conflicts(listing) == []
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-08")
    assert held not in world.claims(listing)


def test_a_booking_made_while_the_calendar_is_followed_becomes_a_conflict(world: Hosting) -> None:
    """The claims that were asked for are out of date by the time of the append: the guard says so, and all is
    decided anew."""
    listing = world.listing()
    feed_id = world.link(listing)
    log = world.lodger.log
    made: list[UUID] = []

    class Slow:
        def claims(self, *asked: object) -> list[Claim]:
            claims = list(log.claims(*asked))  # type: ignore[arg-type]
            if not made:
                made.append(world.hold(listing, nights=("2026-07-03", "2026-07-05")))
            return claims

        def __getattr__(self, name: str) -> object:
            return getattr(log, name)

    world.lodger = replace(world.lodger, log=Slow())  # type: ignore[arg-type]
    world.follow(listing, feed_id, days("a", "2026-07-01", "2026-07-08"))

    assert [each.booking_id for each in world.conflicts(listing)] == made
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-03") | nights("2026-07-05", "2026-07-08")


def test_an_unreadable_calendar_keeps_its_nights_and_is_asked_less_and_less_often(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-04"))
    read_linked_calendars(world.lodger)
    assert world.feed(listing).progress.due_at == world.clock.now() + FEED_PAUSE

    world.fails()
    pauses = []
    for _ in range(8):
        world.sync()
        pauses.append((world.feed(listing).progress.due_at - world.clock.now()) / FEED_PAUSE)

    assert pauses == [2, 4, 8, 16, 32, 48, 48, 48]
    assert FEED_PAUSE_MAX == 48 * FEED_PAUSE
    progress = world.feed(listing).progress
    assert progress.error == ("unreachable", "It could not be asked for.")
    assert (progress.failures, progress.entries) == (8, 1)
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-04")
    world.says()
    world.sync()
    assert world.feed(listing).progress.error is None
    assert world.blocked(listing) == set()


def test_what_is_too_much_is_said_and_changes_nothing(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-04"))
    world.sync()
    world.says(*(days(str(n), "2026-08-01", "2026-08-02") for n in range(2_001)))
    world.sync()

    error = world.feed(listing).progress.error
    assert error is not None
    assert error[0] == "too_many_blocks"
    assert world.blocked(listing) == nights("2026-07-01", "2026-07-04")


def test_nothing_is_read_before_it_is_due_and_two_workers_do_not_read_the_same(world: Hosting) -> None:
    listings = [world.listing() for _ in range(6)]
    for number, listing in enumerate(listings):
        url = URL.replace("42", str(number))
        world.link(listing, url)
        world.says(days("a", "2026-07-01", "2026-07-04"), url=url)

    workers = [Thread(target=read_linked_calendars, args=[world.lodger]) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    read_linked_calendars(world.lodger)

    assert len(world.desk.asked) == 6
    world.clock.pass_(FEED_PAUSE)
    read_linked_calendars(world.lodger)
    assert len(world.desk.asked) == 12


def test_a_calendar_that_somebody_is_just_taking_is_not_waited_for(world: Hosting) -> None:
    first, second = world.listing(), world.listing()
    taken, free = world.link(first), world.link(second, URL.replace("42", "43"))
    now = world.clock.now()
    with world.wired.database.transaction() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM linked_calendars WHERE feed_id = %s FOR UPDATE", [taken])
        found = world.lodger.linked_calendars.take_due(now, now + timedelta(minutes=5))
        nothing = world.lodger.linked_calendars.take_due(now, now + timedelta(minutes=5))

    assert found is not None
    assert found.feed_id == free
    assert nothing is None


def test_a_calendar_whose_worker_was_killed_is_read_by_another(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    now = world.clock.now()
    assert world.lodger.linked_calendars.take_due(now, now + timedelta(minutes=5)) is not None
    read_linked_calendars(world.lodger)
    assert world.desk.asked == []
    world.clock.pass_(timedelta(minutes=5))
    read_linked_calendars(world.lodger)
    assert len(world.desk.asked) == 1


def test_what_is_still_the_same_is_asked_for_by_its_tag_unless_more_depends_on_it(world: Hosting) -> None:
    listing = world.listing()
    world.link(listing)
    world.desk.etags[URL] = '"1"'
    world.says(days("a", "2026-07-01", "2026-07-04"))
    world.sync()
    world.sync()
    assert [etag for _, etag in world.desk.asked] == [None, '"1"']
    progress = world.feed(listing).progress
    assert (progress.error, progress.entries) == (None, 1)

    world.clock.pass_(FEED_READ_ANEW)  # the day may be another
    world.sync()
    assert world.desk.asked[-1][1] is None

    world.confirmed(listing, ("2026-07-10", "2026-07-12"))
    world.desk.etags[URL] = '"2"'
    world.says(days("a", "2026-07-01", "2026-07-04"), days("b", "2026-07-10", "2026-07-12"))
    world.sync()
    world.sync()  # there is a conflict, which the booking may have left
    assert world.desk.asked[-1][1] is None


def test_the_host_asks_for_it_sooner_once_a_minute(world: Hosting) -> None:
    listing = world.listing()
    feed_id = world.link(listing)
    read_linked_calendars(world.lodger)
    first = world.clock.now()

    hurried = calendar_feeds.hasten(world.lodger, listing, world.host, feed_id)
    assert hurried.progress.due_at == first + timedelta(minutes=1)
    read_linked_calendars(world.lodger)
    assert len(world.desk.asked) == 1
    world.clock.pass_(timedelta(minutes=1))
    read_linked_calendars(world.lodger)
    assert len(world.desk.asked) == 2
    with pytest.raises(Rejected):
        calendar_feeds.hasten(world.lodger, listing, world.person(), feed_id)


def test_unlinking_frees_the_nights_and_forgets_the_address(world: Hosting) -> None:
    listing = world.listing()
    world.confirmed(listing, ("2026-07-03", "2026-07-05"))
    feed_id = world.link(listing)
    world.says(days("a", "2026-07-01", "2026-07-08"))
    world.sync()

    calendar_feeds.unlink(world.lodger, world.call(world.host), listing, world.host, feed_id)

    assert world.blocked(listing) == set()
    assert world.conflicts(listing) == []
    assert world.lodger.linked_calendars.of_property(listing) == {}
    with pytest.raises(Rejected):
        calendar_feeds.unlink(world.lodger, world.call(world.host), listing, world.host, feed_id)


def test_an_address_that_nothing_is_linked_to_is_forgotten_when_its_turn_comes(world: Hosting) -> None:
    listing = world.listing()
    feed_id = world.link(listing)
    linked = world.lodger.linked_calendars.of_property(listing)[feed_id]
    world.lodger.linked_calendars.remember(replace(linked, feed_id=world.lodger.new_id()))

    world.sync()

    assert list(world.lodger.linked_calendars.of_property(listing)) == [feed_id]
    assert world.desk.asked == [(URL, None)]


def test_an_address_that_is_unlinked_while_it_is_read_stays_forgotten(world: Hosting) -> None:
    listing = world.listing()
    feed_id = world.link(listing)
    linked = world.lodger.linked_calendars.of_property(listing)[feed_id]
    world.lodger.linked_calendars.forget(feed_id)
    world.lodger.linked_calendars.update(linked)
    assert world.lodger.linked_calendars.of_property(listing) == {}


def test_the_secret_of_an_address_and_what_entries_are_called_is_in_no_event(world: Hosting) -> None:
    listing = world.listing()
    world.confirmed(listing, ("2026-07-03", "2026-07-05"))
    world.link(listing)
    world.says(days("jane@example.org", "2026-07-01", "2026-07-08"))
    world.sync()
    told = msgspec.json.encode([event.fact for event in world.events()]).decode()
    assert "calendars.example" in told
    assert "secret" not in told
    assert "jane" not in told
