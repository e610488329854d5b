"""Scalars of the graph: values as REST writes them. What is sent in is judged by the schema that REST judges it by."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Date = NewType("Date", str)
Instant = NewType("Instant", str)
Number = NewType("Number", Decimal)


def _as_it_is(value: Any) -> Any:
    return value


def _exactly(value: Any) -> Decimal:
    """As `json_body` reads numbers: what is written with digits is no binary fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("Not a number.")
    return Decimal(str(value))


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Date: strawberry.scalar(
        name="Date",
        description="A calendar date such as 2026-06-11.",
        serialize=_as_it_is,
        parse_value=_as_it_is,
    ),
    Instant: strawberry.scalar(
        name="Instant",
        description="An instant such as 2026-06-11T15:00:00Z (RFC 3339).",
        serialize=_as_it_is,
        parse_value=_as_it_is,
    ),
    Number: strawberry.scalar(
        name="Number",
        description="A number with or without a fraction, taken digit by digit.",
        serialize=float,
        parse_value=_exactly,
    ),
}
