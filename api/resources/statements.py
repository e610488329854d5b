"""Statements: whose money is where, and what moved it; for hosts, for both sides of a booking, and for operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api import csv_tables
from api.authentication import signed_in
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource
from api.schemas.statements import (
    COLUMNS,
    SEEN,
    LedgerAskedSchema,
    LedgerSchema,
    StatementAskedSchema,
    StatementSchema,
    Viewer,
    rows,
    stated,
)
from application import bookings
from domain.rejections import Rejected
from projections.ledger import LEDGER, Wanted, entries, standings

resource = Resource("statements", __name__, url_prefix="/v1", scope="statements", description="Whose money is where.")


@resource.query("/me/statement", StatementSchema, arguments=StatementAskedSchema, waits=True, table=True)
def show_host_statement(arguments: dict[str, Any]) -> dict[str, Any] | Response:
    """What you have earned as a host, owe and were paid, booking by booking, and what is still to be paid."""
    wanted = Wanted(SEEN["host"], host_id=signed_in(), since=arguments.get("since"), until=arguments.get("until"))
    return _shown(arguments, wanted, "host", "statement")


@resource.query(
    "/bookings/<uuid:booking_id>/statement",
    StatementSchema,
    arguments=StatementAskedSchema,
    waits=True,
    table=True,
    refuses=[404],
)
def show_booking_statement(arguments: dict[str, Any], booking_id: UUID) -> dict[str, Any] | Response:
    """The money of a booking: to its guest what was paid, used and sent back; to its host what it earns."""
    _, role = bookings.find(edge().lodger, booking_id, signed_in())
    wanted = Wanted(SEEN[role], None, booking_id, arguments.get("since"), arguments.get("until"))
    return _shown(arguments, wanted, role, f"booking-{booking_id}")


@resource.query(
    "/operator/ledger",
    LedgerSchema,
    arguments=LedgerAskedSchema,
    who=("operator", "auditor", "analyst"),
    waits=True,
    table=True,
)
def show_ledger(arguments: dict[str, Any]) -> dict[str, Any] | Response:
    """All accounts, or what is asked for, and every entry."""
    account = arguments.get("account")
    wanted = Wanted(
        (account,) if account else (),
        arguments.get("host"),
        arguments.get("booking"),
        arguments.get("since"),
        arguments.get("until"),
        arguments.get("position"),
    )
    return _shown(arguments, wanted, "operator", "ledger")


def _shown(arguments: dict[str, Any], wanted: Wanted, viewer: Viewer, name: str) -> dict[str, Any] | Response:
    """One page, with what stands at both ends of the time asked for. Raises Rejected `range_not_shown`."""
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise Rejected("range_not_shown", "A statement's end comes after its beginning.")
    page = page_asked(arguments, "statement", viewer, wanted)
    with reading(LEDGER) as cursor:
        found = entries(cursor, wanted, page.after, page.limit)
        if csv_tables.wanted(arguments):
            return csv_tables.sent(name, COLUMNS, rows(found, viewer), page.next_cursor(found.after))
        standing = standings(cursor, wanted)
    return {**stated(standing, found, viewer), "next_cursor": page.next_cursor(found.after)}
