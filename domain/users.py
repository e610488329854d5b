"""Users: who has an account, and who of them hosts. Names, addresses and passwords live outside the events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, assert_never, get_args
from uuid import UUID

from domain import api_keys, second_factors
from domain.api_keys import ApiKeys, UserApiKeyCreated, UserApiKeyRevoked, UserApiKeyRolled
from domain.events import Fact
from domain.rejections import Rejected
from domain.second_factors import UserSecondFactorDisabled, UserSecondFactorEnabled

StaffRole = Literal["auditor", "analyst", "operator", "admin"]
"""What somebody may be on top of being a guest or a host. An admin grants and revokes these."""

STAFF_ROLES: Final[tuple[StaffRole, ...]] = get_args(StaffRole)


@dataclass(frozen=True, slots=True)
class UserRegistered(Fact):
    """An account was opened."""

    TOPIC: ClassVar[str] = "UserRegistered"


@dataclass(frozen=True, slots=True)
class UserEmailVerified(Fact):
    """Whoever has the account reads the mail of its address: from now on they may book and publish."""

    TOPIC: ClassVar[str] = "UserEmailVerified"


@dataclass(frozen=True, slots=True)
class UserBecameHost(Fact):
    """The user may list properties from now on."""

    TOPIC: ClassVar[str] = "UserBecameHost"


@dataclass(frozen=True, slots=True)
class UserRoleGranted(Fact):
    TOPIC: ClassVar[str] = "UserRoleGranted"
    role: StaffRole


@dataclass(frozen=True, slots=True)
class UserRoleRevoked(Fact):
    TOPIC: ClassVar[str] = "UserRoleRevoked"
    role: StaffRole


@dataclass(frozen=True, slots=True)
class UserSuspended(Fact):
    """The platform takes nothing from this user any more; the reason is the operator's, with the event."""

    TOPIC: ClassVar[str] = "UserSuspended"


@dataclass(frozen=True, slots=True)
class UserReinstated(Fact):
    """The suspension is over."""

    TOPIC: ClassVar[str] = "UserReinstated"


@dataclass(frozen=True, slots=True)
class UserDeactivated(Fact):
    """The user closed the account for now, and may come back."""

    TOPIC: ClassVar[str] = "UserDeactivated"


@dataclass(frozen=True, slots=True)
class UserReactivated(Fact):
    """The user came back."""

    TOPIC: ClassVar[str] = "UserReactivated"


@dataclass(frozen=True, slots=True)
class UserIdentityLinked(Fact):
    """From now on an OpenID provider may say that somebody is this user; `issuer` is its address."""

    TOPIC: ClassVar[str] = "UserIdentityLinked"
    issuer: str


@dataclass(frozen=True, slots=True)
class UserErased(Fact):
    """The person is forgotten: their key is destroyed and nothing readable of them stays. There is no way back."""

    TOPIC: ClassVar[str] = "UserErased"


UserFact = (
    UserRegistered
    | UserEmailVerified
    | UserBecameHost
    | UserRoleGranted
    | UserRoleRevoked
    | UserSuspended
    | UserReinstated
    | UserDeactivated
    | UserReactivated
    | UserIdentityLinked
    | UserErased
    | UserApiKeyCreated
    | UserApiKeyRolled
    | UserApiKeyRevoked
    | UserSecondFactorEnabled
    | UserSecondFactorDisabled
)


@dataclass(frozen=True, slots=True)
class User:
    """What rules need to know of a user."""

    registered: bool = False
    is_verified: bool = False
    is_host: bool = False
    roles: frozenset[StaffRole] = frozenset()
    is_suspended: bool = False
    is_deactivated: bool = False
    is_erased: bool = False
    api_keys: ApiKeys = ()
    issuers: frozenset[str] = frozenset()
    second_factor: UUID | None = None


NOBODY = User()


def evolve(state: User, fact: UserFact) -> User:
    match fact:
        case UserRegistered():
            return replace(state, registered=True)
        case UserEmailVerified():
            return replace(state, is_verified=True)
        case UserBecameHost():
            return replace(state, is_host=True)
        case UserRoleGranted(role):
            return replace(state, roles=state.roles | {role})
        case UserRoleRevoked(role):
            return replace(state, roles=state.roles - {role})
        case UserSuspended() | UserReinstated():
            return replace(state, is_suspended=isinstance(fact, UserSuspended))
        case UserDeactivated() | UserReactivated():
            return replace(state, is_deactivated=isinstance(fact, UserDeactivated))
        case UserIdentityLinked(issuer):
            return replace(state, issuers=state.issuers | {issuer})
        case UserErased():
            return replace(state, is_erased=True, roles=frozenset(), api_keys=(), second_factor=None)
        case UserApiKeyCreated() | UserApiKeyRolled() | UserApiKeyRevoked():
            return replace(state, api_keys=api_keys.evolve(state.api_keys, fact))
        case UserSecondFactorEnabled() | UserSecondFactorDisabled():
            return replace(state, second_factor=second_factors.evolve(fact))
        case _:
            assert_never(fact)


def register(state: User) -> tuple[UserFact, ...]:
    """Open the account; again changes nothing."""
    return () if state.registered else (UserRegistered(),)


def verify_email(state: User) -> tuple[UserFact, ...]:
    """The address is the user's; again changes nothing."""
    must_exist(state)
    return () if state.is_verified else (UserEmailVerified(),)


def link_identity(state: User, issuer: str) -> tuple[UserFact, ...]:
    """Let an OpenID provider say that somebody is this user, whose address it has confirmed; again changes nothing."""
    must_be_active(state)
    linked = () if issuer in state.issuers else (UserIdentityLinked(issuer),)
    return (*verify_email(state), *linked)


def become_host(state: User) -> tuple[UserFact, ...]:
    """Start hosting; again changes nothing."""
    must_be_active(state)
    return () if state.is_host else (UserBecameHost(),)


def grant_role(state: User, role: StaffRole) -> tuple[UserFact, ...]:
    """Give somebody a role; again changes nothing.

    Their address must be verified: whoever registers with somebody else's is not whom the admin means.
    """
    must_be_active(state)
    if not state.is_verified:
        raise Rejected("email_unverified", "Nobody has shown yet that the address of this account is theirs.")
    return () if role in state.roles else (UserRoleGranted(role),)


def revoke_role(state: User, role: StaffRole) -> tuple[UserFact, ...]:
    """Take a role away; again changes nothing."""
    must_exist(state)
    return (UserRoleRevoked(role),) if role in state.roles else ()


def suspend(state: User) -> tuple[UserFact, ...]:
    """Take nothing from this user any more; again changes nothing."""
    must_exist(state)
    return () if state.is_suspended else (UserSuspended(),)


def reinstate(state: User) -> tuple[UserFact, ...]:
    """End the suspension; again changes nothing."""
    must_exist(state)
    return (UserReinstated(),) if state.is_suspended else ()


def deactivate(state: User) -> tuple[UserFact, ...]:
    """Close the account for now; again changes nothing."""
    must_be_active(state)
    return (UserDeactivated(),)


def reactivate(state: User) -> tuple[UserFact, ...]:
    """Come back; again changes nothing."""
    must_exist(state)
    return (UserReactivated(),) if state.is_deactivated else ()


def erase(state: User, *, is_quoted: bool = False) -> tuple[UserFact, ...]:
    """Forget the person; again changes nothing. Who has no account may be quoted: in imported reviews."""
    if state.is_erased:
        return ()
    if not is_quoted:
        must_exist(state)
    return (UserErased(),)


def must_exist(state: User) -> None:
    """Raises Rejected `user_not_found`, of somebody who was erased too."""
    if not state.registered or state.is_erased:
        raise Rejected("user_not_found", "There is no such user.")


def must_be_active(state: User) -> None:
    """Raises Rejected `user_not_found`, `user_suspended` or `user_deactivated`."""
    must_exist(state)
    if state.is_suspended:
        raise Rejected("user_suspended", "This account is suspended. Write to the platform's support.")
    if state.is_deactivated:
        raise Rejected("user_deactivated", "This account is closed for now. Open it again: POST /v1/auth/reactivation.")


def must_be_verified(state: User) -> None:
    """Raises Rejected `email_unverified`, and what `must_be_active` does: what guests and hosts agree to needs both."""
    must_be_active(state)
    if not state.is_verified:
        raise Rejected(
            "email_unverified", "Confirm your e-mail address first: follow the link in the mail that you were sent."
        )


def must_be_host(state: User) -> None:
    must_exist(state)
    if not state.is_host:
        raise Rejected("host_required", "Only hosts list properties. Become one first: POST /v1/users/me/hosting.")
