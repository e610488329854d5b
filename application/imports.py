"""Use case: bring another marketplace's listings in, with their reviews, and keep them as its snapshots say.

The streams decide: what is there already makes no event, so a run that was killed is simply run again, and a later
snapshot adds what changed. What was imported is remembered beside the streams, to skip what is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

from application import users
from application.calls import Call
from application.imported_listings import (
    Availability,
    Imported,
    ImportedListings,
    Listing,
    Noted,
    Outcome,
    Remembered,
    Result,
    RowRefused,
    Snapshot,
    property_id_of,
    user_id_of,
)
from application.imported_nights import nights, ranges
from application.imported_properties import ACTOR, Decision, Told, decide, withdraw
from application.imported_reviews import bring_in_reviews
from application.lodger import TRIES, Histories, Lodger, retried
from application.nights import elapse
from application.ports import NightsChange, NightsTaken
from application.properties import nights_of
from application.streams import PROPERTY, USER, Stream
from domain.events import Actor
from domain.properties import Location, Property, Source
from domain.rejections import Rejected
from domain.users import User, UserFact

_USERNAME_MAX: Final = 30
_REMEMBERED_AT_ONCE: Final = 50
_FORGOTTEN: Final = "its host was erased here: nothing of it is brought in"
_DIGEST_VERSION: Final = 1
"""Raised when the same row should make something else of a property: everything is then looked at again."""


@dataclass(frozen=True, slots=True)
class _Run:
    lodger: Lodger
    snapshot: Snapshot
    run_id: UUID
    refused_nights: dict[str, list[tuple[date, str]]] = field(default_factory=dict)
    """Nights left out because a stay has them: the first of each range and why, by listing."""

    def call(self) -> Call:
        snapshot = self.snapshot
        return Call(
            actor=Actor("operator", ACTOR, reason=f"{snapshot.origin} {snapshot.market.name} {snapshot.scraped}"),
            now=self.lodger.clock.now(),
            command_id=self.lodger.new_id(),
            correlation_id=self.run_id,
        )


def bring_in(
    lodger: Lodger, imported: ImportedListings, snapshot: Snapshot, limit: int | None = None
) -> Generator[Outcome, None, None]:
    """Import a snapshot and tell what becomes of each row as it happens; closing the iterator stops cleanly.

    With `limit` only the first listings are imported, with their reviews, and none is taken for gone. Raises Rejected
    `snapshot_older` or `market_unlike` before anything is changed.
    """
    run = _Run(lodger, snapshot, lodger.new_id())
    market = snapshot.market.name
    known = imported.of_market(market)
    _must_follow(snapshot, known)
    yield from snapshot.read_calendar()
    done: dict[str, Remembered] = {}
    here: set[str] = set()
    try:
        for outcome in _listings(run, known, done, limit):
            yield outcome
            if isinstance(outcome, Imported):
                here.add(outcome.external_id)
            if len(done) >= _REMEMBERED_AT_ONCE:
                imported.remember(market, done)
                done.clear()
    finally:
        imported.remember(market, done)
    if limit is None and snapshot.is_whole:
        for external_id in sorted(known.keys() - set(snapshot.listing_ids)):
            yield _gone(lodger, run, external_id, known[external_id].property_id)
            imported.forget(market, external_id)
    yield from bring_in_reviews(lodger, snapshot, here, run.call)
    yield from snapshot.refused_nights(run.refused_nights)


def _must_follow(snapshot: Snapshot, known: Mapping[str, Remembered]) -> None:
    market = snapshot.market.name
    latest = max((each.scraped for each in known.values()), default=snapshot.scraped)
    if snapshot.scraped < latest:
        raise Rejected(
            "snapshot_older", f"{market} was imported as of {latest} already; this is older, of {snapshot.scraped}."
        )
    if known and known.keys().isdisjoint(snapshot.listing_ids):
        raise Rejected(
            "market_unlike", f"None of the {len(known)} listings known in {market} is here: is this another market?"
        )


def _listings(
    run: _Run, known: Mapping[str, Remembered], done: dict[str, Remembered], limit: int | None
) -> Iterator[Outcome]:
    """Import listing by listing; those that need not be looked at again go into `done`."""
    snapshot, count = run.snapshot, 0
    for listing in snapshot.listings():
        if not isinstance(listing, Listing):
            yield listing
            continue
        if count == limit:
            return
        count += 1
        said = snapshot.availability(listing)
        digest = _digest(snapshot, listing, said)
        before = known.get(listing.external_id)
        property_id = property_id_of(listing.external_id)
        if before is not None and before.digest == digest:
            outcomes: list[Outcome] = [Imported(listing.external_id, property_id, "unchanged")]
        else:
            try:
                outcomes = _import(run.lodger, run, listing, said)
            except Rejected as refusal:
                yield RowRefused(snapshot.listings_file, listing.line, listing.external_id, refusal.message)
                continue
        if not any(isinstance(outcome, Imported) for outcome in outcomes):
            yield from outcomes
            continue
        finished = listing.external_id not in run.refused_nights
        done[listing.external_id] = Remembered(property_id, digest if finished else None, snapshot.scraped)
        yield from outcomes


@retried
def _import(lodger: Lodger, run: _Run, listing: Listing, said: Availability) -> list[Outcome]:
    """Bring one listing in with its calendar, in one append; nights that a stay has are left out of it.

    What was forgotten is not brought in again, wherever it still stands: then there is a note, and nothing imported.
    """
    property_id, user_id = property_id_of(listing.external_id), user_id_of(listing.host_id)
    history = lodger.read(property_id, user_id)
    state = history.stream(PROPERTY, property_id).state
    if history.stream(USER, user_id).state.is_erased or (state is not None and state.is_erased):
        return [Noted(run.snapshot.listings_file, listing.line, listing.external_id, _FORGOTTEN)]
    events = history.by_stream[property_id]
    told = _told(run, listing, said, history)
    booked: dict[date, UUID] = {}
    registered = False
    for _ in range(TRIES):
        free = replace(said, unavailable=said.unavailable - booked.keys())
        decision = decide(property_id, events, replace(told, availability=free))
        if decision.before is None and not registered:
            registered = _register(run, listing, history.stream(USER, user_id))
        try:
            _append(run, decision)
        except NightsTaken as taken:
            booked |= _booked(run, taken)
            continue
        refused = _refused(said, booked)
        if refused:
            run.refused_nights[listing.external_id] = refused
        return [*_notes(run, listing, decision), _imported(listing, decision, registered)]
    raise Rejected("busy", "Its nights are being booked right now. Import it again.")


def _told(run: _Run, listing: Listing, said: Availability, history: Histories) -> Told:
    market = run.snapshot.market
    state = history.stream(PROPERTY, property_id_of(listing.external_id)).state
    return Told(
        listing=listing,
        source=Source(run.snapshot.origin, market.name, listing.external_id),
        host_id=user_id_of(listing.host_id),
        location=Location(
            listing.neighbourhood or market.city,
            market.city,
            market.country,
            listing.latitude_e6,
            listing.longitude_e6,
            _zone(run.lodger, listing, state),
        ),
        availability=said,
        blocked_on=run.snapshot.scraped,
    )


def _zone(lodger: Lodger, listing: Listing, state: Property | None) -> str:
    """Looked up for a place that is new only."""
    known = state.location if state else None
    if known and (known.latitude_e6, known.longitude_e6) == (listing.latitude_e6, listing.longitude_e6):
        return known.zone
    return lodger.zones.zone_at(listing.latitude_e6, listing.longitude_e6)


def _register(run: _Run, listing: Listing, host: Stream[User, UserFact]) -> bool:
    """See to it that the host exists and hosts; whether there was something to do."""
    if host.state.is_host:
        return False
    handle = f"airbnb-host-{listing.host_id}"
    if len(handle) > _USERNAME_MAX:
        handle = f"airbnb-{listing.host_id}"
    who = users.Register(handle, f"{handle}@import.invalid", listing.host_name, password=None)
    users.register(run.lodger, run.call(), host.id, who)
    users.become_host(run.lodger, run.call(), host.id)
    return True


def _append(run: _Run, decision: Decision) -> None:
    if not decision.change.facts:
        return
    calendar, property_id = decision.calendar, decision.change.before.id
    taken = NightsChange(calendar.unblock, [nights_of(property_id, block) for block in calendar.block])
    change = replace(decision.change, written_by=decision.after.host_id)
    run.lodger.append(run.call(), change, nights=taken if calendar.unblock or calendar.block else None)


def _booked(run: _Run, taken: NightsTaken) -> dict[date, UUID]:
    """The nights of the stays in the way. A hold that has lapsed is expired, which gives its nights back."""
    call = run.call()
    booked: dict[date, UUID] = {}
    for claim in taken.by:
        if claim.held_until is not None and claim.held_until <= call.now:
            elapse(run.lodger, call, claim.claim_id)
        else:
            booked |= dict.fromkeys(nights(claim.first, claim.until), claim.claim_id)
    return booked


def _refused(said: Availability, booked: Mapping[date, UUID]) -> list[tuple[date, str]]:
    """The booked nights that the calendar says nobody can have, as ranges of one stay."""
    refused = []
    for booking_id in dict.fromkeys(booked.values()):
        wanted = [night for night in booked if booked[night] == booking_id and night in said.unavailable]
        refused += [(first, f"{first} to {until} is booked ({booking_id})") for first, until in ranges(wanted)]
    return refused


def _imported(listing: Listing, decision: Decision, registered: bool) -> Imported:
    before, calendar = decision.before, decision.calendar
    result: Result = "changed" if decision.change.facts else "unchanged"
    if before is None:
        result = "created"
    elif before.status == "unpublished" and decision.after.status == "published":
        result = "returned"
    return Imported(
        listing.external_id,
        decision.change.before.id,
        result,
        tuple(fact.TOPIC for fact in decision.shown),
        calendar.nights_blocked,
        calendar.nights_freed,
        registered,
    )


def _notes(run: _Run, listing: Listing, decision: Decision) -> Iterator[Noted]:
    after = decision.after
    notes = list(listing.notes)
    if listing.nightly is None:
        notes.append("no price: stays a draft" if after.pricing is None else "no price: the last one stays")
    if after.host_id != user_id_of(listing.host_id):
        notes.append(f"its host is now {listing.host_id}; the property stays with its first host")
    if after.status == "unpublished":
        notes.append("its host took it off the market: stays unpublished")
    return (Noted(run.snapshot.listings_file, listing.line, listing.external_id, note) for note in notes)


@retried
def _gone(lodger: Lodger, run: _Run, external_id: str, property_id: UUID) -> Imported:
    """A listing the snapshot no longer has is unpublished; what is booked there stays booked."""
    snapshot = run.snapshot
    reason = f"not in {snapshot.origin} {snapshot.market.name} of {snapshot.scraped}"
    change = withdraw(property_id, lodger.read(property_id).by_stream[property_id], reason)
    if change.facts:
        lodger.append(run.call(), change)
    return Imported(external_id, property_id, "gone", tuple(fact.TOPIC for fact in change.facts))


def _digest(snapshot: Snapshot, listing: Listing, said: Availability) -> bytes:
    """What a listing says, wherever it stands in the file."""
    nights_said = [sorted(night.toordinal() for night in some) for some in (said.available, said.unavailable)]
    content = (_DIGEST_VERSION, snapshot.market, replace(listing, line=0), nights_said)
    return hashlib.sha256(repr(content).encode()).digest()
