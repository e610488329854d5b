"""Logging in as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.schemas.fields import Flag, Id, Instant, Strict, Text
from application.token_ports import Family


class CredentialsSchema(Strict):
    email = Text(254, required=True)
    password = Text(200, required=True, metadata={"format": "password"})


class RefreshTokenSchema(Strict):
    refresh_token = Text(1_000, required=True, metadata={"format": "password"})


class TokenSchema(Strict):
    """Tokens (RFC 6749's names). Send the access token as `Authorization: Bearer …`, and the refresh token for new
    ones; each works once."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    refresh_token = fields.String(required=True)


class LoginSchema(Strict):
    """A login of an API client that goes on."""

    id = Id(required=True)
    user_agent = fields.String(required=True, metadata={"description": "What the program called itself."})
    created_at = Instant(required=True)
    used_at = Instant(required=True, metadata={"description": "When its last access token was given out."})
    ends_at = Instant(required=True)
    current = Flag(required=True, metadata={"description": "Whether this request came by it."})


class LoginsSchema(Strict):
    logins = fields.List(fields.Nested(LoginSchema), required=True)


def login(family: Family, current: str) -> dict[str, Any]:
    """What LoginSchema shows."""
    return {
        "id": family.family_id,
        "user_agent": family.user_agent,
        "created_at": family.created_at,
        "used_at": family.used_at,
        "ends_at": family.ends_at,
        "current": str(family.family_id) == current,
    }
