"""Linked and published calendars as JSON."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Day, Id, Instant, Strict, Text


class LinkFeedSchema(Strict):
    """The address is where the other marketplace exports its calendar (iCalendar). It is never shown again."""

    name = Text(50, required=True, metadata={"description": "Your word for it."})
    url = Text(2000, required=True)


class FeedErrorSchema(Strict):
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ConflictSchema(Strict):
    """Nights that a linked calendar says are taken, and a booking has."""

    id = Id(required=True, attribute="conflict_id")
    booking = Id(required=True, attribute="booking_id")
    first = Day(required=True, data_key="from")
    until = Day(required=True)


class FeedSchema(Strict):
    """A linked calendar. `error` is of the last attempt to read it; what it blocked before stays blocked.

    `entries` and `notes` are of the last time that it could be read.
    """

    id = Id(required=True)
    name = fields.String(required=True)
    site = fields.String(required=True)
    attempted_at = Instant(required=True, allow_none=True)
    read_at = Instant(required=True, allow_none=True)
    due_at = Instant(required=True)
    error = fields.Nested(FeedErrorSchema, required=True, allow_none=True)
    entries = fields.Integer(required=True)
    notes = fields.List(fields.String(), required=True)
    conflicts = fields.List(fields.Nested(ConflictSchema), required=True)


class FeedsSchema(Strict):
    feeds = fields.List(fields.Nested(FeedSchema), required=True)


class PublishedCalendarSchema(Strict):
    """Whoever knows this address can read when the property is not available, and nothing else."""

    url = fields.String(required=True)
