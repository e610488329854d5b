"""Metrics for dashboards: occupancy, prices, revenue, cancellations and stays, by month and city."""

from __future__ import annotations

from typing import Any

from flask import Response

from api import csv_tables
from api.commands import POSITION_HEADER
from api.edge import edge
from api.lists import page_asked, wait_for
from api.operations import Resource
from api.schemas.analytics import (
    CancellationsSchema,
    MetricsAskedSchema,
    PerformanceSchema,
    RevenueSchema,
    Row,
    StaysSchema,
    cells,
    columns,
    shown,
)
from domain.rejections import Rejected
from projections.analytics import ANALYTICS
from projections.analytics_metrics import Cancellations, Performance, Revenue, Stays, Wanted, page, position
from projections.listing_rows import key_of

resource = Resource(
    "analytics", __name__, url_prefix="/v1/analytics", scope="analytics", description="Metrics, for analysts."
)
_OF_ANALYSTS: Any = {
    "arguments": MetricsAskedSchema,
    "who": "analyst",
    "waits": True,
    "table": True,
    "returns": [POSITION_HEADER],
}


@resource.query("/performance", PerformanceSchema, **_OF_ANALYSTS)
def show_performance(arguments: dict[str, Any]) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """Occupancy, ADR and RevPAR. Blocked, imported and unlisted nights are in none of them."""
    return _shown(arguments, Performance)


@resource.query("/revenue", RevenueSchema, **_OF_ANALYSTS)
def show_revenue(arguments: dict[str, Any]) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """What was kept, by month, city and host."""
    return _shown(arguments, Revenue)


@resource.query("/cancellations", CancellationsSchema, **_OF_ANALYSTS)
def show_cancellations(arguments: dict[str, Any]) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """How many of the bookings that were paid for were cancelled, by whom, and what came back."""
    return _shown(arguments, Cancellations)


@resource.query("/stays", StaysSchema, **_OF_ANALYSTS)
def show_stays(arguments: dict[str, Any]) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """Lead time and length of stay."""
    return _shown(arguments, Stays)


def _shown(arguments: dict[str, Any], kind: type[Row]) -> Response | tuple[dict[str, Any], dict[str, str]]:
    """One page, of one moment. Raises Rejected `range_not_shown`, `analytics_timed_out`."""
    since, until = arguments.get("since"), arguments.get("until")
    if since and until and since > until:
        raise Rejected("range_not_shown", "The last month is before the first.")
    city = key_of(arguments["city"]) if "city" in arguments else None
    wanted = Wanted(since, until, arguments.get("country"), city)
    asked = page_asked(arguments, "analytics", kind.VIEW, wanted)
    wait_for(ANALYTICS)
    with edge().options.analysts() as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = page(cursor, kind, wanted, asked.after, asked.limit)
        counted = {POSITION_HEADER: str(position(cursor))}
    if csv_tables.wanted(arguments):
        table = csv_tables.sent(kind.VIEW, columns(kind), map(cells, found.items), asked.next_cursor(found.after))
        table.headers.update(counted)
        return table
    return {"rows": [shown(row) for row in found.items], "next_cursor": asked.next_cursor(found.after)}, counted
