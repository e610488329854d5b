"""What may be asked. Each field is one query of REST: the same who, the same scope, the same refusals."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

import strawberry
from marshmallow import ValidationError

from api.edge import edge
from api.graph import words
from api.graph.access import allowed
from api.graph.connections import FIRST, Behind, Connection, First, connection, page
from api.graph.context import Info
from api.graph.inputs import input_of, loaded, said
from api.graph.scalars import Date, Instant
from api.graph.searches import FILTER, PropertySearch, found
from api.graph.types.bookings import Booking
from api.graph.types.calendars import Night, RangeBegin, RangeEnd, nights_with
from api.graph.types.history import Event, told
from api.graph.types.payments import Payment
from api.graph.types.properties import Property
from api.graph.types.quotes import Quote, quote_with
from api.graph.types.reviews import Review
from api.graph.types.users import User, user_with
from api.schemas import fields
from api.schemas.booking_lists import ListBookingsSchema, wanted
from api.schemas.payments import paid_to
from application import bookings, payments, properties, reviews
from domain import users as rules
from domain.bookings import must_be_made
from domain.payments import must_be_started
from domain.properties import must_exist
from projections.bookings import BOOKINGS, of_user
from projections.newest import Wanted
from projections.projection import PAGE_MAX

BOOKING_FILTER: Final = input_of(ListBookingsSchema, "BookingFilter", frozenset({"as", "limit", "cursor"}))

Which: TypeAlias = Annotated[Any, strawberry.argument(graphql_type=FILTER | None, description="What to look for.")]
Some: TypeAlias = Annotated[Any, strawberry.argument(graphql_type=BOOKING_FILTER | None, description="Which of them.")]
Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(name="id")]
OfProperty: TypeAlias = Annotated[strawberry.ID, strawberry.argument(name="property")]
AsSide: TypeAlias = Annotated[
    Any, strawberry.argument(name="as", graphql_type=words.SIDE, description="As a guest, or as a host.")
]


def id_of(text: str, name: str = "id") -> UUID:
    """An id as it was sent. Raises ValidationError."""
    try:
        return fields.Id().read(text)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error


@strawberry.type
class Query:
    """Everything that can be read."""

    @allowed("anyone")
    def now(self, info: Info) -> Instant:
        """What Lodger's clock shows: every rule goes by it."""
        return Instant(fields.Instant().write(info.context.now))

    @allowed("anyone", limit="search")
    async def properties(
        self, info: Info, where: Which = None, first: First = FIRST, after: Behind = None
    ) -> PropertySearch | None:
        """Published properties that fit."""
        return found(info, where, first, after)

    @allowed("viewer", "properties:read")
    async def property(self, info: Info, which: Id) -> Property | None:
        """A property, fresh. While it is not published, for its host only."""
        return Property.of_stream(properties.find(edge().lodger, id_of(which), info.context.user_id))

    @allowed("viewer", "calendars:read", entries=90)
    async def availability(
        self, info: Info, of: OfProperty, first: RangeBegin = None, until: RangeEnd = None
    ) -> list[Night] | None:
        """What each night of a property costs and whether it is free. The host sees why not."""
        nights = await nights_with(info, id_of(of, "property"), first, until)
        if nights is None:
            must_exist(None)
        return nights

    @allowed("anyone")
    async def quote(
        self,
        info: Info,
        of: OfProperty,
        check_in: Date,
        check_out: Date,
        guests: int,
        currency: str | None = None,
    ) -> Quote | None:
        """What a stay costs, signed. Nothing is reserved; for 30 minutes the quote books at its price."""
        stay = {"check_in": check_in, "check_out": check_out, "guests": guests, "currency": currency}
        return await quote_with(info, said({"property": of, **stay}))

    @allowed("user", "bookings:read")
    async def bookings(
        self, info: Info, side: AsSide, where: Some = None, first: First = FIRST, after: Behind = None
    ) -> Connection[Booking] | None:
        """The bookings you made as a guest, or got as a host; newest first."""
        user_id, role = UUID(str(info.context.user_id)), side.value
        asked = wanted(loaded(ListBookingsSchema, where, **{"as": role}))
        begin = page(first, after, "bookings", user_id, role, asked)
        with info.context.reading(BOOKINGS) as cursor:
            entries = of_user(cursor, user_id, role, info.context.now, asked, begin.after, begin.limit)
        return connection(begin, entries, lambda entry: Booking.of_entry(entry, role, info.context.now))

    @allowed("user", "bookings:read")
    async def booking(self, info: Info, which: Id) -> Booking | None:
        """A booking, fresh, for its guest or its host."""
        found = bookings.find(edge().lodger, id_of(which), UUID(str(info.context.user_id)))
        return Booking.of_stream(*found, info.context.now)

    @allowed("user", "payments:read")
    async def payments(self, info: Info, booking: strawberry.ID) -> list[Payment] | None:
        """A booking's payments, fresh, in the order they were tried."""
        attempts = await info.context.loaders.payments.load(id_of(booking, "booking"))
        if attempts is None:
            must_be_made(None)
        return [Payment.of(each) for each in attempts or ()]

    @allowed("user", "payments:read")
    async def payment(self, info: Info, which: Id) -> Payment | None:
        """A payment, fresh, for the booking's guest or its host."""
        lodger, viewer = edge().lodger, UUID(str(info.context.user_id))
        stream = payments.find(lodger, id_of(which), viewer)
        captured = must_be_started(stream.state).stage == "captured"
        captured_at = payments.captured_at(lodger, stream.id) if captured else None
        return Payment.of(paid_to(viewer, stream, captured_at, payments.client_secret(lodger, stream, viewer)))

    @allowed("user", "bookings:read")
    async def history(self, info: Info, booking: strawberry.ID) -> list[Event] | None:
        """A booking's whole story, in the log's order."""
        viewer = UUID(str(info.context.user_id))
        return told(viewer, *bookings.history(edge().lodger, id_of(booking, "booking"), viewer))

    @allowed("anyone")
    async def review(self, which: Id) -> Review | None:
        """A review that is revealed, fresh."""
        return Review.of_stream(reviews.find(edge().lodger, id_of(which)))

    @allowed("anyone")
    async def reviews(
        self,
        info: Info,
        of: Annotated[strawberry.ID | None, strawberry.argument(name="property")] = None,
        user: strawberry.ID | None = None,
        first: First = FIRST,
        after: Behind = None,
    ) -> Connection[Review] | None:
        """What guests say of a property, or others of a user, newest first."""
        if (of is None) == (user is None):
            raise ValidationError({"property": ["Say either a property or a user."]})
        loaders, is_of = info.context.loaders, "user" if of is None else "property"
        subject = id_of(str(of or user), is_of)
        asked = page(first, after, f"reviews of {is_of}", subject)
        loader = loaders.about_users if of is None else loaders.of_properties
        return connection(asked, await loader.load(Wanted(subject, asked.after, asked.limit)), Review.of_entry)

    @allowed("user")
    async def me(self, info: Info) -> User | None:
        """Yourself. For people: no key shows an account."""
        return await _found(info, UUID(str(info.context.user_id)))

    @allowed("anyone")
    async def user(self, info: Info, which: Id) -> User | None:
        """What others see of a user."""
        return await _found(info, id_of(which))

    @allowed("anyone")
    async def users(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {PAGE_MAX}.")],
    ) -> list[User | None]:
        """What others see of several users, in the order of their ids; null of those whom there are not."""
        if len(ids) > PAGE_MAX:
            raise ValidationError({"ids": [f"At most {PAGE_MAX}."]})
        wanted_ids = [id_of(each, "ids") for each in ids]
        await info.context.loaders.accounts.load_many(wanted_ids)
        return [await user_with(info, each) for each in wanted_ids]


async def _found(info: Info, user_id: UUID) -> User | None:
    """Raises Rejected `user_not_found`."""
    found = await user_with(info, user_id)
    if found is None:
        rules.must_exist(rules.NOBODY)
    return found
