"""Second factors: having an authenticator asked for at each login."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from api.answers import sent
from api.authentication import guessing, principal, signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.second_factors import (
    CodeSchema,
    NewSecondFactorSchema,
    PasswordAndCodeSchema,
    PasswordAndShownSchema,
    PasswordSchema,
    RecoveryCodesSchema,
    SecondFactorSchema,
    shown_in,
)
from application import second_factors
from application.ports import Answer

resource = Resource(
    "second_factors", __name__, url_prefix="/v1/users/me/second-factor", description="A code beside the password."
)


@resource.query("", SecondFactorSchema, refuses=[404])
def show_standing() -> dict[str, Any]:
    """Whether logging in takes a code."""
    standing = second_factors.standing(edge().lodger, signed_in())
    return {"active": standing.is_active, "recovery_codes_left": standing.recovery_codes_left}


@resource.command(
    "POST",
    "",
    NewSecondFactorSchema,
    body=PasswordSchema,
    example={"password": "correct horse battery"},
    status=201,
    key=None,
    refuses=[403, 404, 409],
)
def begin(body: dict[str, Any]) -> Response:
    """Get a secret for an authenticator. Nothing changes until you send a code of it."""
    with guessing(str(signed_in())):
        begun = second_factors.begin(edge().lodger, signed_in(), body["password"])
    return sent(NewSecondFactorSchema, {"secret": begun.secret, "otpauth_uri": begun.uri}, status=201)


@resource.command(
    "POST",
    "/confirm",
    RecoveryCodesSchema,
    body=CodeSchema,
    example={"code": "123456"},
    key=None,
    refuses=[403, 404, 409, 429],
)
def confirm(body: dict[str, Any]) -> Response:
    """From now on logging in takes a code. Whatever else you are logged in with ends."""
    lodger = edge().lodger
    return carry_out(
        lambda call: second_factors.confirm(lodger, call, principal(), signed_in(), body["code"]), _recovery_codes
    )


@resource.command(
    "POST",
    "/recovery-codes",
    RecoveryCodesSchema,
    body=PasswordAndCodeSchema,
    example={"password": "correct horse battery", "code": "123456"},
    key=None,
    refuses=[403, 404, 409, 429],
)
def renew_recovery_codes(body: dict[str, Any]) -> Response:
    """Get new recovery codes. The former ones are worth nothing any more."""
    with guessing(str(signed_in())):
        codes = second_factors.renew_recovery_codes(edge().lodger, signed_in(), body["password"], body["code"])
    return sent(RecoveryCodesSchema, {"recovery_codes": codes})


@resource.command(
    "POST",
    "/disable",
    None,
    body=PasswordAndShownSchema,
    example={"password": "correct horse battery", "code": "123456"},
    status=204,
    key=None,
    refuses=[403, 404, 409, 429],
)
def disable(body: dict[str, Any]) -> Response:
    """Have the password be enough again. Whatever else you are logged in with ends."""
    lodger = edge().lodger
    with guessing(str(signed_in())):
        return carry_out(
            lambda call: second_factors.disable(
                lodger, call, principal(), signed_in(), body["password"], shown_in(body)
            ),
            lambda _, __: answer(None, None, 204),
        )


def _recovery_codes(codes: tuple[str, ...], _: datetime) -> Answer:
    return answer(RecoveryCodesSchema, {"recovery_codes": codes})
