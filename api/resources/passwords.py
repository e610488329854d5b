"""Passwords: changing one, and setting a new one by the link in a mail."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.authentication import guessing, signed_in
from api.edge import edge
from api.operations import Resource, limited
from api.schemas.email_verification import EmailSchema
from api.schemas.passwords import PasswordChangeSchema, PasswordResetSchema
from application import passwords

resource = Resource("passwords", __name__, url_prefix="/v1", description="Passwords.")


@resource.command(
    "PUT",
    "/users/me/password",
    None,
    body=PasswordChangeSchema,
    status=204,
    key=None,
    refuses=[403],
    example={"current_password": "correct horse battery", "new_password": "staple, correct battery"},
)
@limited("login")
def change_password(body: dict[str, Any]) -> Response:
    """Change your password. Every login and session of yours ends, this one too: log in with the new one."""
    with guessing(str(signed_in())):
        passwords.change(edge().lodger, signed_in(), body["current_password"], body["new_password"])
    return Response(status=204)


@resource.command(
    "POST",
    "/auth/password-reset/requests",
    None,
    body=EmailSchema,
    status=202,
    who="anyone",
    key=None,
    example={"email": "ada@example.org"},
)
@limited("mail")
def ask_for_reset(body: dict[str, Any]) -> Response:
    """Have a link sent that sets a new password. The answer is the same whether anybody has the address."""
    passwords.ask_for_letter(edge().lodger, body["email"])
    return Response(status=202)


@resource.command("POST", "/auth/password-reset", None, body=PasswordResetSchema, status=204, who="anyone", key=None)
@limited("login")
def reset_password(body: dict[str, Any]) -> Response:
    """Set a new password with the token of the link. Whoever was logged in is logged out, everywhere."""
    passwords.reset(edge().lodger, body["token"], body["new_password"])
    return Response(status=204)
