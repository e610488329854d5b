"""Bookings, for their guests and their hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api.answers import dumped
from api.graph import words
from api.graph.access import allowed
from api.graph.context import Info
from api.graph.scalars import Date, Instant
from api.graph.shown import Shown, at, shows
from api.graph.types.history import Event, told
from api.graph.types.money import Line, Money, RefundLine
from api.graph.types.payments import Payment
from api.graph.types.properties import Property, property_with
from api.graph.types.reviews import StayReviews
from api.graph.types.users import User, user_with
from api.schemas.bookings import (
    AlterationSchema,
    BookingSchema,
    CancellationSchema,
    booked,
)
from application.bookings import BookingStream
from domain.bookings import Role, must_be_made
from projections.bookings import Entry


@shows(AlterationSchema)
class Alteration(Shown):
    """Another stay, whose added nights are held until `due` is paid."""

    check_in: Date
    check_out: Date
    guests: int
    total_price: Money
    due: Money
    expires_at: Instant


@shows(CancellationSchema)
class Cancellation(Shown):
    """Who gave the booking back, and what the payer gets back by the policy that was agreed."""

    by: str = strawberry.field(graphql_type=words.CANCELLED_BY)
    refund_lines: list[RefundLine]
    refund: Money


@shows(BookingSchema)
class Agreed(Shown):
    """What of a booking only its stream tells: no type of the graph, its fields are the booking's."""

    lines: list[Line]
    alteration: Alteration | None
    cancellation: Cancellation | None


@shows(BookingSchema)
class Booking(Shown):
    """A stay of a guest, as one of its two sides sees it; nobody else does.

    On its own it is fresh, in a list as the read model knows it. The lines of its price, how it is being altered and
    how it was cancelled are always fresh.
    """

    id: strawberry.ID
    property_id: strawberry.ID = at("property")
    host_id: strawberry.ID = at("host")
    guest_id: strawberry.ID = at("guest")
    check_in: Date
    check_out: Date
    nights: int
    guests: int
    total_price: Money
    status: str = strawberry.field(graphql_type=words.BOOKING_STATUS)
    pending_reason: str | None = strawberry.field(graphql_type=words.PENDING_REASON | None)
    expires_at: Instant | None
    cancellation_policy: str = strawberry.field(
        graphql_type=words.CANCELLATION_POLICY, description="What was agreed on giving the booking back."
    )
    available_actions: list[str] = strawberry.field(graphql_type=list[words.ACTION])
    agreed: strawberry.Private[Agreed | None] = None

    @classmethod
    def of_entry(cls, entry: Entry, role: Role, now: datetime) -> Booking:
        """One of a list."""
        return cls.read(dumped(BookingSchema, booked(entry.booking_id, entry.booking, role, now)))

    @classmethod
    def of_stream(cls, stream: BookingStream, role: Role, now: datetime) -> Booking:
        shown = booked(stream.id, must_be_made(stream.state), role, now)
        return cls.answered(dumped(BookingSchema, shown))

    @classmethod
    def answered(cls, json: Mapping[str, Any]) -> Booking:
        """What a command of REST answers."""
        return cls.read(json, agreed=Agreed.read(json))

    @allowed("anyone")
    async def lines(self, info: Info) -> list[Line]:
        """The price as it was agreed."""
        return (await self._agreed(info)).lines

    @allowed("anyone")
    async def alteration(self, info: Info) -> Alteration | None:
        """What the booking becomes once the difference is paid."""
        return (await self._agreed(info)).alteration

    @allowed("anyone")
    async def cancellation(self, info: Info) -> Cancellation | None:
        """How it was cancelled, if it was."""
        return (await self._agreed(info)).cancellation

    @allowed("anyone")
    async def unread_messages(self, info: Info) -> int:
        """Of the other side."""
        return await info.context.loaders.unread.load(UUID(self.id))

    @allowed("anyone")
    async def property(self, info: Info) -> Property | None:
        """Where the stay is; null while it is not published, for all but its host."""
        return await property_with(info, UUID(self.property_id))

    @allowed("anyone")
    async def host(self, info: Info) -> User | None:
        """Whose property it is; null of somebody who was forgotten."""
        return await user_with(info, UUID(self.host_id))

    @allowed("anyone")
    async def guest(self, info: Info) -> User | None:
        """Who booked; null of somebody who was forgotten."""
        return await user_with(info, UUID(self.guest_id))

    @allowed("user", "payments:read")
    async def payments(self, info: Info) -> list[Payment] | None:
        """Its payments in the order they were tried."""
        found = await info.context.loaders.payments.load(UUID(self.id))
        return None if found is None else [Payment.of(each) for each in found]

    @allowed("user", "reviews:read")
    async def reviews(self, info: Info) -> StayReviews | None:
        """Your review of the stay, and the other side's once it is revealed."""
        seen = await info.context.loaders.stays.load(UUID(self.id))
        return StayReviews.of_stay(seen) if seen else None

    @allowed("user", "bookings:read")
    async def history(self, info: Info) -> list[Event] | None:
        """The booking's whole story, in the log's order."""
        found = await info.context.loaders.histories.load(UUID(self.id))
        return told(UUID(str(info.context.user_id)), *found) if found else None

    async def _agreed(self, info: Info) -> Agreed:
        if self.agreed is None:
            found = await info.context.loaders.bookings.load(UUID(self.id))
            assert found is not None, "whoever sees a booking sees its stream"
            self.agreed = Booking.of_stream(*found, info.context.now).agreed
        assert self.agreed is not None, "a stream tells it"
        return self.agreed
