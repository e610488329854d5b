"""Reviews that are revealed, one's own, and what they add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from api.graph import words
from api.graph.access import allowed
from api.graph.context import Info
from api.graph.scalars import Date, Instant
from api.graph.shown import Shown, at, shows
from api.schemas.reviews import (
    AverageSchema,
    ImportedScoresSchema,
    PartsSchema,
    RatedSchema,
    ReplySchema,
    ReviewSchema,
    StayReviewsSchema,
    averages,
    entered,
    of_stay,
    reviewed,
)
from application.reviews import ReviewsOfStay, ReviewStream
from projections.reviews import Entry
from projections.reviews import Rated as Sums

if TYPE_CHECKING:
    from api.graph.types.properties import Property
    from api.graph.types.users import User


@shows(PartsSchema)
class PartRatings(Shown):
    """What a guest gives for the parts of a stay, each from 1 to 5; null of what they left out."""

    cleanliness: int | None
    accuracy: int | None
    check_in: int | None
    communication: int | None
    location: int | None
    value: int | None


@shows(ReplySchema)
class Reply(Shown):
    """What whoever was reviewed said to it, once."""

    text: str
    created_at: Instant


@shows(ReviewSchema)
class Review(Shown):
    """A review. While `revealed` is false nobody but its author sees it, or that there is one."""

    id: strawberry.ID
    property_id: strawberry.ID = at("property")
    written_by: str = strawberry.field(graphql_type=words.SIDE)
    author_id: strawberry.ID | None = at("author")
    about_id: strawberry.ID = at("about")
    rating: int | None
    ratings: PartRatings
    comment: str
    created_at: Instant
    imported_from: str | None
    revealed: bool
    reply: Reply | None

    @classmethod
    def of_entry(cls, entry: Entry) -> Review:
        return cls.of(entered(entry))

    @classmethod
    def of_stream(cls, stream: ReviewStream) -> Review:
        return cls.of(reviewed(stream))

    @allowed("anyone")
    async def author(self, info: Info) -> Annotated[User, strawberry.lazy("api.graph.types.users")] | None:
        """Who wrote it; null of somebody who was forgotten."""
        from api.graph.types.users import user_with

        return await user_with(info, UUID(self.author_id)) if self.author_id else None

    @allowed("anyone")
    async def about(self, info: Info) -> Annotated[User, strawberry.lazy("api.graph.types.users")] | None:
        """The other side; null of somebody who was forgotten."""
        from api.graph.types.users import user_with

        return await user_with(info, UUID(self.about_id))

    @allowed("anyone")
    async def property(self, info: Info) -> Annotated[Property, strawberry.lazy("api.graph.types.properties")] | None:
        """Where the stay was; null while it is not published, for all but its host."""
        from api.graph.types.properties import property_with

        return await property_with(info, UUID(self.property_id))


@shows(StayReviewsSchema)
class StayReviews(Shown):
    """The reviews of a stay, as one side sees them."""

    mine: Review | None
    other: Review | None
    write_until: Instant | None

    @classmethod
    def of_stay(cls, seen: ReviewsOfStay) -> StayReviews:
        return cls.of(of_stay(seen))


@shows(AverageSchema)
class Average(Shown):
    """How many rated, and what they gave."""

    count: int
    average: str | None


@shows(ImportedScoresSchema)
class ImportedScores(Shown):
    """What another marketplace said its reviews of a property averaged on a day."""

    origin: str
    as_of: Date
    overall: Average


@shows(RatedSchema)
class Rated(Shown):
    """What the revealed reviews add up to, those behind `imported` among them. Parts were rated by those who did."""

    overall: Average
    cleanliness: Average
    accuracy: Average
    check_in: Average
    communication: Average
    location: Average
    value: Average
    imported: ImportedScores | None

    @classmethod
    def of_sums(cls, sums: Sums) -> Rated:
        return cls.of(averages(sums))
