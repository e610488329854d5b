"""`lodger users`: what an operator at the console sees of users and does about them. So the first admin comes to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar, get_args
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from application import erasure, staff
from application.calls import Call
from application.lodger import Lodger
from application.principals import BY_SETTINGS
from application.staff import Account, UserDone
from application.streams import USER
from domain.events import Actor
from domain.rejections import Rejected
from domain.users import STAFF_ROLES, StaffRole, User, UserRoleGranted, UserSuspended
from infrastructure.bootstrap import Wired, wire
from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused

R = TypeVar("R")

_PAGE: Final = 1_000
_USER: Final = click.argument("user")
_ROLE: Final = click.argument("role", type=click.Choice(get_args(StaffRole)))


def _acting(act: Callable[..., None]) -> Callable[..., None]:
    """An act asks who does it and why: both are kept with the event."""
    act = click.option("--reason", required=True, help="Why; it is kept, and not told to the user.")(act)
    return click.option("--as", "name", required=True, help="Who you are; it is kept.")(act)


@click.group()
def command() -> None:
    """See users, give and take roles, suspend, reinstate, erase. A USER is an id, an e-mail address or a username."""


@command.command("list")
def list_() -> None:
    """Who has a role, and who is suspended."""
    wired = wire(current_settings(), wake=lambda: None)
    table = Table("id", "roles", "standing", box=None)
    for user_id in _named(wired):
        user = wired.lodger.load(USER, user_id).state
        if not user.is_erased and (user.roles or user.is_suspended):
            table.add_row(str(user_id), _roles(user), _standing(user))
    Console().print(table)


@command.command()
@_USER
def show(user: str) -> None:
    """One user, with name and address."""
    wired = wire(current_settings(), wake=lambda: None)
    account = _found(wired.lodger, user)
    person, state = account.person, account.stream.state
    table = Table(box=None, show_header=False)
    shown = {
        "id": str(person.user_id),
        "username": person.username,
        "e-mail": person.email,
        "name": person.name,
        "registered": f"{person.created_at:%Y-%m-%d %H:%M} UTC",
        "roles": _roles(state),
        "standing": _standing(state),
    }
    for name, value in shown.items():
        table.add_row(name, value)
    Console().print(table)


@command.command()
@_USER
@_ROLE
@_acting
def grant(user: str, role: StaffRole, name: str, reason: str) -> None:
    """Give a USER a ROLE, from when they log in the next time. Their address must be verified."""
    _act(user, name, reason, lambda lodger, call, user_id: staff.grant_role(lodger, call, user_id, role))


@command.command()
@_USER
@_ROLE
@_acting
def revoke(user: str, role: StaffRole, name: str, reason: str) -> None:
    """Take a ROLE from a USER, who is signed out at once."""
    _act(user, name, reason, lambda lodger, call, user_id: staff.revoke_role(lodger, call, user_id, role, BY_SETTINGS))


@command.command()
@_USER
@_acting
def suspend(user: str, name: str, reason: str) -> None:
    """Take nothing from a USER any more: signed out at once, listings unpublished."""
    _act(user, name, reason, lambda lodger, call, user_id: staff.suspend(lodger, call, user_id, BY_SETTINGS))


@command.command()
@_USER
@_acting
def reinstate(user: str, name: str, reason: str) -> None:
    """End the suspension of a USER."""
    _act(user, name, reason, lambda lodger, call, user_id: staff.reinstate(lodger, call, user_id, BY_SETTINGS))


@command.command()
@_USER
@_acting
def erase(user: str, name: str, reason: str) -> None:
    """Forget a USER, for good. Bookings and money must be over first. Name nobody in the reason: it stays."""
    _act(user, name, reason, lambda lodger, call, user_id: erasure.erase_for(lodger, call, user_id, BY_SETTINGS))


def _act(user: str, name: str, reason: str, act: Callable[[Lodger, Call, UUID], UserDone]) -> None:
    """Do it in the operator's name, and say how the user stands then."""
    lodger = wire(current_settings()).lodger
    user_id = _found(lodger, user).person.user_id
    call = Call(Actor("operator", name, reason), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    state = _refusing(lambda: act(lodger, call, user_id)).state
    click.echo(f"{user_id}  roles: {_roles(state)}  {_standing(state)}")


def _found(lodger: Lodger, user: str) -> Account:
    try:
        user_id = UUID(user)
    except ValueError:
        return _refusing(lambda: staff.look_up(lodger, "email" if "@" in user else "username", user))
    return _refusing(lambda: staff.show(lodger, user_id))


def _refusing(act: Callable[[], R]) -> R:
    try:
        return act()
    except Rejected as refusal:
        raise Refused(str(refusal)) from refusal


def _named(wired: Wired) -> list[UUID]:
    """Everybody who was given a role or suspended at some time, in the order of it."""
    found: dict[UUID, None] = {}
    safe, done = wired.log.safe_position(), 0
    while events := wired.log.read(done, safe, _PAGE, (UserRoleGranted.TOPIC, UserSuspended.TOPIC)):
        found |= dict.fromkeys(event.stream_id for event in events)
        done = events[-1].position or 0
    return list(found)


def _roles(user: User) -> str:
    return ", ".join(role for role in STAFF_ROLES if role in user.roles) or "none"


def _standing(user: User) -> str:
    if user.is_erased:
        return "erased"
    said = {"suspended": user.is_suspended, "closed for now": user.is_deactivated, "unverified": not user.is_verified}
    return ", ".join(word for word, holds in said.items() if holds) or "active"
