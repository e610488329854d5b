"""Payments of bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from api.graph import words
from api.graph.access import allowed
from api.graph.context import Info
from api.graph.scalars import Instant
from api.graph.shown import Shown, at, shows
from api.graph.types.money import Money
from api.schemas.payments import NextActionSchema, PaymentSchema, RefundSchema

if TYPE_CHECKING:
    from api.graph.types.bookings import Booking


@shows(NextActionSchema)
class NextAction(Shown):
    """What the payer has to do: open `url`, answer the push on the phone, or confirm with the provider's library."""

    kind: str = strawberry.field(graphql_type=words.ACTION_KIND)
    url: str | None
    client_secret: str | None = strawberry.field(
        description="To `confirm_with_provider`: shown to the guest, by `Query.payment` only."
    )


@shows(RefundSchema)
class Refund(Shown):
    """Money of a payment that goes back. One that failed is seen to by an operator, and then is another refund."""

    id: strawberry.ID
    amount: Money
    status: str = strawberry.field(graphql_type=words.REFUND_STATUS)
    failure_code: str | None


@shows(PaymentSchema)
class Payment(Shown):
    """One attempt to pay a booking, fresh."""

    id: strawberry.ID
    booking_id: strawberry.ID = at("booking")
    attempt: int
    amount: Money
    payment_method: str = strawberry.field(graphql_type=words.PAYMENT_METHOD)
    payment_date: Instant | None
    status: str = strawberry.field(graphql_type=words.PAYMENT_STATUS)
    next_action: NextAction | None
    failure_code: str | None
    refunded: Money
    refunds: list[Refund]

    @allowed("user", "bookings:read")
    async def booking(self, info: Info) -> Annotated[Booking, strawberry.lazy("api.graph.types.bookings")] | None:
        """What it pays for."""
        from api.graph.types.bookings import Booking

        found = await info.context.loaders.bookings.load(UUID(self.booking_id))
        return Booking.of_stream(*found, info.context.now) if found else None
