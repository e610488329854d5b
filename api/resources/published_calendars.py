"""A property's own calendar at an address that nobody can guess, for other marketplaces to follow."""

from __future__ import annotations

import secrets
from typing import Final
from uuid import UUID

from flask import Response, request

from api import ical
from api.answers import sent
from api.authentication import signed_in
from api.edge import edge
from api.operations import Resource
from api.schemas.calendar_feeds import PublishedCalendarSchema
from api.schemas.fields import NothingSchema
from application import published_calendars

resource = Resource(
    "published calendars", __name__, url_prefix="/v1", scope="calendars", description="Calendars to be followed."
)

_TOKEN_BYTES: Final = 24


@resource.command(
    "POST",
    "/properties/<uuid:property_id>/calendar-address",
    PublishedCalendarSchema,
    body=NothingSchema,
    optional=True,
    status=201,
    key=None,  # a kept answer would keep the address
    verified=True,
    refuses=[404],
)
def publish_calendar(_: dict[str, object], property_id: UUID) -> Response:
    """Get an address of the property's calendar (iCalendar). Shown once; the one before stops working."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    published_calendars.publish(edge().lodger, property_id, signed_in(), token)
    response = sent(PublishedCalendarSchema, {"url": f"{edge().options.issuer}/v1/calendars/{token}.ics"})
    response.status_code = 201
    return response


@resource.command(
    "DELETE", "/properties/<uuid:property_id>/calendar-address", None, status=204, key=None, refuses=[404]
)
def withdraw_calendar(property_id: UUID) -> Response:
    """Let the address stop working."""
    published_calendars.withdraw(edge().lodger, property_id, signed_in())
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


@resource.document("/calendars/<token>.ics", ical.MEDIA_TYPE, returns=["ETag"], refuses=[404])
def read_calendar(token: str) -> Response:
    """When a property is not available, from today on, as whole days. No stay says whose it is."""
    content = ical.written(published_calendars.find(edge().lodger, token))
    response = Response(content, mimetype=ical.MEDIA_TYPE, headers={"Cache-Control": "private, max-age=300"})
    response.add_etag()
    response.make_conditional(request)
    return response
