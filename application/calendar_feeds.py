"""Use cases of linked calendars: link, read, follow, dismiss a conflict, unlink."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from application.calls import Call
from application.linked_calendars import CalendarUnreadable, LinkedCalendar
from application.lodger import Lodger, retried
from application.nights import taking_nights
from application.ports import NightsChange, VersionConflict
from application.properties import nights_of
from application.streams import PROPERTY, Done
from domain import calendar_feeds, calendar_sync
from domain.calendar_feeds import CalendarConflict, CalendarFeed, conflicts_of
from domain.calendar_sync import Booked, Reading
from domain.policies import FEED_PAUSE, FEED_PAUSE_MAX, FEED_READ_ANEW, HORIZON_DAYS, STAY_NIGHTS_MAX
from domain.properties import Property, PropertyFact, must_be_hosted_by, must_exist
from domain.rejections import Rejected
from domain.stays import local_date

PropertyDone = Done[Property | None, PropertyFact]

_HURRIED: Final = timedelta(minutes=1)
"""How soon after an attempt the host may ask for another."""


@dataclass(frozen=True, slots=True)
class ShownFeed:
    """A linked calendar, how reading it goes, and its conflicts; those that the host dismissed are not among them."""

    feed: CalendarFeed
    progress: LinkedCalendar
    conflicts: list[CalendarConflict]


@retried
def link(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, feed_id: UUID, name: str, url: str
) -> PropertyDone:
    """Follow a calendar from now on. A worker reads it soon."""
    lodger.calendar_reader.check(url)
    feed = CalendarFeed(feed_id, name, site=urlsplit(url).hostname or "")
    listing = lodger.load(PROPERTY, property_id, call)
    state = must_be_hosted_by(listing.state, host_id)
    facts = calendar_feeds.link(state.calendars, feed)
    # Before the fact: an address that nothing is linked to is forgotten when its turn comes.
    lodger.linked_calendars.remember(LinkedCalendar(feed_id, property_id, url, due_at=call.now))
    return lodger.append(call, listing.then(facts))


@retried
def unlink(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, feed_id: UUID) -> PropertyDone:
    """Follow a calendar no more; the nights that it blocked are free."""
    listing = lodger.load(PROPERTY, property_id, call)
    followed = calendar_sync.unlink(must_be_hosted_by(listing.state, host_id), feed_id)
    done = lodger.append(call, listing.then(followed.facts), nights=NightsChange(give_back=followed.unblock))
    lodger.linked_calendars.forget(feed_id)
    return done


@retried
def dismiss(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, conflict_id: UUID) -> PropertyDone:
    """Let the booking stand in nights that a linked calendar says are taken."""
    listing = lodger.load(PROPERTY, property_id, call)
    state = must_be_hosted_by(listing.state, host_id)
    return lodger.append(call, listing.then(calendar_feeds.dismiss(state.calendars, conflict_id)))


def hasten(lodger: Lodger, property_id: UUID, host_id: UUID, feed_id: UUID) -> ShownFeed:
    """Have a calendar read as soon as a worker can, at most once a minute."""
    state = must_be_hosted_by(lodger.load(PROPERTY, property_id).state, host_id)
    calendar_feeds.must_be_linked(state.calendars, feed_id)
    (before,) = (each for each in shown(lodger, property_id, state) if each.feed.feed_id == feed_id)
    now, attempted = lodger.clock.now(), before.progress.attempted_at
    due_at = max(now, attempted + _HURRIED) if attempted else now
    lodger.linked_calendars.hasten(feed_id, due_at)
    lodger.wake()
    return replace(before, progress=replace(before.progress, due_at=min(due_at, before.progress.due_at)))


def find(lodger: Lodger, property_id: UUID, host_id: UUID) -> list[ShownFeed]:
    """The calendars that a property follows, for its host."""
    return shown(lodger, property_id, must_be_hosted_by(lodger.load(PROPERTY, property_id).state, host_id))


def shown(lodger: Lodger, property_id: UUID, state: Property) -> list[ShownFeed]:
    progress = lodger.linked_calendars.of_property(property_id)
    standing = state.calendars.open_conflicts()
    return [
        ShownFeed(feed, progress[feed_id], [each for each in standing if each.feed_id == feed_id])
        for feed_id, feed in state.calendars.feeds.items()
        if feed_id in progress
    ]


def read(lodger: Lodger, call: Call, linked: LinkedCalendar) -> LinkedCalendar | None:
    """Read a linked calendar and follow what it says. Returns how that went; None when it is linked no more.

    Nobody waits for it in a transaction. One that cannot be read changes no night and is asked less and less often.
    """
    state = must_exist(lodger.load(PROPERTY, linked.property_id).state)
    if linked.feed_id not in state.calendars.feeds:
        lodger.linked_calendars.forget(linked.feed_id)
        return None
    try:
        after = _read(lodger, call, linked, state)
    except CalendarUnreadable as unreadable:
        after = replace(linked, failures=linked.failures + 1, error=(unreadable.code, str(unreadable)))
    except Rejected as refusal:
        after = replace(linked, failures=linked.failures + 1, error=(refusal.code, refusal.message))
    pause = min(FEED_PAUSE * 2**after.failures, FEED_PAUSE_MAX)
    after = replace(after, attempted_at=call.now, due_at=call.now + pause)
    lodger.linked_calendars.update(after)
    return after


def _read(lodger: Lodger, call: Call, linked: LinkedCalendar, state: Property) -> LinkedCalendar:
    today = local_date(call.now, state.location.zone if state.location else "UTC")
    # What follows also depends on the bookings in the way and on the day: then it is read in full.
    same = (
        linked.read_at is not None
        and call.now - linked.read_at < FEED_READ_ANEW
        and not linked.failures
        and not conflicts_of(state.calendars, linked.feed_id)
    )
    until = today + timedelta(days=HORIZON_DAYS)
    found = lodger.calendar_reader.read(linked.url, linked.etag if same else None, today, until)
    if found is None:
        return replace(linked, failures=0, error=None)
    follow(lodger, call, linked.property_id, linked.feed_id, found.reading)
    return replace(
        linked,
        etag=found.etag,
        read_at=call.now,
        failures=0,
        error=None,
        entries=len(found.reading.entries),
        notes=found.notes,
    )


@retried
def follow(lodger: Lodger, call: Call, property_id: UUID, feed_id: UUID, reading: Reading) -> None:
    """Make blocks and conflicts what a calendar says, in one append."""
    listing = lodger.load(PROPERTY, property_id)
    state = must_exist(listing.state)
    today = local_date(call.now, state.location.zone if state.location else "UTC")
    longest = timedelta(days=STAY_NIGHTS_MAX)
    claims = lodger.log.claims(property_id, today - longest, today + timedelta(days=HORIZON_DAYS) + longest)
    booked = [
        Booked(claim.claim_id, claim.first, claim.until)
        for claim in claims
        if claim.kind == "stay" and (claim.held_until is None or claim.held_until > call.now)
    ]
    followed = calendar_sync.follow(state, property_id, feed_id, reading, booked, today)
    if not followed.facts:
        return
    nights = NightsChange(followed.unblock, [nights_of(property_id, block) for block in followed.block])
    try:
        taking_nights(lodger, call, lambda: lodger.append(call, listing.then(followed.facts), nights=nights))
    except Rejected as refusal:
        if refusal.code != "nights_taken":
            raise
        raise VersionConflict("booked since the claims were asked for") from refusal
