"""API keys: letting a machine do some of what one may do. No scope is for this: no key makes keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.api_keys import (
    ApiKeySchema,
    ApiKeysSchema,
    MadeKeySchema,
    NewKeySchema,
    RollKeySchema,
    shown_key,
)
from application import api_keys
from application.api_keys import NewKey, Shown
from application.ports import Answer

resource = Resource(
    "API keys", __name__, url_prefix="/v1/api-keys", description="Letting machines do some of what you may do."
)


@resource.command(
    "POST",
    "",
    MadeKeySchema,
    body=NewKeySchema,
    example={"name": "Channel manager", "scopes": ["bookings:read", "calendars:write"]},
    status=201,
    key=None,
    verified=True,
    returns=["Location"],
    refuses=[403, 404, 409, 422],
)
def create_key(body: dict[str, Any]) -> Response:
    """Make a key. The answer shows it, this once, and so is not kept."""
    lodger = edge().lodger
    scopes = tuple(sorted(set(body["scopes"])))
    wanted = NewKey(lodger.new_id(), body["name"], scopes, body["expires_at"])

    def show(made: Shown, _: datetime) -> Answer:
        return answer(MadeKeySchema, shown_key(made), 201, Location=f"/v1/api-keys/{wanted.key_id}")

    return carry_out(lambda call: api_keys.create(lodger, call, signed_in(), wanted), show)


@resource.query("", ApiKeysSchema)
def list_keys() -> dict[str, Any]:
    """Your keys, in the order you made them; those that were revoked are gone."""
    return {"api_keys": [shown_key(each) for each in api_keys.of(edge().lodger, signed_in())]}


@resource.query("/<uuid:key_id>", ApiKeySchema, refuses=[404])
def show_key(key_id: UUID) -> dict[str, Any]:
    """One of your keys."""
    return shown_key(api_keys.find(edge().lodger, signed_in(), key_id))


@resource.command(
    "POST",
    "/<uuid:key_id>/roll",
    MadeKeySchema,
    body=RollKeySchema,
    optional=True,
    example={"overlap_minutes": 60},
    key=None,
    verified=True,
    refuses=[404, 409],
)
def roll_key(body: dict[str, Any], key_id: UUID) -> Response:
    """Get another secret for a key, as when it may have leaked. For a while the one before is taken too."""
    lodger = edge().lodger
    overlap = timedelta(minutes=body["overlap_minutes"])
    return carry_out(
        lambda call: api_keys.roll(lodger, call, signed_in(), key_id, overlap),
        lambda made, _: answer(MadeKeySchema, shown_key(made)),
    )


@resource.command("DELETE", "/<uuid:key_id>", None, status=204, refuses=[404])
def revoke_key(key_id: UUID) -> Response:
    """Let nobody in with a key any more."""
    lodger = edge().lodger
    return carry_out(
        lambda call: api_keys.revoke(lodger, call, signed_in(), key_id),
        lambda _, __: answer(None, None, 204),
    )
