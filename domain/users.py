"""Users: who has an account, and who of them hosts. Names, addresses and passwords live outside the events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, assert_never

from domain.events import Fact
from domain.rejections import Rejected


@dataclass(frozen=True, slots=True)
class UserRegistered(Fact):
    """An account was opened."""

    TOPIC: ClassVar[str] = "UserRegistered"


@dataclass(frozen=True, slots=True)
class UserBecameHost(Fact):
    """The user may list properties from now on."""

    TOPIC: ClassVar[str] = "UserBecameHost"


UserFact = UserRegistered | UserBecameHost


@dataclass(frozen=True, slots=True)
class User:
    """What rules need to know of a user."""

    registered: bool = False
    is_host: bool = False


NOBODY = User()


def evolve(state: User, fact: UserFact) -> User:
    match fact:
        case UserRegistered():
            return replace(state, registered=True)
        case UserBecameHost():
            return replace(state, is_host=True)
        case _:
            assert_never(fact)


def register(state: User) -> tuple[UserFact, ...]:
    """Open the account; again changes nothing."""
    return () if state.registered else (UserRegistered(),)


def become_host(state: User) -> tuple[UserFact, ...]:
    """Start hosting; again changes nothing."""
    must_exist(state)
    return () if state.is_host else (UserBecameHost(),)


def must_exist(state: User) -> None:
    if not state.registered:
        raise Rejected("user_not_found", "There is no such user.")


def must_be_host(state: User) -> None:
    must_exist(state)
    if not state.is_host:
        raise Rejected("host_required", "Only hosts list properties. Become one first: POST /v1/users/me/hosting.")
