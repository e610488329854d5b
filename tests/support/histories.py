"""Histories of clients at work at the same time: whether one guard of the nights could have answered them so.

An operation took effect at one moment between its beginning and its end; one that was never answered did so at any
moment after its beginning, or never. From that follows which claims had a night for certain at a time, and which ones
possibly had it. Times are seconds of one clock, nights are numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf
from typing import Final, Literal

Name = Literal["book", "ask", "accept", "decline", "cancel", "alter", "block", "unblock"]
Outcome = Literal["ok", "refused", "unknown"]
Frees = Literal["nothing", "others", "all"]

ENDS: Final[Mapping[Name, str]] = {"cancel": "cancelled", "decline": "declined"}
ONCE: Final[frozenset[Name]] = frozenset({"accept", "decline", "cancel", "unblock"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What one client asked for, when, and what came of it.

    It takes nights for a claim (a booking, or a block of the host's) and frees none, all, or all others that the
    claim has. `claim` is None as long as nobody was told its id. `answer` is the HTTP status, or the problem's code
    where it was refused.
    """

    name: Name
    listing: str
    claim: str | None
    began: float
    ended: float
    outcome: Outcome
    takes: frozenset[int] = frozenset()
    frees: Frees = "nothing"
    answer: str = ""

    @property
    def is_block(self) -> bool:
        return self.name == "block"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown at one moment after the history: who has which nights of which property, and bookings.

    `claims` is (claim, listing, whether it is a block) → nights; `bookings` is id → status and the nights that it has.
    """

    claims: Mapping[tuple[str, str, bool], frozenset[int]]
    bookings: Mapping[str, tuple[str, frozenset[int]]]


@dataclass(frozen=True, slots=True)
class Span:
    """A time during which a claim has a night."""

    claim: str
    listing: str
    night: int
    is_block: bool
    began: float
    ended: float

    def excludes(self, other: Span) -> bool:
        """Whether one of them must not be, if the other is at that time."""
        return (
            (self.listing, self.night) == (other.listing, other.night)
            and self.claim != other.claim
            and not (self.is_block and other.is_block)
        )


def violations(history: Sequence[Operation], shown: Shown) -> list[str]:
    """What no guard could have answered, or shown after it, in words; nothing for a history that is right."""
    named = [(o.claim or f"unnamed {number}", o) for number, o in enumerate(history)]
    certain, possible = list(_certain(named)), list(_possible(named))
    return [
        *_mistakes(history),
        *_overlaps(certain),
        *_unjustified(named, possible),
        *_lost(certain, shown),
        *_unexplained(history, possible, shown),
        *_shared(shown),
        *_contradictions(history, shown),
    ]


Named = Sequence[tuple[str, Operation]]


def _certain(named: Named) -> Iterator[Span]:
    """From when it was surely taken until it was perhaps given back."""
    for claim, take in named:
        for night in take.takes if take.outcome == "ok" else ():
            until = min((r.began for r in _releases(named, claim, night) if _may_follow(r, take)), default=inf)
            if take.ended < until:
                yield Span(claim, take.listing, night, take.is_block, take.ended, until)


def _possible(named: Named) -> Iterator[Span]:
    """From when it was perhaps taken until it was surely given back. A claim that was ended takes nothing again."""
    for claim, take in named:
        for night in take.takes if take.outcome != "refused" else ():
            ends = (
                r.ended
                for r in _releases(named, claim, night)
                if r.outcome == "ok" and (r.frees == "all" or (take.outcome == "ok" and take.ended <= r.began))
            )
            yield Span(claim, take.listing, night, take.is_block, take.began, min(ends, default=inf))


def _releases(named: Named, claim: str, night: int) -> Iterator[Operation]:
    for other, o in named:
        frees = o.frees == "all" or (o.frees == "others" and night not in o.takes)
        if other == claim and frees and o.outcome != "refused":
            yield o


def _may_follow(release: Operation, take: Operation) -> bool:
    return release.outcome == "unknown" or release.ended > take.began


def _mistakes(history: Iterable[Operation]) -> Iterator[str]:
    """Answers that are wrong by themselves."""
    for o in history:
        if o.answer.startswith("5") and o.answer != "503":
            yield f"{o.name} was answered {o.answer}"
    done = Counter((o.claim, o.name) for o in history if o.outcome == "ok" and o.name in ONCE)
    yield from (f"{name} of {claim} took effect {count} times" for (claim, name), count in done.items() if count > 1)


def _overlaps(certain: Sequence[Span]) -> Iterator[str]:
    for one, other in combinations(certain, 2):
        if one.excludes(other) and max(one.began, other.began) < min(one.ended, other.ended):
            yield f"{one.claim} and {other.claim} had night {one.night} of {one.listing} at the same time"


def _unjustified(named: Named, possible: Sequence[Span]) -> Iterator[str]:
    """Refusals though nobody can have had any of the nights during the call."""
    for claim, o in named:
        if o.answer != "nights_taken":
            continue
        wanted = [Span(claim, o.listing, night, o.is_block, o.began, o.ended) for night in o.takes]
        if not any(
            want.excludes(span) and span.began <= o.ended and o.began <= span.ended
            for want in wanted
            for span in possible
        ):
            yield f"{o.name} of nights {sorted(o.takes)} of {o.listing} was refused for nobody's sake"


def _lost(certain: Sequence[Span], shown: Shown) -> Iterator[str]:
    for span in certain:
        has = shown.claims.get((span.claim, span.listing, span.is_block), frozenset())
        if span.ended == inf and span.night not in has:
            yield f"{span.claim} has lost night {span.night} of {span.listing}"


def _unexplained(history: Iterable[Operation], possible: Sequence[Span], shown: Shown) -> Iterator[str]:
    """Nights that are taken, though they were surely given back or nobody asked for them."""
    kept = {(s.claim, s.listing, s.is_block, s.night) for s in possible if s.ended == inf}
    told = {o.claim for o in history}
    perhaps = Counter((o.listing, o.is_block, o.takes) for o in history if o.outcome == "unknown" and not o.claim)
    for (claim, where, is_block), nights in shown.claims.items():
        if claim not in told:
            perhaps[where, is_block, nights] -= 1
            if perhaps[where, is_block, nights] < 0:
                yield f"nobody asked for {claim}, which has nights {sorted(nights)} of {where}"
        elif extra := [night for night in sorted(nights) if (claim, where, is_block, night) not in kept]:
            yield f"{claim} still has nights {extra} of {where}"


def _shared(shown: Shown) -> Iterator[str]:
    owners: dict[tuple[str, int], list[tuple[str, bool]]] = defaultdict(list)
    for (claim, where, is_block), nights in shown.claims.items():
        for night in nights:
            owners[where, night].append((claim, is_block))
    for (where, night), claims in owners.items():
        if len(claims) > 1 and not all(is_block for _, is_block in claims):
            yield f"night {night} of {where} is shown as taken by {len(claims)}"


def _contradictions(history: Iterable[Operation], shown: Shown) -> Iterator[str]:
    """Bookings that say otherwise than the calendar, or than what was done to them."""
    taken = {claim: nights for (claim, _, is_block), nights in shown.claims.items() if not is_block}
    ended: dict[str, set[str]] = defaultdict(set)
    perhaps: dict[str, set[str]] = defaultdict(set)
    for o in history:
        if o.claim and o.name in ENDS and o.outcome != "refused":
            (ended if o.outcome == "ok" else perhaps)[o.claim].add(ENDS[o.name])
    for booking, (status, nights) in shown.bookings.items():
        if taken.get(booking, frozenset()) != nights:
            yield f"{booking} says it has {sorted(nights)}, the calendar {sorted(taken.get(booking, ()))}"
        expected = ended[booking] or (perhaps[booking] | {"pending", "confirmed"})
        if status not in expected or len(ended[booking]) > 1:
            yield f"{booking} is {status}, though it should be {' or '.join(sorted(expected))}"
