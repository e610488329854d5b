"""The analysts' metrics, as JSON and as rows of CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, Literal

from marshmallow import fields

from api.schemas.fields import Choice, MoneyField, Month, NumberText, Strict, Text
from api.schemas.pages import NextCursor, PageOf
from domain.money import Money
from projections.analytics_metrics import ROWS_MAX, Cancellations, Performance, Revenue, Stays

Row = Performance | Revenue | Cancellations | Stays
_MINOR: Final = "_minor"


class MetricsAskedSchema(PageOf):
    """Which months and places, and how."""

    limit = NumberText(1, ROWS_MAX, load_default=100)
    since = Month(data_key="from", metadata={"description": "The first month, such as 2026-01."})
    until = Month(data_key="to", metadata={"description": "The last month; it is in."})
    country = Text(100, metadata={"description": "As the properties' hosts wrote it, mostly ISO 3166."})
    city = Text(200, metadata={"description": "Spelt in any case."})
    format = Choice(Literal["json", "csv"], metadata={"description": "By default what Accept asks for."})


class _RowSchema(Strict):
    month = Month(required=True)
    country = fields.String(required=True, metadata={"description": "Empty where it is not known."})
    city = fields.String(required=True, metadata={"description": "In lower case; empty where it is not known."})


class _Decimal(fields.String):
    """An exact decimal as text."""

    def __init__(self, example: str, **kwargs: Any) -> None:
        super().__init__(required=True, metadata={"examples": [example]}, **kwargs)


class PerformanceRowSchema(_RowSchema):
    currency = fields.String(required=True)
    properties = fields.Integer(required=True)
    sold_nights = fields.Integer(required=True)
    available_nights = fields.Integer(required=True)
    blocked_nights = fields.Integer(required=True)
    imported_nights = fields.Integer(required=True)
    unlisted_nights = fields.Integer(required=True)
    accommodation = MoneyField(required=True)
    occupancy = _Decimal("0.3636", allow_none=True)
    adr = MoneyField(required=True, allow_none=True)
    revpar = MoneyField(required=True, allow_none=True)


class RevenueRowSchema(_RowSchema):
    host_key = fields.String(required=True, metadata={"description": "A pseudonym; empty of erased hosts together."})
    currency = fields.String(required=True)
    sold_nights = fields.Integer(required=True)
    accommodation = MoneyField(required=True)
    extras = MoneyField(required=True)
    service_fee = MoneyField(required=True)
    tax = MoneyField(required=True)
    total = MoneyField(required=True)


class CancellationsRowSchema(_RowSchema):
    currency = fields.String(required=True)
    bought = fields.Integer(required=True)
    cancelled_by_guest = fields.Integer(required=True)
    cancelled_by_host = fields.Integer(required=True)
    cancelled_by_platform = fields.Integer(required=True)
    cancellation_rate = _Decimal("0.3333")
    given_back = MoneyField(required=True)
    kept = MoneyField(required=True)


class StaysRowSchema(_RowSchema):
    bought = fields.Integer(required=True)
    mean_lead_days = _Decimal("9.33")
    median_lead_days = fields.Integer(required=True)
    not_cancelled = fields.Integer(required=True)
    mean_nights = _Decimal("4.00", allow_none=True)
    median_nights = fields.Integer(required=True, allow_none=True)


class _RowsSchema(Strict):
    next_cursor = NextCursor()


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


_CATSKILL: Final = {"month": "2026-06", "country": "US", "city": "catskill"}
_PERFORMANCE: Final = {
    **_CATSKILL,
    "currency": "USD",
    "properties": 1,
    "sold_nights": 8,
    "available_nights": 14,
    "blocked_nights": 2,
    "imported_nights": 4,
    "unlisted_nights": 2,
    "accommodation": _usd("880.00"),
    "occupancy": "0.3636",
    "adr": _usd("110.00"),
    "revpar": _usd("40.00"),
}
_REVENUE: Final = {
    **_CATSKILL,
    "host_key": "9b0c6c1e5a3f4d2e8f7a6b5c4d3e2f1a",
    "currency": "USD",
    "sold_nights": 8,
    "accommodation": _usd("980.00"),
    "extras": _usd("105.00"),
    "service_fee": _usd("145.80"),
    "tax": _usd("94.93"),
    "total": _usd("1325.73"),
}
_CANCELLATIONS: Final = {
    **_CATSKILL,
    "currency": "USD",
    "bought": 3,
    "cancelled_by_guest": 1,
    "cancelled_by_host": 0,
    "cancelled_by_platform": 0,
    "cancellation_rate": "0.3333",
    "given_back": _usd("141.37"),
    "kept": _usd("136.35"),
}
_STAYS: Final = {
    **_CATSKILL,
    "bought": 3,
    "mean_lead_days": "9.33",
    "median_lead_days": 10,
    "not_cancelled": 2,
    "mean_nights": "4.00",
    "median_nights": 3,
}


def _rows(schema: type[Strict], example: dict[str, Any]) -> fields.List[Any]:
    return fields.List(fields.Nested(schema), required=True, metadata={"examples": [[example]]})


class PerformanceSchema(_RowsSchema):
    """Occupancy is sold / (sold + available) nights, ADR accommodation per sold, RevPAR per sold or available night."""

    rows = _rows(PerformanceRowSchema, _PERFORMANCE)


class RevenueSchema(_RowsSchema):
    """What guests paid for and do not get back, in the month of the night it falls on."""

    rows = _rows(RevenueRowSchema, _REVENUE)


class CancellationsSchema(_RowsSchema):
    """Bookings that were paid for, by the month of their check-in, and how many of them were cancelled."""

    rows = _rows(CancellationsRowSchema, _CANCELLATIONS)


class StaysSchema(_RowsSchema):
    """Days from asking to check-in, and nights, of bookings that were paid for, by the month of their check-in."""

    rows = _rows(StaysRowSchema, _STAYS)


def shown(row: Row) -> dict[str, Any]:
    """A row for its schema: amounts are money, ratios text."""
    return {name.removesuffix(_MINOR): _value(name, value, row) for name, value in asdict(row).items()}


def _value(name: str, value: Any, row: Row) -> Any:
    if name.endswith(_MINOR) and value is not None:
        assert not isinstance(row, Stays)
        # ADR and RevPAR have four digits more: they are shown to the minor unit.
        return Money(int(Decimal(value).to_integral_value(ROUND_HALF_EVEN)), row.currency)
    return str(value) if isinstance(value, Decimal) else value


def columns(kind: type[Row]) -> list[str]:
    """Those of a table: amounts are in the row's one currency."""
    return [field.name.removesuffix(_MINOR) for field in fields_of(kind)]


def cells(row: Row) -> Sequence[object]:
    return [value.decimal() if isinstance(value, Money) else value for value in _dated(shown(row))]


def _dated(values: dict[str, Any]) -> list[Any]:
    return [value.isoformat()[:7] if name == "month" else value for name, value in values.items()]
