"""The search, as REST has it: the same filters, the same page, the same refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import strawberry

from api.answers import dumped
from api.graph import words
from api.graph.access import allowed
from api.graph.connections import Connection, Edge, page
from api.graph.context import Info
from api.graph.inputs import input_of, loaded
from api.graph.scalars import Date, Instant
from api.graph.selections import selects
from api.graph.shown import Shown, shows
from api.graph.types.money import Money
from api.graph.types.properties import Property
from api.schemas.search import (
    AmenityCountSchema,
    AsOfSchema,
    FacetsSchema,
    HitSchema,
    HitStaySchema,
    PriceBarSchema,
    SearchSchema,
    TotalSchema,
    facets_shown,
    hit_shown,
    searched,
)
from api.searches import Asked
from api.searches import found as search
from projections.listings import LISTINGS
from projections.search import Hit, place_of

FILTER: Final = input_of(SearchSchema, "PropertyFilter", frozenset({"limit", "cursor", "facets"}))


@shows(HitStaySchema)
class HitStay(Shown):
    """The stay that a hit is free for, and what it costs with all fees and taxes, as a quote says it too."""

    check_in: Date
    check_out: Date
    total: Money


@shows(TotalSchema)
class Total(Shown):
    """How many fit. When they are many it is reckoned from a sample: "about 1,240"."""

    count: int
    is_exact: bool


@shows(AsOfSchema)
class AsOf(Shown):
    """How fresh the answer is: everything up to this position of the log is in it."""

    position: str
    moved_at: Instant


@shows(PriceBarSchema)
class PriceBar(Shown):
    """Nightly base prices from the one to below the other; the last has no end."""

    price_from: Money
    price_until: Money | None
    count: int


@shows(AmenityCountSchema)
class AmenityCount(Shown):
    """How many have an amenity."""

    amenity: str
    count: int


@strawberry.type(description="How many are of a kind of room.")
class RoomTypeCount:
    room_type: str = strawberry.field(graphql_type=words.ROOM_TYPE)
    count: int


@shows(FacetsSchema)
class Facets(Shown):
    """How the properties that fit divide; counts are reckoned from the sample where the total is."""

    is_exact: bool
    amenities: list[AmenityCount]
    prices: list[PriceBar]
    by_room: strawberry.Private[Mapping[str, int]]

    @classmethod
    def read(cls, json: Mapping[str, Any], **also: Any) -> Self:
        return super().read(json, by_room=json["room_types"], **also)

    @allowed("anyone")
    def room_types(self) -> list[RoomTypeCount]:
        """How many there are of each kind."""
        return [RoomTypeCount(room_type=kind, count=number) for kind, number in self.by_room.items()]


@strawberry.type(description="A property that fits, in the order that was asked for.")
class PropertyHit(Edge[Property]):
    hit: strawberry.Private[Hit]

    @allowed("anyone")
    def stay(self) -> HitStay | None:
        """Null without dates."""
        stay = self._shown()["stay"]
        return HitStay.read(stay) if stay else None

    @allowed("anyone")
    def distance_km(self) -> float | None:
        """Null without a centre."""
        distance: float | None = self._shown()["distance_km"]
        return distance

    def _shown(self) -> Mapping[str, Any]:
        shown: Mapping[str, Any] = dumped(HitSchema, hit_shown(self.hit))
        return shown


@strawberry.type(description="A page of the properties that fit.")
class PropertySearch(Connection[Property]):
    edges: list[PropertyHit]  # type: ignore[assignment]  # hits are edges
    total: Total | None = strawberry.field(description="How many fit; counted when it is asked for.")
    facets: Facets | None = strawberry.field(description="How they divide; counted when it is asked for.")
    as_of: AsOf | None = strawberry.field(description="How fresh this is.")


def found(info: Info, where: Any, first: int, after: str | None) -> PropertySearch:
    """The page of a search. What is not asked for is not counted either.

    Raises ValidationError, and Rejected as the search does.
    """
    wanted, now = searched(loaded(SearchSchema, where)), info.context.now
    asked = page(first, after, "search", wanted)
    told = Asked(wanted, asked.after, asked.limit, *(selects(info, each) for each in ("total", "facets", "asOf")))
    with info.context.reading(LISTINGS) as cursor:
        answer, as_of = search(cursor, told, now)
    total, divided = answer.total, answer.facets
    return PropertySearch(
        edges=[
            PropertyHit(node=Property.of_listing(hit.listing), place=place_of(hit, wanted.sort), asked=asked, hit=hit)
            for hit in answer.hits
        ],
        asked=asked,
        follows=answer.after is not None,
        total=Total.of(total) if total else None,
        facets=Facets.of(facets_shown(divided)) if divided else None,
        as_of=AsOf.of(as_of) if as_of else None,
    )
