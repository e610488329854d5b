"""Calendars of other marketplaces that a property follows, and their conflicts with its bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.answers import sent
from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.calendar_feeds import FeedSchema, FeedsSchema, LinkFeedSchema
from api.schemas.fields import NothingSchema
from application import calendar_feeds
from application.calendar_feeds import ShownFeed
from application.linked_calendars import LinkedCalendar
from application.ports import Answer
from application.streams import PropertyStream
from domain.properties import must_exist

resource = Resource(
    "calendar feeds",
    __name__,
    url_prefix="/v1/properties/<uuid:property_id>",
    scope="calendars",
    description="Calendars of other marketplaces.",
)


@resource.query("/calendar-feeds", FeedsSchema, refuses=[404])
def show_feeds(property_id: UUID) -> dict[str, Any]:
    """The calendars that the property follows, how reading them goes, and their conflicts with bookings."""
    return {"feeds": [_shown(feed) for feed in calendar_feeds.find(edge().lodger, property_id, signed_in())]}


@resource.command(
    "POST",
    "/calendar-feeds",
    FeedSchema,
    body=LinkFeedSchema,
    status=201,
    returns=["Location"],
    refuses=[404],
    example={"name": "Airbnb", "url": "https://calendars.example/export/42.ics?s=secret"},
)
def link_feed(body: dict[str, Any], property_id: UUID) -> Response:
    """Follow a calendar: nights that it says are taken are blocked. It is read at once, and twice an hour."""
    lodger = edge().lodger
    feed_id = lodger.new_id()

    def show(listing: PropertyStream, now: datetime) -> Answer:
        feed = must_exist(listing.state).calendars.feeds[feed_id]
        linked = ShownFeed(feed, LinkedCalendar(feed_id, property_id, body["url"], due_at=now), [])
        return answer(FeedSchema, _shown(linked), 201, Location=f"/v1/properties/{property_id}/calendar-feeds")

    return carry_out(
        lambda call: (
            calendar_feeds.link(lodger, call, property_id, signed_in(), feed_id, body["name"], body["url"]).answer
        ),
        show,
    )


@resource.command("DELETE", "/calendar-feeds/<uuid:feed_id>", None, status=204, refuses=[404])
def unlink_feed(property_id: UUID, feed_id: UUID) -> Response:
    """Follow a calendar no more. The nights that it blocked are free."""
    lodger = edge().lodger
    return carry_out(
        lambda call: calendar_feeds.unlink(lodger, call, property_id, signed_in(), feed_id).answer,
        lambda _, __: answer(None, None, 204),
    )


@resource.command(
    "POST",
    "/calendar-feeds/<uuid:feed_id>/sync",
    FeedSchema,
    body=NothingSchema,
    optional=True,
    status=202,
    key=None,
    refuses=[404],
)
def read_feed(_: dict[str, Any], property_id: UUID, feed_id: UUID) -> Response:
    """Have a calendar read now, at most once a minute: `attempted_at` then moves."""
    feed = calendar_feeds.hasten(edge().lodger, property_id, signed_in(), feed_id)
    response = sent(FeedSchema, _shown(feed))
    response.status_code = 202
    return response


@resource.command(
    "POST",
    "/calendar-conflicts/<uuid:conflict_id>/dismiss",
    None,
    body=NothingSchema,
    optional=True,
    status=204,
    refuses=[404],
)
def dismiss_conflict(_: dict[str, Any], property_id: UUID, conflict_id: UUID) -> Response:
    """Let the booking stand in these nights. When it is cancelled, the linked calendar takes them."""
    lodger = edge().lodger
    return carry_out(
        lambda call: calendar_feeds.dismiss(lodger, call, property_id, signed_in(), conflict_id).answer,
        lambda _, __: answer(None, None, 204),
    )


def _shown(shown: ShownFeed) -> dict[str, Any]:
    progress = shown.progress
    return {
        "id": shown.feed.feed_id,
        "name": shown.feed.name,
        "site": shown.feed.site,
        "attempted_at": progress.attempted_at,
        "read_at": progress.read_at,
        "due_at": progress.due_at,
        "error": {"code": progress.error[0], "detail": progress.error[1]} if progress.error else None,
        "entries": progress.entries,
        "notes": progress.notes,
        "conflicts": shown.conflicts,
    }
