"""Users: register, confirm the address, host, hold roles, be suspended, leave, be forgotten; each once."""

from __future__ import annotations

import pytest

from domain.rejections import Rejected
from domain.users import (
    NOBODY,
    User,
    UserBecameHost,
    UserDeactivated,
    UserEmailVerified,
    UserErased,
    UserFact,
    UserIdentityLinked,
    UserReactivated,
    UserRegistered,
    UserReinstated,
    UserRoleGranted,
    UserRoleRevoked,
    UserSuspended,
    become_host,
    deactivate,
    erase,
    evolve,
    grant_role,
    link_identity,
    must_be_active,
    must_be_host,
    must_be_verified,
    must_exist,
    reactivate,
    register,
    reinstate,
    revoke_role,
    suspend,
    verify_email,
)
from tests.support.spec import Spec

USERS = Spec[User, UserFact](evolve, NOBODY)


def test_a_newcomer_registers() -> None:
    USERS.given().when(register).then(UserRegistered())


def test_registering_again_changes_nothing() -> None:
    USERS.given(UserRegistered()).when(register).then_nothing()


def test_a_user_becomes_a_host() -> None:
    USERS.given(UserRegistered()).when(become_host).then(UserBecameHost())


def test_becoming_a_host_again_changes_nothing() -> None:
    USERS.given(UserRegistered(), UserBecameHost()).when(become_host).then_nothing()


def test_nobody_does_not_become_a_host() -> None:
    USERS.given().when(become_host).then_rejected("user_not_found")


def test_only_a_registered_user_exists() -> None:
    must_exist(USERS.fold([UserRegistered()]))
    with pytest.raises(Rejected) as refused:
        must_exist(NOBODY)
    assert refused.value.code == "user_not_found"


@pytest.mark.parametrize(("past", "code"), [((), "user_not_found"), ((UserRegistered(),), "host_required")])
def test_who_is_not_a_host_is_told_what_is_missing(past: tuple[UserFact, ...], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        must_be_host(USERS.fold(past))
    assert refused.value.code == code


def test_a_host_may_list_properties() -> None:
    must_be_host(USERS.fold([UserRegistered(), UserBecameHost()]))


def test_an_address_is_verified_once() -> None:
    USERS.given(UserRegistered()).when(verify_email).then(UserEmailVerified())
    USERS.given(UserRegistered(), UserEmailVerified()).when(verify_email).then_nothing()


def test_a_role_is_granted_once_and_revoked_once() -> None:
    verified = (UserRegistered(), UserEmailVerified())
    granted = (*verified, UserRoleGranted("auditor"))
    USERS.given(*verified).when(lambda user: grant_role(user, "auditor")).then(UserRoleGranted("auditor"))
    USERS.given(*granted).when(lambda user: grant_role(user, "auditor")).then_nothing()
    USERS.given(*granted).when(lambda user: grant_role(user, "analyst")).then(UserRoleGranted("analyst"))
    USERS.given(*granted).when(lambda user: revoke_role(user, "auditor")).then(UserRoleRevoked("auditor"))
    USERS.given(*granted, UserRoleRevoked("auditor")).when(lambda user: revoke_role(user, "auditor")).then_nothing()


def test_a_role_is_not_for_whoever_has_registered_with_some_address() -> None:
    USERS.given(UserRegistered()).when(lambda user: grant_role(user, "admin")).then_rejected("email_unverified")
    suspended = (UserRegistered(), UserEmailVerified(), UserSuspended())
    USERS.given(*suspended).when(lambda user: grant_role(user, "admin")).then_rejected("user_suspended")


def test_a_suspension_begins_and_ends() -> None:
    USERS.given(UserRegistered()).when(suspend).then(UserSuspended())
    USERS.given(UserRegistered(), UserSuspended()).when(suspend).then_nothing()
    USERS.given(UserRegistered(), UserSuspended()).when(reinstate).then(UserReinstated())
    USERS.given(UserRegistered()).when(reinstate).then_nothing()


def test_an_account_is_closed_for_now_and_opened_again() -> None:
    USERS.given(UserRegistered()).when(deactivate).then(UserDeactivated())
    USERS.given(UserRegistered(), UserDeactivated()).when(deactivate).then_rejected("user_deactivated")
    USERS.given(UserRegistered(), UserDeactivated()).when(reactivate).then(UserReactivated())
    USERS.given(UserRegistered()).when(reactivate).then_nothing()


def test_the_forgotten_are_forgotten_once_and_are_nobody_from_then_on() -> None:
    USERS.given(UserRegistered()).when(erase).then(UserErased())
    gone = (UserRegistered(), UserRoleGranted("admin"), UserErased())
    USERS.given(*gone).when(erase).then_nothing()
    USERS.given(*gone).when(become_host).then_rejected("user_not_found")
    assert USERS.fold(gone).roles == frozenset()


@pytest.mark.parametrize(
    ("past", "code"),
    [
        ((UserSuspended(),), "user_suspended"),
        ((UserDeactivated(),), "user_deactivated"),
        ((UserErased(),), "user_not_found"),
        ((), "email_unverified"),
    ],
)
def test_who_may_not_book_or_publish_is_told_why(past: tuple[UserFact, ...], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        must_be_verified(USERS.fold([UserRegistered(), *past]))
    assert refused.value.code == code


def test_who_came_back_and_whose_suspension_ended_is_active() -> None:
    past = (UserRegistered(), UserSuspended(), UserReinstated(), UserDeactivated(), UserReactivated())
    must_be_active(USERS.fold(past))
    must_be_verified(USERS.fold([*past, UserEmailVerified()]))


def test_an_identity_is_linked_once_and_verifies_the_address() -> None:
    issuer, linked = "https://accounts.example.com", UserIdentityLinked("https://accounts.example.com")
    verified = (UserRegistered(), UserEmailVerified())
    USERS.given(UserRegistered()).when(lambda user: link_identity(user, issuer)).then(UserEmailVerified(), linked)
    USERS.given(*verified).when(lambda user: link_identity(user, issuer)).then(linked)
    USERS.given(*verified, linked).when(lambda user: link_identity(user, issuer)).then_nothing()
    USERS.given(*verified, UserSuspended()).when(lambda user: link_identity(user, issuer)).then_rejected(
        "user_suspended"
    )
