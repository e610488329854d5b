"""Verifying an e-mail address: by the link in a mail, which leads to a page with a button (`api.account_pages`)."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource, limited
from api.schemas.email_verification import EmailSchema, EmailTokenSchema
from application import verification
from domain.events import Actor

resource = Resource("email_verification", __name__, url_prefix="/v1/auth/email-verification", description="Addresses.")


@resource.command("POST", "", None, body=EmailTokenSchema, status=204, who="anyone", refuses=[404])
@limited("login")
def verify_email(body: dict[str, Any]) -> Response:
    """Confirm an address with the token of the link in the mail. From then on its user may book and publish."""
    lodger = edge().lodger
    user_id = verification.addressee(lodger, body["token"])
    return carry_out(
        lambda call: verification.verify(lodger, call, user_id).answer,
        lambda _stream, _now: answer(None, None, 204),
        actor=Actor("user", str(user_id)),
        principal=f"user:{user_id}",
    )


@resource.command(
    "POST",
    "/requests",
    None,
    body=EmailSchema,
    status=202,
    who="anyone",
    key=None,
    example={"email": "ada@example.org"},
)
@limited("mail")
def ask_for_verification(body: dict[str, Any]) -> Response:
    """Have the mail sent once more. The answer is the same whether anybody has the address, and needs it."""
    verification.ask_for_letter(edge().lodger, body["email"])
    return Response(status=202)
