"""A guest's trips and a host's inbox as JSON."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import fields, validate

from api.schemas.bookings import BookingSummarySchema
from api.schemas.fields import Choice, Day, Id, Strict
from api.schemas.pages import NextCursor, PageOf
from domain.bookings import Role, Status
from projections.bookings import Counts, Wanted, When

_STATUSES = get_args(Status)


class SideSchema(Strict):
    role = Choice(Role, required=True, data_key="as")


class ListBookingsSchema(PageOf):
    """Whose bookings, which of them, and which page."""

    role = Choice(Role, required=True, data_key="as")
    statuses = fields.List(
        Choice(Status),
        data_key="status",
        load_default=list,
        validate=validate.Length(max=len(_STATUSES)),
        metadata={"description": "Given several times, any of them."},
    )
    property = Id()
    check_in_from = Day(metadata={"description": "The first check-in to show."})
    check_in_until = Day(metadata={"description": "The first check-in to show no more."})
    when = Choice(When, metadata={"description": "By the times of check-in and check-out, whatever the status."})
    waiting_for = Choice(Role, metadata={"description": "Whose turn it is to answer or to pay now."})


class ListedBookingSchema(BookingSummarySchema):
    unread_messages = fields.Integer(required=True, metadata={"description": "Of the other side."})


class BookingsSchema(Strict):
    bookings = fields.List(fields.Nested(ListedBookingSchema), required=True)
    next_cursor = NextCursor()


class StatusCountSchema(Strict):
    status = Choice(Status, required=True)
    bookings = fields.Integer(required=True)


class BookingCountsSchema(Strict):
    statuses = fields.List(fields.Nested(StatusCountSchema), required=True)
    waiting_for_you = fields.Integer(
        required=True, metadata={"description": "Those that it is your turn to answer or to pay now."}
    )


def wanted(arguments: dict[str, Any]) -> Wanted:
    """What ListBookingsSchema asks for."""
    return Wanted(
        statuses=tuple(status for status in _STATUSES if status in arguments["statuses"]),
        property_id=arguments.get("property"),
        check_in_from=arguments.get("check_in_from"),
        check_in_until=arguments.get("check_in_until"),
        when=arguments.get("when"),
        waits_for=arguments.get("waiting_for"),
    )


def counted(counts: Counts) -> dict[str, Any]:
    """What BookingCountsSchema shows."""
    return {
        "statuses": [{"status": status, "bookings": number} for status, number in counts.statuses.items()],
        "waiting_for_you": counts.waiting,
    }
