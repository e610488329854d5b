"""Loaders: what many fields of one operation need, asked at once, in one statement each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from api.edge import edge
from api.schemas.payments import paid_to
from api.schemas.users import account
from application import bookings, messages, payments, properties, quotes, reviews, users
from application.properties import may_see
from domain.rejections import Rejected
from projections.listings import LISTINGS, by_ids, of_hosts
from projections.reviews import REVIEWS, about_users, of_properties, rated_each

if TYPE_CHECKING:
    from api.graph.context import Context
    from application.bookings import BookingStream
    from application.ports import Claim, Range
    from application.quotes import Asked, Offer
    from application.reviews import ReviewsOfStay
    from application.streams import PropertyStream
    from domain.bookings import Role
    from domain.events import Event
    from domain.properties import Property
    from projections.listing_rows import Listing
    from projections.newest import Wanted
    from projections.projection import Page
    from projections.reviews import Entry, Of, Rated

K = TypeVar("K")
Json = Mapping[str, Any]


def _loader(read: Callable[[list[K]], Mapping[K, Any]]) -> DataLoader[K, Any]:
    """What is missing is None; a refusal is raised where it belongs."""

    async def load(keys: list[K]) -> Sequence[Any]:
        found = read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


class Loaders:
    """Those of one operation, for whoever calls: what they may not see is missing."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Of everybody and everything there is:
        self.accounts: DataLoader[UUID, Json | None] = _loader(self._accounts)
        self.ratings: DataLoader[tuple[Of, UUID], Rated] = _loader(self._ratings)
        self.listings: DataLoader[UUID, Listing | None] = _loader(self._listings)
        self.of_hosts: DataLoader[Wanted, Page[Listing]] = _loader(self._of_hosts)
        self.of_properties: DataLoader[Wanted, Page[Entry]] = _loader(self._of_properties)
        self.about_users: DataLoader[Wanted, Page[Entry]] = _loader(self._about_users)
        self.properties: DataLoader[UUID, PropertyStream | None] = _loader(self._properties)
        self.calendars: DataLoader[Range, tuple[Property, Sequence[Claim]] | None] = _loader(self._calendars)
        self.quotes: DataLoader[Asked, Offer] = _loader(self._quotes)
        # Of the two sides of a booking only:
        self.bookings: DataLoader[UUID, tuple[BookingStream, Role] | None] = _loader(self._bookings)
        self.payments: DataLoader[UUID, list[Json] | None] = _loader(self._payments)
        self.stays: DataLoader[UUID, ReviewsOfStay | None] = _loader(self._stays)
        self.histories: DataLoader[UUID, tuple[list[Event], Role] | None] = _loader(self._histories)
        self.unread: DataLoader[UUID, int] = _loader(self._unread)

    def _accounts(self, user_ids: list[UUID]) -> Mapping[UUID, Json]:
        """What `account` shows."""
        found = users.find_each(edge().lodger, user_ids)
        return {user_id: account(person, user.state) for user_id, (person, user) in found.items()}

    def _ratings(self, wanted: list[tuple[Of, UUID]]) -> Mapping[tuple[Of, UUID], Rated]:
        with self._context.reading(REVIEWS) as cursor:
            return rated_each(cursor, wanted)

    def _listings(self, property_ids: list[UUID]) -> Mapping[UUID, Listing]:
        viewer = self._context.viewer("properties:read")
        with self._context.reading(LISTINGS) as cursor:
            found = by_ids(cursor, property_ids)
        return {each: listing for each, listing in found.items() if may_see(listing.status, listing.host_id, viewer)}

    def _of_hosts(self, wanted: list[Wanted]) -> Mapping[Wanted, Page[Listing]]:
        with self._context.reading(LISTINGS) as cursor:
            return of_hosts(cursor, wanted, self._context.viewer("properties:read"))

    def _of_properties(self, wanted: list[Wanted]) -> Mapping[Wanted, Page[Entry]]:
        with self._context.reading(REVIEWS) as cursor:
            return of_properties(cursor, wanted)

    def _about_users(self, wanted: list[Wanted]) -> Mapping[Wanted, Page[Entry]]:
        with self._context.reading(REVIEWS) as cursor:
            return about_users(cursor, wanted)

    def _properties(self, property_ids: list[UUID]) -> Mapping[UUID, PropertyStream]:
        return properties.find_each(edge().lodger, property_ids, self._context.viewer("properties:read"))

    def _calendars(self, wanted: list[Range]) -> Mapping[Range, tuple[Property, Sequence[Claim]]]:
        return properties.calendars(edge().lodger, wanted, self._context.viewer("calendars:read"))

    def _quotes(self, wanted: list[Asked]) -> Mapping[Asked, Offer | Rejected]:
        return quotes.offers(edge().lodger, wanted)

    def _bookings(self, booking_ids: list[UUID]) -> Mapping[UUID, tuple[BookingStream, Role]]:
        return bookings.find_each(edge().lodger, booking_ids, self._side())

    def _payments(self, booking_ids: list[UUID]) -> Mapping[UUID, list[Json]]:
        """What `paid_to` shows."""
        found = payments.of_bookings(edge().lodger, booking_ids, self._side())
        return {
            booking_id: [paid_to(self._side(), stream, captured_at) for stream, captured_at in attempts]
            for booking_id, attempts in found.items()
        }

    def _stays(self, booking_ids: list[UUID]) -> Mapping[UUID, ReviewsOfStay]:
        return reviews.of_stays(edge().lodger, booking_ids, self._side())

    def _histories(self, booking_ids: list[UUID]) -> Mapping[UUID, tuple[list[Event], Role]]:
        return bookings.histories(edge().lodger, booking_ids, self._side())

    def _unread(self, booking_ids: list[UUID]) -> Mapping[UUID, int]:
        return messages.unread(edge().lodger, self._side(), booking_ids)

    def _side(self) -> UUID:
        user_id = self._context.user_id
        assert user_id is not None, "nobody else comes to a booking"
        return user_id
