"""Quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from api.graph import words
from api.graph.context import Info
from api.graph.scalars import Date, Instant
from api.graph.shown import Shown, at, shows
from api.graph.types.money import Line, Money
from api.schemas.quotes import AskQuoteSchema, QuoteSchema, quoted
from application.quotes import Asked, Offer
from domain.stays import Stay


@shows(QuoteSchema)
class Quote(Shown):
    """A price, itemised and signed: `quote` books at it until `expiresAt`, whatever the host changes meanwhile."""

    property_id: strawberry.ID = at("property")
    check_in: Date
    check_out: Date
    nights: int
    guests: int
    lines: list[Line]
    total_price: Money
    cancellation_policy: str = strawberry.field(graphql_type=words.CANCELLATION_POLICY)
    quote: str
    expires_at: Instant
    available: bool

    @classmethod
    def of_offer(cls, offer: Offer) -> Quote:
        return cls.of(quoted(offer))


async def quote_with(info: Info, asked: Mapping[str, Any]) -> Quote:
    """What a stay costs. Raises ValidationError, and what `quotes.offer` does."""
    given = AskQuoteSchema().load(asked)
    stay = Stay(given["check_in"], given["check_out"])
    wanted = Asked(given["property"], stay, given["guests"], given.get("currency"))
    return Quote.of_offer(await info.context.loaders.quotes.load(wanted))
