"""Properties: listed, shown, changed, published, and their calendar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in, viewer
from api.commands import answer, carry_out, etag, expected_version
from api.edge import edge
from api.lists import page_asked, reading
from api.operations import Resource, limited
from api.schemas.fields import NothingSchema
from api.schemas.properties import (
    ChangePropertySchema,
    CreatePropertySchema,
    ShownPropertySchema,
    changes,
    shown,
)
from api.schemas.search import HitsSchema, SearchSchema, hits_shown, searched
from api.searches import Asked, found
from application import properties
from application.calls import Call
from application.ports import Answer
from application.streams import Done, PropertyStream
from domain.properties import Property, PropertyFact, must_be_hosted_by
from projections.listings import LISTINGS

resource = Resource(
    "properties", __name__, url_prefix="/v1/properties", scope="properties", description="What hosts offer."
)

_EXAMPLE = {
    "title": "Cabin by the creek",
    "description": "Two rooms under old oaks.",
    "property_type": "cabin",
    "guests": 4,
    "location": {
        "address": "1 Creek Road",
        "city": "Catskill",
        "country": "US",
        "coordinates": {"latitude": 42.2173, "longitude": -73.8646},
    },
    "price_per_night": {"amount": "129.50", "currency": "USD"},
}


@resource.command(
    "POST",
    "",
    ShownPropertySchema,
    body=CreatePropertySchema,
    status=201,
    returns=["Location", "ETag"],
    refuses=[403, 404],
    example=_EXAMPLE,
)
def create_property(body: dict[str, Any]) -> Response:
    """Begin a listing, as a draft. Only hosts can."""
    lodger = edge().lodger
    property_id = lodger.new_id()
    known = changes(body, None, lodger.zones.zone_at)
    return carry_out(
        lambda call: properties.create(lodger, call, property_id, signed_in(), known).answer,
        lambda stream, _: answer_of(stream, 201, Location=f"/v1/properties/{stream.id}"),
    )


@resource.query("", HitsSchema, arguments=SearchSchema, who="anyone", waits=True)
@limited("search")
def search_properties(arguments: dict[str, Any]) -> dict[str, Any]:
    """Published properties that fit, a page at a time."""
    wanted, now = searched(arguments), edge().lodger.clock.now()
    page = page_asked(arguments, "search", wanted)
    asked = Asked(wanted, page.after, page.limit, facets=arguments["facets"])
    with reading(LISTINGS) as cursor:
        answer, as_of = found(cursor, asked, now)
    assert answer.total is not None, "asked for"
    assert as_of is not None, "asked for"
    shown = hits_shown(answer.hits, answer.total, answer.facets, as_of)
    return {**shown, "next_cursor": page.next_cursor(answer.after)}


@resource.query("/<uuid:property_id>", ShownPropertySchema, who="viewer", returns=["ETag"], refuses=[404])
def show_property(property_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """A property, fresh. While it is not published, for its host only."""
    view = shown(properties.find(edge().lodger, property_id, viewer()))
    return view, {"ETag": etag(view["revision"])}


@resource.command(
    "PATCH",
    "/<uuid:property_id>",
    ShownPropertySchema,
    body=ChangePropertySchema,
    if_match=True,
    returns=["ETag"],
    refuses=[404],
    example={"price_per_night": {"amount": "140.00", "currency": "USD"}},
)
def change_property(body: dict[str, Any], property_id: UUID) -> Response:
    """Change a listing. What is left out stays as it is."""
    lodger = edge().lodger
    revision = expected_version()
    # Loaded once more inside the command, which refuses any other revision than the one merged into here.
    known = must_be_hosted_by(properties.find(lodger, property_id, signed_in()).state, signed_in())
    wanted = changes(body, known, lodger.zones.zone_at)
    return carry_out(
        lambda call: properties.change(lodger, call, property_id, signed_in(), revision, wanted).answer,
        lambda stream, _: answer_of(stream),
    )


@resource.command(
    "POST",
    "/<uuid:property_id>/publish",
    ShownPropertySchema,
    body=NothingSchema,
    optional=True,
    returns=["ETag"],
    verified=True,
    refuses=[404],
)
def publish_property(_: dict[str, Any], property_id: UUID) -> Response:
    """Open it for booking. A refusal lists every missing part."""
    return _change(lambda call: properties.publish(edge().lodger, call, property_id, signed_in()))


@resource.command(
    "POST",
    "/<uuid:property_id>/unpublish",
    ShownPropertySchema,
    body=NothingSchema,
    optional=True,
    returns=["ETag"],
    refuses=[404],
)
def unpublish_property(_: dict[str, Any], property_id: UUID) -> Response:
    """Take no new bookings; those made stay as they are."""
    return _change(lambda call: properties.unpublish(edge().lodger, call, property_id, signed_in()))


def _change(command: Callable[[Call], Done[Property | None, PropertyFact]]) -> Response:
    return carry_out(lambda call: command(call).answer, lambda stream, _: answer_of(stream))


def answer_of(stream: PropertyStream, status: int = 200, **headers: str) -> Answer:
    """The property as it is after a command."""
    view = shown(stream)
    return answer(ShownPropertySchema, view, status, ETag=etag(view["revision"]), **headers)
