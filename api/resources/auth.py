"""Logging in: access tokens, and the refresh tokens by which an API client gets new ones."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from api.answers import sent
from api.authentication import guessing, principal, signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource, limited
from api.schemas.auth import CredentialsSchema, LoginsSchema, RefreshTokenSchema, TokenSchema, login
from api.schemas.second_factors import LogInSchema, shown_in
from application import accounts, tokens, users
from application.principals import Principal
from domain.events import Actor
from domain.policies import ACCESS_TOKEN

resource = Resource("auth", __name__, url_prefix="/v1/auth", description="Logging in.")


@resource.command(
    "POST",
    "/tokens",
    TokenSchema,
    body=LogInSchema,
    who="anyone",
    key=None,
    refuses=[401, 403, 429],
    example={"email": "ada@example.org", "password": "correct horse battery"},
)
@limited("login")
def issue_token(body: dict[str, Any]) -> Response:
    """Log in: an access token for 15 minutes, and a refresh token for the next one."""
    with guessing(body["email"]):
        program = request.headers.get("User-Agent", "")
        given = tokens.begin(edge().lodger, body["email"], body["password"], shown_in(body), program)
    return _given(*given)


@resource.command(
    "POST", "/tokens/refresh", TokenSchema, body=RefreshTokenSchema, who="anyone", key=None, refuses=[401, 403]
)
def refresh_token(body: dict[str, Any]) -> Response:
    """Get new tokens for a refresh token, which is spent by it.

    Sent again within ten seconds, because the answer was lost, it gets the same successor; later, or when that was
    used too, all tokens of this login end.
    """
    return _given(*tokens.refresh(edge().lodger, body["refresh_token"]))


@resource.command(
    "POST",
    "/reactivation",
    None,
    body=CredentialsSchema,
    status=204,
    who="anyone",
    key=None,
    refuses=[401],
    example={"email": "ada@example.org", "password": "correct horse battery"},
)
@limited("login")
def reactivate(body: dict[str, Any]) -> Response:
    """Open an account again that its user closed; again changes nothing. Then log in."""
    lodger = edge().lodger
    with guessing(body["email"]):
        user_id = users.by_password(lodger, body["email"], body["password"]).user_id
    return carry_out(
        lambda call: accounts.reactivate(lodger, call, user_id).answer,
        lambda _stream, _now: answer(None, None, 204),
        actor=Actor("user", str(user_id)),
        principal=f"user:{user_id}",
    )


@resource.query("/tokens", LoginsSchema)
def list_logins() -> dict[str, Any]:
    """Where you are logged in by tokens, newest first."""
    found = tokens.families(edge().lodger, signed_in())
    return {"logins": [login(family, principal().credential_id) for family in found]}


@resource.command("DELETE", "/tokens", None, status=204, key=None)
def revoke_logins() -> Response:
    """End all of these logins, this one too. Their access tokens end within a second or two."""
    edge().lodger.token_families.revoke_all(signed_in())
    return Response(status=204)


@resource.command("DELETE", "/tokens/<uuid:login_id>", None, status=204, key=None, refuses=[404])
def revoke_login(login_id: UUID) -> Response:
    """End one of these logins."""
    tokens.revoke(edge().lodger, signed_in(), login_id)
    return Response(status=204)


def _given(who: Principal, refresh: str) -> Response:
    given = {
        "access_token": edge().tokens.issue(who),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TOKEN.total_seconds()),
        "refresh_token": refresh,
    }
    return sent(TokenSchema, given)
