"""Use cases of properties: list, change, publish, block nights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.nights import taking_nights
from application.ports import Claim, Nights, NightsChange, Range
from application.streams import PROPERTY, USER, Done, PropertyStream
from domain import properties, users
from domain.properties import Block, Changes, Property, PropertyFact, Status


@retried
def create(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, changes: Changes
) -> Done[Property | None, PropertyFact]:
    """Begin a listing as a draft."""
    history = lodger.read(property_id, host_id, call=call)
    users.must_be_host(history.stream(USER, host_id).state)
    listing = history.stream(PROPERTY, property_id)
    return lodger.append(call, listing.then(properties.create(listing.state, host_id, changes)))


@retried
def change(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, expected_revision: int, changes: Changes
) -> Done[Property | None, PropertyFact]:
    """Change what differs, if `expected_revision` is what the host saw."""
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    properties.must_be_at(state, expected_revision)
    return lodger.append(call, listing.then(properties.change(state, changes)))


@retried
def publish(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID) -> Done[Property | None, PropertyFact]:
    """Open it for booking, if its host's account is open: a credential may live a second longer than that."""
    listing = lodger.load(PROPERTY, property_id, call)
    users.must_be_active(lodger.load(USER, host_id).state)
    state = properties.must_be_hosted_by(listing.state, host_id)
    return lodger.append(call, listing.then(properties.publish(state)))


@retried
def unpublish(lodger: Lodger, call: Call, property_id: UUID, host_id: UUID) -> Done[Property | None, PropertyFact]:
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    return lodger.append(call, listing.then(properties.unpublish(state)))


@retried
def block(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, blocks: tuple[Block, ...]
) -> Done[Property | None, PropertyFact]:
    """Keep nights free of guests; refused where a stay has them."""
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    facts = properties.block(state, blocks)
    taken = NightsChange(take=[nights_of(property_id, each) for each in blocks])
    return taking_nights(lodger, call, lambda: lodger.append(call, listing.then(facts), nights=taken))


@retried
def unblock(
    lodger: Lodger, call: Call, property_id: UUID, host_id: UUID, block_ids: tuple[UUID, ...]
) -> Done[Property | None, PropertyFact]:
    listing = lodger.load(PROPERTY, property_id, call)
    state = properties.must_be_hosted_by(listing.state, host_id)
    facts = properties.unblock(state, block_ids)
    return lodger.append(call, listing.then(facts), nights=NightsChange(give_back=block_ids))


def may_see(status: Status, host_id: UUID, viewer: UUID | None) -> bool:
    """While a property is not published, only its host sees it."""
    return status == "published" or host_id == viewer


def find(lodger: Lodger, property_id: UUID, viewer: UUID | None) -> PropertyStream:
    """A property, fresh, for who may see it."""
    listing = lodger.load(PROPERTY, property_id)
    _must_be_seen(listing.state, viewer)
    return listing


def _must_be_seen(state: Property | None, viewer: UUID | None) -> Property:
    found = properties.must_exist(state)
    if not may_see(found.status, found.host_id, viewer):
        properties.must_be_hosted_by(found, viewer or UUID(int=0))
    return found


def find_each(lodger: Lodger, property_ids: Iterable[UUID], viewer: UUID | None) -> Mapping[UUID, PropertyStream]:
    """Those of several that somebody may see, fresh, in one round trip."""
    wanted = list(dict.fromkeys(property_ids))
    history = lodger.read(*wanted)
    found = (history.stream(PROPERTY, property_id) for property_id in wanted)
    return {each.id: each for each in found if each.state and may_see(each.state.status, each.state.host_id, viewer)}


def calendar(
    lodger: Lodger, property_id: UUID, viewer: UUID | None, first: date, until: date
) -> tuple[Property, Sequence[Claim]]:
    """The property and who has nights of it in `[first, until)`, from the guard itself."""
    asked = property_id, first, until
    listing, claims = lodger.load_with_claims([asked])[asked]
    return _must_be_seen(listing.state, viewer), claims


def calendars(
    lodger: Lodger, asked: Sequence[Range], viewer: UUID | None
) -> Mapping[Range, tuple[Property, Sequence[Claim]]]:
    """The same of several; those that nobody but their host may see are missing."""
    return {
        each: (listing.state, claims)
        for each, (listing, claims) in lodger.load_with_claims(asked).items()
        if listing.state and may_see(listing.state.status, listing.state.host_id, viewer)
    }


def nights_of(property_id: UUID, block: Block) -> Nights:
    return Nights(property_id, block.block_id, block.first, block.until, "block")
