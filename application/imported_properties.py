"""What a listing in a snapshot makes of a property: the domain's deciders, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID, uuid5

from application.imported_listings import Availability, Listing
from application.imported_nights import CalendarChange, follow
from application.ports import Events
from application.streams import PROPERTY, Change, begin, fold
from domain import properties, scores
from domain.pricing import Pricing
from domain.properties import (
    Changes,
    HouseRules,
    Location,
    Property,
    PropertyFact,
    PropertyPublished,
    PropertyUnpublished,
    Source,
)
from domain.rejections import Rejected
from domain.scores import PropertyScoresImported

ACTOR: Final = "import"
"""The operator's id on every event of an import."""


@dataclass(frozen=True, slots=True)
class Told:
    """A listing with all that was found out about it. `blocked_on` is part of its new blocks' ids."""

    listing: Listing
    source: Source
    host_id: UUID
    location: Location
    availability: Availability
    blocked_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What to append: `shown` are the facts but those of the calendar."""

    change: Change[Property | None, PropertyFact]
    shown: tuple[PropertyFact, ...]
    calendar: CalendarChange

    @property
    def before(self) -> Property | None:
        return self.change.before.state

    @property
    def after(self) -> Property:
        return properties.must_exist(self.change.after.state)


def decide(property_id: UUID, events: Events, told: Told) -> Decision:
    """Make the property say what the listing says. Raises the domain's refusals and `source_differs`."""
    stream = fold(begin(PROPERTY, property_id), events)
    shown = _shown(stream.state, told)
    state = _state(stream.then(shown))
    if _is_ours_to_publish(events) and not properties.missing_to_publish(state):
        shown += properties.publish(state)
    seed = uuid5(property_id, f"{told.source.name} {told.blocked_on}")
    calendar = follow(state.blocks.values(), told.availability, told.source.name, seed)
    facts = shown + properties.unblock(state, calendar.unblock)
    facts += properties.block(_state(stream.then(facts)), calendar.block)
    return Decision(stream.then(facts), shown, calendar)


def withdraw(property_id: UUID, events: Events, reason: str) -> Change[Property | None, PropertyFact]:
    """Take a listing that is gone off the market; its bookings and its calendar stay."""
    stream = fold(begin(PROPERTY, property_id), events)
    return stream.then(properties.unpublish(properties.must_exist(stream.state), reason))


def _shown(state: Property | None, told: Told) -> tuple[PropertyFact, ...]:
    changes = _changes(state, told)
    if state is None:
        return properties.create(None, told.host_id, changes, told.source) + _scores(None, told)
    if state.source != told.source:
        raise Rejected("source_differs", f"It is in Lodger already, from {_named(state.source)}.")
    return properties.change(state, changes) + _scores(state.scores, told)


def _scores(known: PropertyScoresImported | None, told: Told) -> tuple[PropertyFact, ...]:
    listing = told.listing
    if listing.scores is None:
        return ()
    return scores.score(
        known, PropertyScoresImported(told.source.name, listing.scraped, listing.reviews, listing.scores)
    )


def _changes(state: Property | None, told: Told) -> Changes:
    """What no file says (fees, discounts, times) stays as it is; so does the price where the file names none."""
    listing = told.listing
    rules = state.house_rules if state else HouseRules()
    pricing = state.pricing if state else None
    if listing.nightly is not None:
        pricing = replace(pricing, nightly=listing.nightly) if pricing else Pricing(listing.nightly)
    return Changes(
        details=listing.details,
        location=told.location,
        pricing=pricing,
        house_rules=replace(rules, minimum_nights=listing.minimum_nights, maximum_nights=listing.maximum_nights),
    )


def _is_ours_to_publish(events: Events) -> bool:
    """Whoever published or unpublished it last decides: a host who took it off the market is not overruled."""
    for event in reversed(events):
        if isinstance(event.fact, (PropertyPublished, PropertyUnpublished)):
            return event.actor.kind == "operator" and event.actor.id == ACTOR
    return True


def _state(change: Change[Property | None, PropertyFact]) -> Property:
    return properties.must_exist(change.after.state)


def _named(source: Source | None) -> str:
    return f"{source.name} {source.market}" if source else "a host of its own"
