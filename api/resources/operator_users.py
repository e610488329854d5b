"""What operators and admins see of users and do about them, always with a reason; what they read is logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from flask import Response

from api import answers
from api.authentication import principal
from api.commands import answer, operate
from api.edge import edge
from api.operations import Resource
from api.schemas.operations import ReasonSchema
from api.schemas.operator_users import (
    LookUpSchema,
    OperatedUserSchema,
    RoleSchema,
    UserStandingSchema,
    operated,
    standing,
)
from application import staff
from application.calls import Call
from application.ports import Answer
from application.staff import Account, UserDone
from application.streams import Stream
from domain.users import User, UserFact

resource = Resource(
    "operator users", __name__, url_prefix="/v1/operator/users", description="For operators and admins."
)

log = structlog.get_logger()


@resource.command(
    "POST",
    "/look-up",
    OperatedUserSchema,
    body=LookUpSchema,
    example={"email": "ada@example.org"},
    who="operator",
    key=None,
    refuses=[404],
)
def look_up_user(body: dict[str, Any]) -> Response:
    """Whom an e-mail address or a username belongs to. A body, because addresses of people are not for addresses."""
    ((kind, name),) = body.items()
    return answers.sent(OperatedUserSchema, _read(staff.look_up(edge().lodger, kind, name)))


@resource.query("/<uuid:user_id>", OperatedUserSchema, who="operator", refuses=[404])
def show_user_to_operator(user_id: UUID) -> dict[str, Any]:
    """A user, fresh."""
    return _read(staff.show(edge().lodger, user_id))


@resource.command(
    "POST",
    "/<uuid:user_id>/grant-role",
    UserStandingSchema,
    body=RoleSchema,
    example={"role": "operator", "reason": "She joins the night shift."},
    who="admin",
    refuses=[404],
)
def grant_role(body: dict[str, Any], user_id: UUID) -> Response:
    """Give somebody a role. Their address must be verified; they are told."""
    return _act(body["reason"], lambda call: staff.grant_role(edge().lodger, call, user_id, body["role"]))


@resource.command(
    "POST",
    "/<uuid:user_id>/revoke-role",
    UserStandingSchema,
    body=RoleSchema,
    example={"role": "operator", "reason": "She has another job now."},
    who="admin",
    refuses=[404],
)
def revoke_role(body: dict[str, Any], user_id: UUID) -> Response:
    """Take a role away from somebody else, who is signed out at once and told."""
    by = principal()
    return _act(body["reason"], lambda call: staff.revoke_role(edge().lodger, call, user_id, body["role"], by))


@resource.command(
    "POST",
    "/<uuid:user_id>/suspend",
    UserStandingSchema,
    body=ReasonSchema,
    example={"reason": "Three guests found another house than the one they booked."},
    who="operator",
    refuses=[404],
)
def suspend_user(body: dict[str, Any], user_id: UUID) -> Response:
    """Take nothing from somebody any more: signed out at once, listings unpublished. They are told, not why."""
    by = principal()
    return _act(body["reason"], lambda call: staff.suspend(edge().lodger, call, user_id, by))


@resource.command(
    "POST",
    "/<uuid:user_id>/reinstate",
    UserStandingSchema,
    body=ReasonSchema,
    example={"reason": "The house was found to be the right one."},
    who="operator",
    refuses=[404],
)
def reinstate_user(body: dict[str, Any], user_id: UUID) -> Response:
    """End a suspension. Listings stay unpublished until their host publishes them."""
    by = principal()
    return _act(body["reason"], lambda call: staff.reinstate(edge().lodger, call, user_id, by))


@resource.command(
    "POST",
    "/<uuid:user_id>/disable-second-factor",
    UserStandingSchema,
    body=ReasonSchema,
    example={"reason": "Telephone and codes burned; she showed her passport at the office."},
    who="admin",
    refuses=[404],
)
def disable_second_factor(body: dict[str, Any], user_id: UUID) -> Response:
    """Have somebody else log in with the password alone, whose authenticator is lost. They are signed out and told."""
    by = principal()
    return _act(body["reason"], lambda call: staff.take_second_factor_away(edge().lodger, call, user_id, by))


def _act(reason: str, act: Callable[[Call], UserDone]) -> Response:
    def show(stream: Stream[User, UserFact], _: datetime) -> Answer:
        return answer(UserStandingSchema, standing(stream.id, stream.state))

    return operate(act, show, reason)


def _read(account: Account) -> dict[str, Any]:
    """Somebody's personal data, on their way to staff: whose, and to whom, is logged."""
    log.info("privileged read", of=str(account.stream.id), by=principal().name)
    return operated(account)
