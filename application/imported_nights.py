"""Blocks that follow from another marketplace's calendar: pure decisions on sets of nights."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from application.imported_listings import Availability
from domain.policies import STAY_NIGHTS_MAX
from domain.properties import Block

_NIGHT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """Blocks to take away and to make. A block that is only shortened is taken away and what is left made anew."""

    unblock: tuple[UUID, ...]
    block: tuple[Block, ...]
    nights_blocked: int
    nights_freed: int


def follow(blocks: Iterable[Block], said: Availability, origin: str, seed: UUID) -> CalendarChange:
    """Make the imported blocks (those of `origin`) say what the calendar says, with as few changes as possible.

    Nights the calendar does not mention stay as they are. Ids of new blocks derive from `seed` and their range.
    """
    ours = {block.block_id: frozenset(nights(block.first, block.until)) for block in blocks if block.origin == origin}
    before = frozenset[date]().union(*ours.values())
    after = (before - said.available) | said.unavailable
    cut = tuple(block_id for block_id, held in ours.items() if not held <= after)
    kept = frozenset[date]().union(*(held for block_id, held in ours.items() if block_id not in cut))
    made = tuple(Block(uuid5(seed, f"{first}/{until}"), first, until, origin) for first, until in ranges(after - kept))
    return CalendarChange(cut, made, len(after - before), len(before - after))


def nights(first: date, until: date) -> Iterator[date]:
    """The nights of `[first, until)`."""
    return (first + timedelta(days=n) for n in range((until - first).days))


def ranges(of: Collection[date]) -> Iterator[tuple[date, date]]:
    """Consecutive nights as `[first, until)`, in order, none longer than a block may be."""
    first: date | None = None
    until: date | None = None
    for night in sorted(of):
        if first is None or night != until or (night - first).days == STAY_NIGHTS_MAX:
            if first is not None and until is not None:
                yield first, until
            first = night
        until = night + _NIGHT
    if first is not None and until is not None:
        yield first, until
