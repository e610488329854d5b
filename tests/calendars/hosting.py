"""A world whose properties follow calendars that tests write down, without any HTTP between."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from application import calendar_feeds
from application.calendar_feeds import ShownFeed
from application.calls import Call
from application.linked_calendars import CalendarRead, CalendarUnreadable
from application.streams import PROPERTY
from domain.calendar_feeds import CalendarConflict
from domain.calendar_sync import Entry, Reading
from domain.events import Actor
from domain.properties import Property, must_exist
from infrastructure.workers.calendars import read_linked_calendars
from tests.support.world import NOON, World

URL = "https://calendars.example/42.ics?s=secret"


class Desk:
    """Implements the reader's port. What a calendar says is what a test put there, by its address."""

    def __init__(self) -> None:
        self.says: dict[str, Reading | CalendarUnreadable] = {}
        self.etags: dict[str, str] = {}
        self.asked: list[tuple[str, str | None]] = []

    def check(self, url: str) -> None:
        """Every address will do."""

    def read(self, url: str, etag: str | None, since: date, until: date) -> CalendarRead | None:
        self.asked.append((url, etag))
        said = self.says[url]
        if isinstance(said, CalendarUnreadable):
            raise said
        if etag is not None and etag == self.etags.get(url):
            return None
        return CalendarRead(said, self.etags.get(url))


class Hosting(World):
    """A world with words for linked calendars."""

    def __init__(self, database_url: str, now: datetime = NOON) -> None:
        super().__init__(database_url, now)
        self.desk = Desk()
        self.lodger = replace(self.lodger, calendar_reader=self.desk)

    def link(self, property_id: UUID, url: str = URL) -> UUID:
        """A linked calendar that says nothing yet; its id."""
        self.desk.says.setdefault(url, Reading(()))
        feed_id = self.lodger.new_id()
        calendar_feeds.link(self.lodger, self.call(self.host), property_id, self.host, feed_id, "Airbnb", url)
        return feed_id

    def says(self, *entries: Entry, url: str = URL, unread: str = "") -> None:
        self.desk.says[url] = Reading(entries, frozenset(unread.split()))

    def fails(self, code: str = "unreachable", url: str = URL) -> None:
        self.desk.says[url] = CalendarUnreadable(code, "It could not be asked for.")

    def sync(self) -> None:
        """Everything that is linked is due, and read by the worker's task."""
        with self.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE linked_calendars SET due_at = %s", [self.clock.now()])
        read_linked_calendars(self.lodger)

    def follow(self, property_id: UUID, feed_id: UUID, *entries: Entry) -> None:
        """Follow what a calendar says, by the use case itself."""
        call = Call(Actor("system", "test"), self.clock.now(), self.lodger.new_id(), self.lodger.new_id())
        calendar_feeds.follow(self.lodger, call, property_id, feed_id, Reading(entries))

    def feed(self, property_id: UUID) -> ShownFeed:
        """The only linked calendar of a property."""
        (shown,) = calendar_feeds.find(self.lodger, property_id, self.host)
        return shown

    def property(self, property_id: UUID) -> Property:
        return must_exist(self.lodger.load(PROPERTY, property_id).state)

    def conflicts(self, property_id: UUID) -> list[CalendarConflict]:
        return self.property(property_id).calendars.open_conflicts()

    def dismiss(self, property_id: UUID, conflict_id: UUID) -> None:
        calendar_feeds.dismiss(self.lodger, self.call(self.host), property_id, self.host, conflict_id)

    def blocked(self, property_id: UUID) -> set[date]:
        """Nights that the guard keeps for blocks."""
        claims = self.lodger.log.claims(property_id, date(2020, 1, 1), date(2040, 1, 1))
        return {
            claim.first + timedelta(days=n)
            for claim in claims
            if claim.kind == "block"
            for n in range((claim.until - claim.first).days)
        }

    def count_events(self) -> int:
        return len(self.events())


def days(uid: str, first: str, until: str) -> Entry:
    """An entry of whole days."""
    return Entry(uid, date.fromisoformat(first), date.fromisoformat(until))


def nights(first: str, until: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(until)
    return {start + timedelta(days=n) for n in range((end - start).days)}
