"""Users as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Flag, Id, LanguageTag, Phone, Strict, Text
from api.schemas.passwords import NewPassword
from api.schemas.photos import PhotoSchema, pictured
from application.ports import Person
from domain.policies import LANGUAGES_MAX
from domain.users import User


class RegisterSchema(Strict):
    username = Text(30, required=True, metadata={"description": "3 to 30 of a-z, 0-9, dot, dash and underscore."})
    email = Text(254, required=True, metadata={"format": "email"})
    name = Text(100, required=True)
    password = NewPassword(required=True)


class ProfileSchema(Strict):
    """What of a profile can be changed; what is left out stays."""

    name = Text(100)
    phone = Phone(allow_none=True, metadata={"description": "null removes it."})
    bio = Text(2_000, 0)
    languages = fields.List(LanguageTag(), validate=validate.Length(max=LANGUAGES_MAX))


class AccountSchema(Strict):
    """A user, as that user sees it."""

    id = Id(required=True)
    username = fields.String(required=True)
    email = fields.String(required=True)
    email_verified = Flag(required=True, metadata={"description": "Before it is, you look, and neither book nor host."})
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    bio = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    photo = fields.Nested(PhotoSchema, required=True, allow_none=True)
    is_host = Flag(required=True)


class PublicProfileSchema(Strict):
    """A user, as others see it."""

    id = Id(required=True)
    username = fields.String(required=True)
    bio = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    photo = fields.Nested(PhotoSchema, required=True, allow_none=True)
    is_host = Flag(required=True)


def account(person: Person, user: User) -> dict[str, Any]:
    """What AccountSchema and PublicProfileSchema show."""
    return {
        "id": person.user_id,
        "username": person.username,
        "email": person.email,
        "name": person.name,
        "phone": person.phone or None,
        "email_verified": user.is_verified,
        "bio": person.bio,
        "languages": person.languages,
        "photo": pictured(person.photo_id) if person.photo_id else None,
        "is_host": user.is_host,
    }
