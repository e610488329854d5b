"""What may be done. Each field is one operation of REST: the same who, the same scope, the same effect."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import strawberry

from api.graph.commands import Key, MaybeKey, Payload, carried_out, command
from api.graph.context import Info
from api.graph.errors import Problem
from api.graph.inputs import input_of, said
from api.graph.queries import Id, OfProperty, id_of
from api.graph.scalars import Date
from api.graph.types.bookings import Booking
from api.graph.types.calendars import Block
from api.graph.types.payments import Payment
from api.graph.types.properties import Property
from api.graph.types.reviews import Review
from api.resources import bookings, calendars, payments, properties, reviews
from api.schemas.bookings import CancelSchema, DeclineSchema, RequestBookingSchema, StaySchema
from api.schemas.calendars import BlockIdsSchema, BlockSchema
from api.schemas.fields import NothingSchema
from api.schemas.payments import StartPaymentSchema
from api.schemas.properties import ChangePropertySchema, CreatePropertySchema
from api.schemas.reviews import WriteReplySchema, WriteReviewSchema


def _input(schema: Any, name: str) -> Any:
    return strawberry.argument(name="input", graphql_type=input_of(schema, name))


NewProperty: TypeAlias = Annotated[Any, _input(CreatePropertySchema, "CreatePropertyInput")]
Changes: TypeAlias = Annotated[Any, _input(ChangePropertySchema, "ChangePropertyInput")]
Wanted: TypeAlias = Annotated[Any, _input(RequestBookingSchema, "RequestBookingInput")]
Another: TypeAlias = Annotated[Any, _input(StaySchema, "StayInput")]
Paying: TypeAlias = Annotated[Any, _input(StartPaymentSchema, "StartPaymentInput")]
Words: TypeAlias = Annotated[Any, _input(WriteReviewSchema, "WriteReviewInput")]
From: TypeAlias = Annotated[Date, strawberry.argument(name="from")]
Seen: TypeAlias = Annotated[
    int, strawberry.argument(name="expectedRevision", description="The `revision` that you saw of it.")
]


@strawberry.type(description="A property, as it is after a command.")
class PropertyPayload(Payload):
    property: Property


@strawberry.type(description="Nights that their host keeps free of guests.")
class BlockPayload(Payload):
    block: Block


@strawberry.type(description="Blocks are gone.")
class UnblockedPayload(Payload):
    ids: list[strawberry.ID]


@strawberry.type(description="A booking, as it is after a command.")
class BookingPayload(Payload):
    booking: Booking


@strawberry.type(description="A payment, as it is after a command.")
class PaymentPayload(Payload):
    payment: Payment


@strawberry.type(description="A review, as it is after a command.")
class ReviewPayload(Payload):
    review: Review


PropertyResult: TypeAlias = Annotated[PropertyPayload | Problem, strawberry.union("PropertyResult")]
BlockResult: TypeAlias = Annotated[BlockPayload | Problem, strawberry.union("BlockResult")]
UnblockedResult: TypeAlias = Annotated[UnblockedPayload | Problem, strawberry.union("UnblockedResult")]
BookingResult: TypeAlias = Annotated[BookingPayload | Problem, strawberry.union("BookingResult")]
PaymentResult: TypeAlias = Annotated[PaymentPayload | Problem, strawberry.union("PaymentResult")]
ReviewResult: TypeAlias = Annotated[ReviewPayload | Problem, strawberry.union("ReviewResult")]

_PROPERTIES: Final = "properties:write"
_CALENDARS: Final = "calendars:write"
_BOOKINGS: Final = "bookings:write"


@strawberry.type
class Mutation:
    """Commands: the same that REST has. Accounts and what one logs in with are REST's alone."""

    @command("user", _PROPERTIES)
    async def create_property(self, info: Info, given: NewProperty, key: MaybeKey = None) -> PropertyResult | None:
        """Begin a listing, as a draft. Only hosts can."""
        done = carried_out(info, key, properties.create_property, {}, (CreatePropertySchema, given))
        return PropertyPayload(property=Property.answered(done.json), **done.payload)

    @command("user", _PROPERTIES)
    async def change_property(
        self, info: Info, which: Id, revision: Seen, given: Changes, key: MaybeKey = None
    ) -> PropertyResult | None:
        """Change a listing. What is left out stays as it is."""
        ids, body = {"property_id": id_of(which)}, (ChangePropertySchema, given)
        done = carried_out(info, key, properties.change_property, ids, body, version=revision)
        return PropertyPayload(property=Property.answered(done.json), **done.payload)

    @command("user", _PROPERTIES, verified=True)
    async def publish_property(self, info: Info, which: Id, key: MaybeKey = None) -> PropertyResult | None:
        """Open it for booking. A refusal lists every missing part."""
        ids = {"property_id": id_of(which)}
        done = carried_out(info, key, properties.publish_property, ids, (NothingSchema, {}))
        return PropertyPayload(property=Property.answered(done.json), **done.payload)

    @command("user", _PROPERTIES)
    async def unpublish_property(self, info: Info, which: Id, key: MaybeKey = None) -> PropertyResult | None:
        """Take no new bookings; those made stay as they are."""
        ids = {"property_id": id_of(which)}
        done = carried_out(info, key, properties.unpublish_property, ids, (NothingSchema, {}))
        return PropertyPayload(property=Property.answered(done.json), **done.payload)

    @command("user", _CALENDARS)
    async def block_nights(
        self, info: Info, of: OfProperty, first: From, until: Date, key: MaybeKey = None
    ) -> BlockResult | None:
        """Keep nights from `from` until, and without, `until` free of guests. Blocks may overlap, never a stay."""
        ids, body = {"property_id": id_of(of, "property")}, (BlockSchema, {"from": first, "until": until})
        done = carried_out(info, key, calendars.block_nights, ids, body)
        return BlockPayload(block=Block.read(done.json), **done.payload)

    @command("user", _CALENDARS)
    async def unblock_nights(
        self, info: Info, of: OfProperty, blocks: list[strawberry.ID], key: MaybeKey = None
    ) -> UnblockedResult | None:
        """Give blocked nights back to guests."""
        ids, body = {"property_id": id_of(of, "property")}, (BlockIdsSchema, {"id": blocks})
        done = carried_out(info, key, calendars.unblock_nights, ids, body)
        return UnblockedPayload(ids=blocks, **done.payload)

    @command("user", _BOOKINGS, verified=True)
    async def request_booking(self, info: Info, given: Wanted, key: Key) -> BookingResult | None:
        """Hold the nights of a stay for 15 minutes, to be paid in that time; or ask the host, who has 24 hours."""
        done = carried_out(info, key, bookings.request_booking, {}, (RequestBookingSchema, given))
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", _BOOKINGS)
    async def accept_booking(self, info: Info, which: Id, key: MaybeKey = None) -> BookingResult | None:
        """Take the guest who asked: the nights are held for 15 minutes, to be paid in that time."""
        done = carried_out(info, key, bookings.accept_booking, {"booking_id": id_of(which)})
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", _BOOKINGS)
    async def decline_booking(
        self, info: Info, which: Id, reason: str | None = None, key: MaybeKey = None
    ) -> BookingResult | None:
        """Do not take the guest who asked."""
        ids, body = {"booking_id": id_of(which)}, (DeclineSchema, said({"reason": reason}))
        done = carried_out(info, key, bookings.decline_booking, ids, body)
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", _BOOKINGS)
    async def cancel_booking(
        self, info: Info, which: Id, reason: str | None = None, key: MaybeKey = None
    ) -> BookingResult | None:
        """Give a booking back. What the payer gets back follows from the policy that was agreed."""
        ids, body = {"booking_id": id_of(which)}, (CancelSchema, said({"reason": reason}))
        done = carried_out(info, key, bookings.cancel_booking, ids, body)
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", _BOOKINGS, verified=True)
    async def alter_booking(self, info: Info, which: Id, given: Another, key: MaybeKey = None) -> BookingResult | None:
        """Have another stay: at once when it costs no more, else its added nights are held until the rest is paid."""
        done = carried_out(info, key, bookings.alter_booking, {"booking_id": id_of(which)}, (StaySchema, given))
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", _BOOKINGS)
    async def record_no_show(self, info: Info, which: Id, key: MaybeKey = None) -> BookingResult | None:
        """Say that the guest never came. Nothing is paid back."""
        done = carried_out(info, key, bookings.record_no_show, {"booking_id": id_of(which)})
        return BookingPayload(booking=Booking.answered(done.json), **done.payload)

    @command("user", "payments:write")
    async def start_payment(self, info: Info, booking: strawberry.ID, given: Paying, key: Key) -> PaymentResult | None:
        """Begin to pay a held booking. A failed attempt may be followed by another, while the booking is held."""
        ids, body = {"booking_id": id_of(booking, "booking")}, (StartPaymentSchema, given)
        done = carried_out(info, key, payments.start_payment, ids, body)
        return PaymentPayload(payment=Payment.read(done.json), **done.payload)

    @command("user", "reviews:write")
    async def write_review(
        self, info: Info, booking: strawberry.ID, given: Words, key: MaybeKey = None
    ) -> ReviewResult | None:
        """Review the other side of a stay, within 14 days of check-out.

        Nobody else sees it, or that there is one, until the other side has written too or may not any more.
        """
        ids, body = {"booking_id": id_of(booking, "booking")}, (WriteReviewSchema, given)
        done = carried_out(info, key, reviews.write_review, ids, body)
        return ReviewPayload(review=Review.read(done.json), **done.payload)

    @command("user", "reviews:write")
    async def reply_to_review(self, info: Info, which: Id, text: str, key: MaybeKey = None) -> ReviewResult | None:
        """Reply to a review of you, once."""
        ids, body = {"review_id": id_of(which)}, (WriteReplySchema, {"text": text})
        done = carried_out(info, key, reviews.reply_to_review, ids, body)
        return ReviewPayload(review=Review.read(done.json), **done.payload)
