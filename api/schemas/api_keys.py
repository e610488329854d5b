"""API keys as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Choice, Count, Id, Instant, Strict, Text
from application.api_keys import Shown
from domain.api_keys import SCOPES
from domain.policies import API_KEY_OVERLAP_MAX

_OVERLAP_MAX = int(API_KEY_OVERLAP_MAX.total_seconds()) // 60


class NewKeySchema(Strict):
    """What a machine shall be able to do in your name."""

    name = Text(100, required=True, metadata={"description": "For you, to tell your keys apart."})
    scopes = fields.List(Choice(SCOPES), required=True, validate=validate.Length(1, len(SCOPES)))
    expires_at = Instant(load_default=None, allow_none=True, metadata={"description": "null: until it is revoked."})


class RollKeySchema(Strict):
    overlap_minutes = Count(
        0, _OVERLAP_MAX, load_default=1_440, metadata={"description": "How long the former secret is taken too."}
    )


class ApiKeySchema(Strict):
    """A key, without its secret."""

    id = Id(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How it begins, whatever its secret is."})
    last_four = fields.String(required=True, metadata={"description": "How it ends."})
    scopes = fields.List(Choice(SCOPES), required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    last_used_at = Instant(required=True, allow_none=True, metadata={"description": "To the minute."})
    former_last_four = fields.String(
        required=True, allow_none=True, metadata={"description": "How the key before ends, which was rolled."}
    )
    former_until = Instant(
        required=True, allow_none=True, metadata={"description": "Until when the key before is taken too."}
    )


class MadeKeySchema(ApiKeySchema):
    """A key with its secret: what to send as Authorization: Bearer …. It is not shown again."""

    key = fields.String(required=True)


class ApiKeysSchema(Strict):
    api_keys = fields.List(fields.Nested(ApiKeySchema), required=True)


def shown_key(shown: Shown) -> dict[str, Any]:
    """What ApiKeySchema and MadeKeySchema show."""
    key, note = shown.key, shown.note
    return {
        "id": key.key_id,
        "name": note.name,
        "prefix": note.hint,
        "last_four": note.last_fours[key.secret_id],
        "scopes": key.scopes,
        "created_at": note.created_at,
        "expires_at": key.expires_at,
        "last_used_at": note.last_used_at,
        "former_last_four": note.last_fours.get(key.former_id) if key.former_id else None,
        "former_until": key.former_until,
        "key": shown.secret,
    }
