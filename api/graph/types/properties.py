"""Properties, as hits of a search, on their own, and at the end of edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from api.answers import dumped
from api.graph import words
from api.graph.access import allowed
from api.graph.connections import FIRST, Behind, Connection, First, connection, page
from api.graph.context import Info
from api.graph.inputs import said
from api.graph.scalars import Date
from api.graph.shown import Shown, at, shows
from api.graph.types.calendars import Night, RangeBegin, RangeEnd, nights_with
from api.graph.types.money import Money
from api.graph.types.photos import Photo
from api.graph.types.quotes import Quote, quote_with
from api.graph.types.reviews import Rated, Review
from api.schemas.listings import ListingSchema, listed
from api.schemas.properties import (
    CoordinatesSchema,
    HouseRulesSchema,
    LocationSchema,
    OverrideSchema,
    PricingSchema,
    ShownPropertySchema,
    shown,
)
from application.streams import PropertyStream
from projections.listing_rows import Listing
from projections.newest import Wanted

if TYPE_CHECKING:
    from api.graph.types.users import User


@shows(CoordinatesSchema)
class Coordinates(Shown):
    """Degrees (WGS 84), kept to six digits."""

    latitude: float
    longitude: float


@shows(LocationSchema)
class Location(Shown):
    """Where a property is."""

    address: str
    city: str
    country: str
    coordinates: Coordinates
    zone: str


@shows(OverrideSchema)
class PriceOverride(Shown):
    """Another price for the nights from `from` until, and without, `until`. Of overlapping ones the last counts."""

    first: Date = at("from", name="from")
    until: Date
    price_per_night: Money


@shows(PricingSchema)
class Pricing(Shown):
    """Everything of the price but the base, in the base's currency."""

    weekend_price: Money | None
    overrides: list[PriceOverride]
    weekly_discount_percent: int
    monthly_discount_percent: int
    cleaning_fee: Money | None
    extra_guest_fee: Money | None
    guests_included: int
    tax_basis_points: int


@shows(HouseRulesSchema)
class HouseRules(Shown):
    """What guests agree to."""

    minimum_nights: int
    maximum_nights: int
    check_in_time: str
    check_out_time: str
    advance_notice_days: int
    cancellation_policy: str = strawberry.field(graphql_type=words.CANCELLATION_POLICY)
    booking_mode: str = strawberry.field(graphql_type=words.BOOKING_MODE)


@shows(ShownPropertySchema)
class Particulars(Shown):
    """What of a property only its stream tells: no type of the graph, its fields are the property's."""

    pricing: Pricing | None
    house_rules: HouseRules
    missing: list[str]


@shows(ListingSchema)
class Property(Shown):
    """What a host offers. Parts that the host has not given yet are null.

    On its own, and in what a command answers, it is fresh; in lists and at the end of edges it is as the read model
    knows it. Pricing, house rules and what is missing are always fresh.
    """

    id: strawberry.ID
    host_id: strawberry.ID = at("host")
    status: str = strawberry.field(graphql_type=words.PROPERTY_STATUS)
    revision: int = strawberry.field(description="Counts its changes: send it as `expectedRevision` to change it.")
    title: str | None
    description: str | None
    property_type: str | None = strawberry.field(graphql_type=words.PROPERTY_TYPE | None)
    room_type: str | None = strawberry.field(graphql_type=words.ROOM_TYPE | None)
    guests: int | None
    bedrooms: int | None
    beds: int | None
    bathrooms: float | None
    amenities: list[str]
    location: Location | None
    price_per_night: Money | None
    photos: list[Photo]
    particulars: strawberry.Private[Particulars | None] = None

    @classmethod
    def of_listing(cls, listing: Listing) -> Property:
        return cls.of(listed(listing))

    @classmethod
    def of_stream(cls, stream: PropertyStream) -> Property:
        return cls.answered(dumped(ShownPropertySchema, shown(stream)))

    @classmethod
    def answered(cls, json: Mapping[str, Any]) -> Property:
        """What a command of REST answers."""
        return cls.read(json, particulars=Particulars.read(json))

    @allowed("anyone")
    async def host(self, info: Info) -> Annotated[User, strawberry.lazy("api.graph.types.users")] | None:
        """Who offers it; null of somebody who was forgotten."""
        from api.graph.types.users import user_with

        return await user_with(info, UUID(self.host_id))

    @allowed("anyone")
    async def pricing(self, info: Info) -> Pricing | None:
        """Everything of the price but the base."""
        fresh = await self._fresh(info)
        return fresh.pricing if fresh else None

    @allowed("anyone")
    async def house_rules(self, info: Info) -> HouseRules | None:
        """What guests agree to; null of what was taken off the market since the read model saw it."""
        fresh = await self._fresh(info)
        return fresh.house_rules if fresh else None

    @allowed("anyone")
    async def missing(self, info: Info) -> list[str]:
        """What publishing still needs."""
        fresh = await self._fresh(info)
        return fresh.missing if fresh else []

    @allowed("anyone")
    async def rating(self, info: Info) -> Rated:
        """What its revealed reviews add up to."""
        return Rated.of_sums(await info.context.loaders.ratings.load(("property", UUID(self.id))))

    @allowed("anyone")
    async def reviews(self, info: Info, first: First = FIRST, after: Behind = None) -> Connection[Review]:
        """What guests say of it, newest first."""
        asked = page(first, after, "reviews of property", UUID(self.id))
        wanted = Wanted(UUID(self.id), asked.after, asked.limit)
        return connection(asked, await info.context.loaders.of_properties.load(wanted), Review.of_entry)

    @allowed("viewer", "calendars:read", entries=90)
    async def availability(self, info: Info, first: RangeBegin = None, until: RangeEnd = None) -> list[Night] | None:
        """What each night costs and whether it is free; null of what was taken off the market meanwhile."""
        return await nights_with(info, UUID(self.id), first, until)

    @allowed("anyone")
    async def quote(
        self, info: Info, check_in: Date, check_out: Date, guests: int, currency: str | None = None
    ) -> Quote | None:
        """What a stay costs, signed. Nothing is reserved; for 30 minutes the quote books at its price."""
        stay = {"check_in": check_in, "check_out": check_out, "guests": guests, "currency": currency}
        return await quote_with(info, said({"property": self.id, **stay}))

    async def _fresh(self, info: Info) -> Particulars | None:
        if self.particulars is None:
            stream = await info.context.loaders.properties.load(UUID(self.id))
            self.particulars = Particulars.of(shown(stream)) if stream else None
        return self.particulars


async def property_with(info: Info, property_id: UUID) -> Property | None:
    """A property at the end of an edge, for who may see it."""
    listing = await info.context.loaders.listings.load(property_id)
    return Property.of_listing(listing) if listing else None
