"""Logging in as JSON."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Strict, Text


class CredentialsSchema(Strict):
    email = Text(254, required=True)
    password = Text(200, required=True)


class TokenSchema(Strict):
    """An access token (RFC 6749's names). Send it as `Authorization: Bearer …`."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
