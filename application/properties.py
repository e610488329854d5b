"""Use cases of properties: list, change, publish, block nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.nights import taking_nights
from application.ports import Claim, Nights, NightsChange
from application.streams import PROPERTY, USER, Done, Stream
from domain import properties, users
from domain.properties import Block, Changes, Property, PropertyFact


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


def find(lodger: Lodger, property_id: UUID, viewer: UUID | None) -> Stream[Property | None, PropertyFact]:
    """A property, fresh; while it is not published, for its host only."""
    listing = lodger.load(PROPERTY, property_id)
    state = properties.must_exist(listing.state)
    if state.status != "published":
        properties.must_be_hosted_by(state, viewer or UUID(int=0))
    return listing


def calendar(
    lodger: Lodger, property_id: UUID, viewer: UUID | None, first: date, until: date
) -> tuple[Property, Sequence[Claim]]:
    """The property and who has nights of it in `[first, until)`, from the guard itself."""
    listing = find(lodger, property_id, viewer)
    return properties.must_exist(listing.state), lodger.log.claims(property_id, first, until)


def nights_of(property_id: UUID, block: Block) -> Nights:
    return Nights(property_id, block.block_id, block.first, block.until, "block")
