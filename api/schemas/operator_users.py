"""Users as operators see them."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import Choice, Flag, Id, Instant, Strict, Text
from api.schemas.operations import ReasonSchema
from application.staff import Account
from domain.users import STAFF_ROLES, StaffRole, User


class RoleSchema(ReasonSchema):
    role = Choice(StaffRole, required=True)


class LookUpSchema(Strict):
    """Whom to look up: by one of these."""

    email = Text(254)
    username = Text(30)

    @validates_schema
    def names_one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("Give either email or username.")


class UserStandingSchema(Strict):
    """What a user may do. Nothing in it says who they are: it is kept with answers."""

    id = Id(required=True)
    is_host = Flag(required=True)
    is_verified = Flag(required=True)
    is_suspended = Flag(required=True)
    is_deactivated = Flag(required=True)
    roles = fields.List(Choice(StaffRole), required=True)


class OperatedUserSchema(UserStandingSchema):
    """A user, with whom to write to."""

    username = fields.String(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    registered_at = Instant(required=True)


def standing(user_id: Any, user: User) -> dict[str, Any]:
    """What UserStandingSchema shows."""
    return {
        "id": user_id,
        "is_host": user.is_host,
        "is_verified": user.is_verified,
        "is_suspended": user.is_suspended,
        "is_deactivated": user.is_deactivated,
        "roles": [role for role in STAFF_ROLES if role in user.roles],
    }


def operated(account: Account) -> dict[str, Any]:
    """What OperatedUserSchema shows."""
    person = account.person
    return {
        **standing(account.stream.id, account.stream.state),
        "username": person.username,
        "email": person.email,
        "name": person.name,
        "registered_at": person.created_at,
    }
