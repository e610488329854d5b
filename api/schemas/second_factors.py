"""Second factors as JSON."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from api.schemas.auth import CredentialsSchema
from api.schemas.fields import Flag, Strict, Text
from application.second_factors import Shown

_CODE: Final = validate.Regexp(r"\A[0-9]{6}\Z", error="Not six digits.")


def _code(**kwargs: Any) -> fields.String:
    about = {"description": "Six digits of the authenticator.", "pattern": "^[0-9]{6}$"}
    return fields.String(validate=_CODE, metadata=about, **kwargs)


class ShownSchema(Strict):
    """What somebody shows of their second factor."""

    code = _code()
    recovery_code = Text(64, metadata={"description": "One of those for a lost authenticator; works once."})

    @validates_schema
    def _is_one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & {"code", "recovery_code"}) > 1:
            raise ValidationError("Not with a code as well.", "recovery_code")


class LogInSchema(CredentialsSchema, ShownSchema):
    """Address and password; and, of whoever has a second factor, a code of it or a recovery code."""


class PasswordSchema(Strict):
    password = Text(200, required=True, metadata={"format": "password"})


class CodeSchema(Strict):
    code = _code(required=True)


class PasswordAndCodeSchema(PasswordSchema, CodeSchema):
    """Whoever is logged in shows once more who they are."""


class PasswordAndShownSchema(PasswordSchema, ShownSchema):
    """The same, with a recovery code in place of a code where the authenticator is lost."""


class SecondFactorSchema(Strict):
    active = Flag(required=True)
    recovery_codes_left = fields.Integer(required=True)


class NewSecondFactorSchema(Strict):
    """What an authenticator is to know. It is shown once."""

    secret = fields.String(required=True, metadata={"description": "In base 32, to be typed."})
    otpauth_uri = fields.String(
        required=True, metadata={"description": "The same as an address, to be opened or scanned."}
    )


class RecoveryCodesSchema(Strict):
    """Codes for the day the authenticator is lost, each for one login. They are shown once."""

    recovery_codes = fields.List(fields.String(), required=True)


def shown_in(body: dict[str, Any]) -> Shown:
    """What a body shows of a second factor."""
    return Shown(body.get("code"), body.get("recovery_code"))
