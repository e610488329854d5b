"""Calendars of other marketplaces that a property follows, and where they contradict its bookings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Final, Literal, assert_never
from uuid import UUID

from domain.events import Fact
from domain.policies import FEEDS_MAX
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """A linked calendar. `name` is the host's word for it, `site` where it comes from.

    Its whole address may hold a secret and is kept elsewhere.
    """

    feed_id: UUID
    name: str
    site: str


@dataclass(frozen=True, slots=True)
class CalendarConflict:
    """Nights `[first, until)` that a linked calendar says are taken, and a booking has."""

    conflict_id: UUID
    feed_id: UUID
    booking_id: UUID
    first: date
    until: date


@dataclass(frozen=True, slots=True)
class CalendarFeedLinked(Fact):
    """From now on the nights that this calendar says are taken are blocked."""

    TOPIC: ClassVar[str] = "CalendarFeedLinked"
    PERSONAL: ClassVar[tuple[str, ...]] = ("feed.name", "feed.site")
    feed: CalendarFeed


@dataclass(frozen=True, slots=True)
class CalendarFeedUnlinked(Fact):
    """It is not followed any more; what it blocked is unblocked with this."""

    TOPIC: ClassVar[str] = "CalendarFeedUnlinked"
    feed_id: UUID


@dataclass(frozen=True, slots=True)
class CalendarConflictsFound(Fact):
    """A linked calendar says that nights are taken which a booking has: somebody was promised them twice."""

    TOPIC: ClassVar[str] = "CalendarConflictsFound"
    conflicts: tuple[CalendarConflict, ...]


How = Literal["dismissed", "gone"]


@dataclass(frozen=True, slots=True)
class CalendarConflictsResolved(Fact):
    """The host dismissed them: the bookings may stand in these nights. Or they are gone: one side gave way."""

    TOPIC: ClassVar[str] = "CalendarConflictsResolved"
    conflict_ids: tuple[UUID, ...]
    how: How


CalendarFeedFact = CalendarFeedLinked | CalendarFeedUnlinked | CalendarConflictsFound | CalendarConflictsResolved


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars that a property follows. A dismissed conflict is kept until it is gone: it is not found again."""

    feeds: Mapping[UUID, CalendarFeed] = field(default_factory=dict)
    conflicts: Mapping[UUID, CalendarConflict] = field(default_factory=dict)
    dismissed: frozenset[UUID] = frozenset()

    def open_conflicts(self) -> list[CalendarConflict]:
        """Those that nobody has resolved, by date."""
        standing = [each for each in self.conflicts.values() if each.conflict_id not in self.dismissed]
        return sorted(standing, key=lambda each: (each.first, each.until, each.conflict_id))


NO_CALENDARS: Final = Calendars()


def origin_of(feed_id: UUID) -> str:
    """The origin of the blocks that follow a feed."""
    return f"feed:{feed_id}"


def feed_of(origin: str) -> UUID | None:
    """The feed that blocks of an origin follow; None for any other block."""
    kind, _, feed_id = origin.partition(":")
    return UUID(feed_id) if kind == "feed" else None


def own_uid(name: str, property_id: UUID) -> str:
    """The UID of an entry of the property's own calendar."""
    return f"{name}@{property_id}"


def is_own(uid: str, property_id: UUID) -> bool:
    """Whether an entry came from the property's own calendar."""
    return uid.endswith(f"@{property_id}")


def evolve(state: Calendars, fact: CalendarFeedFact) -> Calendars:
    match fact:
        case CalendarFeedLinked(feed):
            return replace(state, feeds={**state.feeds, feed.feed_id: feed})
        case CalendarFeedUnlinked(feed_id):
            return replace(state, feeds={i: feed for i, feed in state.feeds.items() if i != feed_id})
        case CalendarConflictsFound(conflicts):
            return replace(state, conflicts={**state.conflicts, **{each.conflict_id: each for each in conflicts}})
        case CalendarConflictsResolved(conflict_ids, "dismissed"):
            return replace(state, dismissed=state.dismissed | set(conflict_ids))
        case CalendarConflictsResolved(conflict_ids):
            left = {i: each for i, each in state.conflicts.items() if i not in conflict_ids}
            return replace(state, conflicts=left, dismissed=state.dismissed & left.keys())
        case _:
            assert_never(fact)


def link(state: Calendars, feed: CalendarFeed) -> tuple[CalendarFeedFact, ...]:
    if len(state.feeds) >= FEEDS_MAX:
        raise Rejected("too_many_feeds", f"A property follows at most {FEEDS_MAX} calendars.", maximum=FEEDS_MAX)
    return (CalendarFeedLinked(feed),)


def unlink(state: Calendars, feed_id: UUID) -> tuple[CalendarFeedFact, ...]:
    """Follow it no more; its conflicts are gone with it."""
    must_be_linked(state, feed_id)
    return (*gone(each.conflict_id for each in conflicts_of(state, feed_id)), CalendarFeedUnlinked(feed_id))


def dismiss(state: Calendars, conflict_id: UUID) -> tuple[CalendarFeedFact, ...]:
    """Let the booking stand in these nights whatever the linked calendar says; nothing when that is said already."""
    if conflict_id not in state.conflicts:
        raise Rejected("conflict_not_found", "There is no such conflict, or it is gone.")
    if conflict_id in state.dismissed:
        return ()
    return (CalendarConflictsResolved((conflict_id,), "dismissed"),)


def gone(conflict_ids: Iterable[UUID]) -> tuple[CalendarFeedFact, ...]:
    resolved = tuple(conflict_ids)
    return (CalendarConflictsResolved(resolved, "gone"),) if resolved else ()


def conflicts_of(state: Calendars, feed_id: UUID) -> list[CalendarConflict]:
    return [each for each in state.conflicts.values() if each.feed_id == feed_id]


def must_be_linked(state: Calendars, feed_id: UUID) -> CalendarFeed:
    if feed_id not in state.feeds:
        raise Rejected("feed_not_found", "There is no such linked calendar.")
    return state.feeds[feed_id]
