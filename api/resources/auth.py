"""Logging in."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.answers import sent
from api.edge import edge
from api.operations import Resource
from api.schemas.auth import CredentialsSchema, TokenSchema
from api.tokens import LIFETIME
from application import users

resource = Resource("auth", __name__, url_prefix="/v1/auth", description="Access tokens.")


@resource.command(
    "POST",
    "/tokens",
    TokenSchema,
    body=CredentialsSchema,
    who="anyone",
    key=None,
    refuses=[401],
    example={"email": "ada@example.org", "password": "correct horse battery"},
)
def issue_token(body: dict[str, Any]) -> Response:
    """Get an access token for 15 minutes."""
    here = edge()
    principal = users.log_in(here.lodger, body["email"], body["password"])
    token = {
        "access_token": here.tokens.issue(principal),
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
    }
    return sent(TokenSchema, token)
