"""Properties: what a host offers. A property is a draft until it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import ClassVar, Literal, assert_never
from uuid import UUID

from domain import calendar_feeds
from domain.calendar_feeds import (
    NO_CALENDARS,
    CalendarConflictsFound,
    CalendarConflictsResolved,
    CalendarFeedFact,
    CalendarFeedLinked,
    CalendarFeedUnlinked,
    Calendars,
    feed_of,
)
from domain.events import Fact
from domain.photos import PropertyPhotosChanged
from domain.policies import (
    AMENITIES_MAX,
    BLOCKS_MAX,
    CHECK_IN_TIME,
    CHECK_OUT_TIME,
    GUESTS_MAX,
    ROOMS_MAX,
    STAY_NIGHTS_MAX,
)
from domain.pricing import CancellationPolicy, Pricing, Quote, must_be_sound
from domain.pricing import quote as price
from domain.rejections import Rejected
from domain.scores import PropertyScoresImported
from domain.stays import Stay, zone_exists

PropertyType = Literal["apartment", "house", "guesthouse", "hotel", "cabin", "boat", "other"]
RoomType = Literal["entire_place", "private_room", "shared_room", "hotel_room"]
BookingMode = Literal["instant", "request"]


@dataclass(frozen=True, slots=True)
class Details:
    """What a listing says of itself. `bathrooms_halves` counts half bathrooms, so that 1.5 is 3."""

    title: str
    description: str = ""
    property_type: PropertyType = "other"
    room_type: RoomType = "entire_place"
    guests: int = 1
    bedrooms: int | None = None
    beds: int | None = None
    bathrooms_halves: int | None = None
    amenities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """Where it is. Coordinates are millionths of a degree, so that no float is ever stored; `zone` is an IANA name."""

    address: str
    city: str
    country: str
    latitude_e6: int
    longitude_e6: int
    zone: str


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What a booking must keep to. Times are local."""

    minimum_nights: int = 1
    maximum_nights: int = STAY_NIGHTS_MAX
    check_in_time: time = CHECK_IN_TIME
    check_out_time: time = CHECK_OUT_TIME
    advance_notice_days: int = 0
    cancellation_policy: CancellationPolicy = "flexible"
    booking_mode: BookingMode = "instant"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an imported listing came from."""

    name: str
    market: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Block:
    """Nights `[first, until)` that the host keeps free of guests. `origin` tells imports from the host's own."""

    block_id: UUID
    first: date
    until: date
    origin: str = "host"


@dataclass(frozen=True, slots=True)
class PropertyCreated(Fact):
    """A host began a listing: a draft."""

    TOPIC: ClassVar[str] = "PropertyCreated"
    PERSONAL: ClassVar[tuple[str, ...]] = ("source.external_id",)
    host_id: UUID
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class PropertyDetailsChanged(Fact):
    TOPIC: ClassVar[str] = "PropertyDetailsChanged"
    PERSONAL: ClassVar[tuple[str, ...]] = ("details.title", "details.description", "details.amenities")
    details: Details


@dataclass(frozen=True, slots=True)
class PropertyLocationChanged(Fact):
    TOPIC: ClassVar[str] = "PropertyLocationChanged"
    PERSONAL: ClassVar[tuple[str, ...]] = (
        *("location.address", "location.city", "location.latitude_e6", "location.longitude_e6"),
    )
    location: Location


@dataclass(frozen=True, slots=True)
class PropertyPricingChanged(Fact):
    TOPIC: ClassVar[str] = "PropertyPricingChanged"
    pricing: Pricing


@dataclass(frozen=True, slots=True)
class PropertyHouseRulesChanged(Fact):
    TOPIC: ClassVar[str] = "PropertyHouseRulesChanged"
    SCHEMA_VERSION: ClassVar[int] = 2
    house_rules: HouseRules


@dataclass(frozen=True, slots=True)
class PropertyPublished(Fact):
    """Guests can find and book it from now on."""

    TOPIC: ClassVar[str] = "PropertyPublished"


@dataclass(frozen=True, slots=True)
class PropertyUnpublished(Fact):
    """No new bookings; those made stay as they are."""

    TOPIC: ClassVar[str] = "PropertyUnpublished"
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PropertyErased(Fact):
    """Its host was forgotten: it is offered no more, and what it said of itself and where it is are gone."""

    TOPIC: ClassVar[str] = "PropertyErased"


@dataclass(frozen=True, slots=True)
class NightsBlocked(Fact):
    TOPIC: ClassVar[str] = "NightsBlocked"
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class NightsUnblocked(Fact):
    TOPIC: ClassVar[str] = "NightsUnblocked"
    block_ids: tuple[UUID, ...]


ShownFact = (
    PropertyDetailsChanged
    | PropertyLocationChanged
    | PropertyPricingChanged
    | PropertyHouseRulesChanged
    | PropertyPhotosChanged
    | PropertyPublished
    | PropertyUnpublished
    | PropertyErased
)
"""What changes how a property is shown, and so its revision."""

PropertyFact = PropertyCreated | ShownFact | NightsBlocked | NightsUnblocked | CalendarFeedFact | PropertyScoresImported

Status = Literal["draft", "published", "unpublished"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property as its events tell it. `revision` counts the changes of what is shown (blocks are not)."""

    host_id: UUID
    status: Status = "draft"
    source: Source | None = None
    details: Details | None = None
    location: Location | None = None
    pricing: Pricing | None = None
    house_rules: HouseRules = HouseRules()
    photos: tuple[UUID, ...] = ()
    blocks: Mapping[UUID, Block] = field(default_factory=dict)
    calendars: Calendars = NO_CALENDARS
    scores: PropertyScoresImported | None = None
    revision: int = 1
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a host sets; None leaves a part as it is."""

    details: Details | None = None
    location: Location | None = None
    pricing: Pricing | None = None
    house_rules: HouseRules | None = None


def evolve(state: Property | None, fact: PropertyFact) -> Property | None:
    if isinstance(fact, PropertyCreated):
        return Property(fact.host_id, source=fact.source)
    assert state is not None, "a property's first event is PropertyCreated"
    match fact:
        case NightsBlocked(blocks):
            return replace(state, blocks={**state.blocks, **{block.block_id: block for block in blocks}})
        case NightsUnblocked(block_ids):
            left = dict(state.blocks)
            for block_id in block_ids:
                left.pop(block_id, None)
            return replace(state, blocks=left)
        case CalendarFeedLinked() | CalendarFeedUnlinked() | CalendarConflictsFound() | CalendarConflictsResolved():
            return replace(state, calendars=calendar_feeds.evolve(state.calendars, fact))
        case PropertyScoresImported():
            return replace(state, scores=fact)
        case _:
            return _evolve_shown(replace(state, revision=state.revision + 1), fact)


def _evolve_shown(state: Property, fact: ShownFact) -> Property:
    match fact:
        case PropertyDetailsChanged(details):
            return replace(state, details=details)
        case PropertyLocationChanged(location):
            return replace(state, location=location)
        case PropertyPricingChanged(pricing):
            return replace(state, pricing=pricing)
        case PropertyHouseRulesChanged(house_rules):
            return replace(state, house_rules=house_rules)
        case PropertyPhotosChanged(photos):
            return replace(state, photos=photos)
        case PropertyPublished():
            return replace(state, status="published")
        case PropertyUnpublished():
            return replace(state, status="unpublished")
        case PropertyErased():
            gone = replace(state, status="unpublished", is_erased=True, photos=())
            return replace(gone, details=without_words(state.details), location=without_place(state.location))
        case _:
            assert_never(fact)


def create(
    state: Property | None, host_id: UUID, changes: Changes, source: Source | None = None
) -> tuple[PropertyFact, ...]:
    """Begin a listing with whatever is known already."""
    if state is not None:
        raise Rejected("property_exists", "This property exists already.")
    created = PropertyCreated(host_id, source)
    return (created, *change(Property(host_id, source=source), changes))


def change(state: Property, changes: Changes) -> tuple[PropertyFact, ...]:
    """One fact for each part that really differs; a published listing must stay complete."""
    facts: list[PropertyFact] = []
    if changes.details is not None and changes.details != state.details:
        _must_describe_a_place(changes.details)
        facts.append(PropertyDetailsChanged(changes.details))
    if changes.location is not None and changes.location != state.location:
        _must_be_on_earth(changes.location)
        facts.append(PropertyLocationChanged(changes.location))
    if changes.pricing is not None and changes.pricing != state.pricing:
        must_be_sound(changes.pricing)
        _must_keep_currency(state, changes.pricing)
        facts.append(PropertyPricingChanged(changes.pricing))
    if changes.house_rules is not None and changes.house_rules != state.house_rules:
        _must_be_kept_by_some_stay(changes.house_rules)
        facts.append(PropertyHouseRulesChanged(changes.house_rules))
    return tuple(facts)


def publish(state: Property) -> tuple[PropertyFact, ...]:
    """Open it for booking; the refusal lists every missing part at once."""
    if state.is_erased:
        raise Rejected("property_not_found", "There is no such property.")
    if state.status == "published":
        return ()
    missing = missing_to_publish(state)
    if missing:
        raise Rejected("property_incomplete", "Guests need more to decide: " + ", ".join(missing), missing=missing)
    return (PropertyPublished(),)


def quote(offered: Property, stay: Stay, guests: int) -> Quote:
    """What a stay costs at the property's prices and under its cancellation policy. It must have prices."""
    assert offered.pricing is not None
    return price(offered.pricing, stay, guests, offered.house_rules.cancellation_policy)


def missing_to_publish(state: Property) -> list[str]:
    parts = {"details": state.details, "location": state.location, "price_per_night": state.pricing}
    return [name for name, part in parts.items() if part is None]


def unpublish(state: Property, reason: str | None = None) -> tuple[PropertyFact, ...]:
    return (PropertyUnpublished(reason),) if state.status == "published" else ()


def erase(state: Property) -> tuple[PropertyFact, ...]:
    """Forget what its host said of it; again changes nothing."""
    return () if state.is_erased else (PropertyErased(),)


def without_words(details: Details | None) -> Details | None:
    """What is left of the details when their host was forgotten."""
    return details and replace(details, title="", description="", amenities=())


def without_place(location: Location | None) -> Location | None:
    """What is left of the location then: the country, and the zone that the stays' times are in."""
    return location and replace(location, address="", city="", latitude_e6=0, longitude_e6=0)


def block(state: Property, blocks: tuple[Block, ...]) -> tuple[PropertyFact, ...]:
    """Keep nights free. Blocks may overlap each other; the guard keeps them off stays."""
    for each in blocks:
        if each.until <= each.first:
            raise Rejected("block_reversed", "A block ends after it begins.")
        if (each.until - each.first).days > STAY_NIGHTS_MAX:
            raise Rejected("block_too_long", f"A block has at most {STAY_NIGHTS_MAX} nights.", maximum=STAY_NIGHTS_MAX)
    if len(state.blocks) + len(blocks) > BLOCKS_MAX:
        raise Rejected("too_many_blocks", f"A property has at most {BLOCKS_MAX} blocks.", maximum=BLOCKS_MAX)
    return (NightsBlocked(blocks),) if blocks else ()


def unblock(state: Property, block_ids: tuple[UUID, ...]) -> tuple[PropertyFact, ...]:
    if any(block_id not in state.blocks for block_id in block_ids):
        raise Rejected("block_not_found", "There is no such block.")
    if any(feed_of(state.blocks[block_id].origin) for block_id in block_ids):
        raise Rejected("block_follows_calendar", "It follows a linked calendar: change it there, or unlink that.")
    return (NightsUnblocked(block_ids),) if block_ids else ()


def must_exist(state: Property | None) -> Property:
    if state is None:
        raise Rejected("property_not_found", "There is no such property.")
    return state


def must_be_hosted_by(state: Property | None, user_id: UUID) -> Property:
    """The property, for its host; for anybody else there is none, and for nobody once its host was forgotten."""
    found = must_exist(state)
    if found.host_id != user_id or found.is_erased:
        raise Rejected("property_not_found", "There is no such property.")
    return found


def must_be_at(state: Property, revision: int) -> None:
    """Refuse to change what is not what was seen."""
    if state.revision != revision:
        raise Rejected("revision_stale", "It was changed meanwhile. Get it again.", revision=state.revision)


def _must_describe_a_place(details: Details) -> None:
    if not 1 <= details.guests <= GUESTS_MAX:
        raise Rejected("guests_out_of_range", f"A property takes from 1 to {GUESTS_MAX} guests.", maximum=GUESTS_MAX)
    if len(details.amenities) > AMENITIES_MAX:
        raise Rejected("too_many_amenities", f"At most {AMENITIES_MAX} amenities.", maximum=AMENITIES_MAX)
    counts = (details.bedrooms, details.beds, details.bathrooms_halves)
    if not all(count is None or 0 <= count <= ROOMS_MAX for count in counts):
        raise Rejected("rooms_out_of_range", f"Bedrooms, beds and bathrooms are from 0 to {ROOMS_MAX}.")
    if not details.title.strip():
        raise Rejected("title_blank", "A listing needs a title.")


def _must_be_on_earth(location: Location) -> None:
    if abs(location.latitude_e6) > 90_000_000 or abs(location.longitude_e6) > 180_000_000:
        raise Rejected("coordinates_out_of_range", "Latitude is within ±90 degrees, longitude within ±180.")
    if not zone_exists(location.zone):
        raise Rejected("zone_unknown", f"{location.zone!r} is not a time zone of the IANA database.")


def _must_keep_currency(state: Property, pricing: Pricing) -> None:
    if state.pricing is not None and state.pricing.currency != pricing.currency:
        raise Rejected(
            "currency_fixed",
            f"This property is priced in {state.pricing.currency}; its currency cannot change.",
            currency=state.pricing.currency,
        )


def _must_be_kept_by_some_stay(rules: HouseRules) -> None:
    if not 1 <= rules.minimum_nights <= rules.maximum_nights <= STAY_NIGHTS_MAX:
        raise Rejected("nights_rule_impossible", f"1 ≤ minimum_nights ≤ maximum_nights ≤ {STAY_NIGHTS_MAX} must hold.")
    if not 0 <= rules.advance_notice_days <= 365:
        raise Rejected("advance_notice_out_of_range", "Advance notice is from 0 to 365 days.", maximum=365)
