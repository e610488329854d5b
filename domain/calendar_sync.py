"""What follows when a linked calendar is read: blocks to make and to take away, conflicts found and gone.

Nothing is remembered of a calendar's entries but what derives from them: a block's id is made of the entry's UID and
its nights. So the same entry makes the same block again, and a block that no entry makes any more is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from domain import calendar_feeds
from domain.calendar_feeds import CalendarConflict, CalendarConflictsFound, conflicts_of, is_own, origin_of
from domain.policies import HORIZON_DAYS, STAY_NIGHTS_MAX
from domain.properties import Block, HouseRules, NightsUnblocked, Property, PropertyFact, block, evolve, must_exist
from domain.stays import local_instant

_NIGHT: Final = timedelta(days=1)
_PIECE: Final = timedelta(days=STAY_NIGHTS_MAX)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a calendar says is taken: whole days `[start, end)`, or two instants. One without a zone is local."""

    uid: str
    start: date | datetime
    end: date | datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """A calendar as it was read. `unread` are UIDs of entries whose dates nobody understands."""

    entries: Sequence[Entry]
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Booked:
    """Nights `[first, until)` that a booking has."""

    booking_id: UUID
    first: date
    until: date


@dataclass(frozen=True, slots=True)
class Followed:
    """Facts, with the nights to give back and to take in the same append."""

    facts: tuple[PropertyFact, ...]
    unblock: tuple[UUID, ...]
    block: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Nights `[first, until)` that an entry claims."""

    uid: str
    first: date
    until: date


def follow(
    state: Property, property_id: UUID, feed_id: UUID, reading: Reading, booked: Sequence[Booked], today: date
) -> Followed:
    """Make blocks and conflicts of a feed what `reading` says, beside the nights that are `booked`.

    Nights that a booking has become a conflict, the others of the same entry are blocked. What unreadable entries made
    before stays. Entries of the property's own calendar, come back by way of another, say nothing new.
    """
    calendar_feeds.must_be_linked(state.calendars, feed_id)
    ours = {b.block_id: b for b in state.blocks.values() if b.origin == origin_of(feed_id)}
    known = {c.conflict_id: c for c in conflicts_of(state.calendars, feed_id)}
    blocks = {i: b for i, b in ours.items() if today < b.until and _made_by(reading.unread, feed_id, b)}
    conflicts = {i: c for i, c in known.items() if today < c.until and _found_by(reading.unread, c)}
    for claim in _claims(state, property_id, reading.entries, today):
        in_the_way = [each for each in booked if claim.first < each.until and each.first < claim.until]
        for each in in_the_way:
            conflict = _conflict(feed_id, claim, each)
            if today < conflict.until:
                conflicts[conflict.conflict_id] = conflict
        for first, until in _without(claim, in_the_way):
            block_id = _block_id(feed_id, claim.uid, first, until)
            blocks[block_id] = Block(block_id, first, until, origin_of(feed_id))
    away = tuple(i for i in ours if i not in blocks)
    made = tuple(b for i, b in blocks.items() if i not in ours)
    found = tuple(c for i, c in conflicts.items() if i not in known)
    unblocked = _unblocked(away)
    facts = (
        *unblocked,
        *block(_after(state, unblocked), made),
        *calendar_feeds.gone(i for i in known if i not in conflicts),
        *((CalendarConflictsFound(found),) if found else ()),
    )
    return Followed(facts, away, made)


def unlink(state: Property, feed_id: UUID) -> Followed:
    """Follow a calendar no more, and free what it blocked."""
    away = tuple(b.block_id for b in state.blocks.values() if b.origin == origin_of(feed_id))
    return Followed((*_unblocked(away), *calendar_feeds.unlink(state.calendars, feed_id)), away, ())


def nights_of(entry: Entry, zone: str, rules: HouseRules) -> tuple[date, date] | None:
    """The nights `[first, until)` that an entry takes.

    An entry of whole days takes the nights of these days. One with times takes the nights that it touches, each from
    check-in until check-out at the property; one between the two touches none.
    """
    start, end = entry.start, entry.end
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return start, max(end, start + _NIGHT)
    begins, ends = _local(start, zone), _local(end, zone)
    first, last = begins.date(), ends.date()
    if local_instant(first, rules.check_out_time, zone) > begins:
        first -= _NIGHT
    if local_instant(last, rules.check_in_time, zone) >= ends:
        last -= _NIGHT
    return (first, last + _NIGHT) if first <= last else None


def _claims(state: Property, property_id: UUID, entries: Iterable[Entry], today: date) -> Iterator[_Claim]:
    """What the entries claim of the nights that can still be booked, in pieces as long as a block may be.

    Pieces are counted from the entry's own first night, so that they are the same tomorrow.
    """
    zone = state.location.zone if state.location else "UTC"
    last = today + timedelta(days=HORIZON_DAYS)
    for entry in entries:
        taken = None if is_own(entry.uid, property_id) else nights_of(entry, zone, state.house_rules)
        if taken is None or taken[1] <= today:
            continue
        first, until = taken
        first += max((today - first) // _PIECE, 0) * _PIECE
        while first < until and first <= last:
            yield _Claim(entry.uid, first, min(until, first + _PIECE))
            first += _PIECE


def _without(claim: _Claim, booked: Iterable[Booked]) -> Iterator[tuple[date, date]]:
    """The claim's nights that nobody booked, as ranges."""
    free = claim.first
    for each in sorted(booked, key=lambda each: each.first):
        if free < each.first:
            yield free, each.first
        free = max(free, each.until)
    if free < claim.until:
        yield free, claim.until


def _conflict(feed_id: UUID, claim: _Claim, booked: Booked) -> CalendarConflict:
    first, until = max(claim.first, booked.first), min(claim.until, booked.until)
    conflict_id = _conflict_id(feed_id, claim.uid, first, until, booked.booking_id)
    return CalendarConflict(conflict_id, feed_id, booked.booking_id, first, until)


def _block_id(feed_id: UUID, uid: str, first: date, until: date) -> UUID:
    return uuid5(feed_id, f"{uid} {first}/{until}")


def _conflict_id(feed_id: UUID, uid: str, first: date, until: date, booking_id: UUID) -> UUID:
    return uuid5(feed_id, f"{uid} {first}/{until} {booking_id}")


def _made_by(uids: Iterable[str], feed_id: UUID, block: Block) -> bool:
    return any(_block_id(feed_id, uid, block.first, block.until) == block.block_id for uid in uids)


def _found_by(uids: Iterable[str], c: CalendarConflict) -> bool:
    return any(_conflict_id(c.feed_id, uid, c.first, c.until, c.booking_id) == c.conflict_id for uid in uids)


def _unblocked(block_ids: tuple[UUID, ...]) -> tuple[PropertyFact, ...]:
    return (NightsUnblocked(block_ids),) if block_ids else ()


def _after(state: Property, facts: Iterable[PropertyFact]) -> Property:
    for fact in facts:
        state = must_exist(evolve(state, fact))
    return state


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)) if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))
