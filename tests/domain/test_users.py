"""Users: register, then host; each once."""

from __future__ import annotations

import pytest

from domain.rejections import Rejected
from domain.users import (
    NOBODY,
    User,
    UserBecameHost,
    UserFact,
    UserRegistered,
    become_host,
    evolve,
    must_be_host,
    must_exist,
    register,
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
