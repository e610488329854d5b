"""Money, and the lines of a price."""

from __future__ import annotations

import strawberry
from marshmallow import fields

from api.graph import words
from api.graph.scalars import Date
from api.graph.shown import Shown, shows
from api.schemas.cancellations import RefundLineSchema
from api.schemas.fields import Strict
from api.schemas.quotes import LineSchema


class MoneySchema(Strict):
    """What `MoneyField` writes."""

    amount = fields.String()
    currency = fields.String()


@shows(MoneySchema)
class Money(Shown):
    """An amount as a decimal string that has exactly the currency's digits (ISO 4217), never a float."""

    amount: str
    currency: str


@shows(LineSchema)
class Line(Shown):
    """One line of a price; discounts are negative. All lines add up to the total exactly."""

    kind: str = strawberry.field(graphql_type=words.LINE_KIND)
    amount: Money
    night: Date | None
    taxes: str | None = strawberry.field(graphql_type=words.TAXED_PART | None)


@shows(RefundLineSchema)
class RefundLine(Shown):
    """What comes back of one kind of line; nights come back less their discounts."""

    kind: str = strawberry.field(graphql_type=words.LINE_KIND)
    amount: Money
