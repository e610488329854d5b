"""How routes of properties are asked."""

from __future__ import annotations

from tests.api.people import PROPERTY
from tests.permissions.asking.registry import Ask, asks
from tests.permissions.world import PICTURE, World, version_of


@asks("POST /v1/properties")
def draft(_: World) -> Ask:
    return Ask(body=PROPERTY)


@asks(
    "GET /v1/properties/{property_id}",
    "POST /v1/properties/{property_id}/publish",
    "POST /v1/properties/{property_id}/unpublish",
    "GET /v1/properties/{property_id}/calendar",
    "GET /v1/properties/{property_id}/calendar-feeds",
    "POST /v1/properties/{property_id}/calendar-feeds",
    "POST /v1/properties/{property_id}/calendar-address",
    "DELETE /v1/properties/{property_id}/calendar-address",
)
def published(world: World) -> Ask:
    return Ask({"property_id": world.property()})


@asks("PATCH /v1/properties/{property_id}", "PUT /v1/properties/{property_id}/photos")
def seen_property(world: World) -> Ask:
    property_id = world.property()
    seen = version_of(world.cast["host"], f"/v1/properties/{property_id}")
    return Ask({"property_id": property_id}, headers={"If-Match": seen})


@asks("POST /v1/properties/{property_id}/photos")
def photo(world: World) -> Ask:
    return Ask({"property_id": world.property()}, PICTURE, content_type="image/jpeg")


@asks("GET /v1/photos/{photo_id}/{size}.jpg")
def shown_photo(world: World) -> Ask:
    return Ask({"photo_id": world.photo(), "size": "full"})


@asks("POST /v1/properties/{property_id}/blocks")
def nights(world: World) -> Ask:
    first, until = world.nights()
    return Ask({"property_id": world.property()}, {"from": first, "until": until})


@asks("DELETE /v1/properties/{property_id}/blocks")
def block(world: World) -> Ask:
    property_id, block_id = world.block()
    return Ask({"property_id": property_id}, query=f"id={block_id}")


@asks(
    "DELETE /v1/properties/{property_id}/calendar-feeds/{feed_id}",
    "POST /v1/properties/{property_id}/calendar-feeds/{feed_id}/sync",
    "POST /v1/properties/{property_id}/calendar-conflicts/{conflict_id}/dismiss",
)
def feed(world: World) -> Ask:
    return Ask(world.feed())


@asks("GET /v1/calendars/{token}.ics")
def calendar(world: World) -> Ask:
    return Ask({"token": world.calendar()})
