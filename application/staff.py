"""Use cases of staff: who has which role, who is suspended, and whom an account belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from application import credentials, second_factors, users
from application.addresses import EMAIL, folded
from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Person
from application.principals import Principal
from application.streams import USER, Done, Stream
from domain import users as rules
from domain.rejections import Rejected
from domain.users import StaffRole, User, UserFact

UserDone = Done[User, UserFact]


@dataclass(frozen=True, slots=True)
class Account:
    """A person, and what rules know of them, fresh."""

    person: Person
    stream: Stream[User, UserFact]


@retried
def grant_role(lodger: Lodger, call: Call, user_id: UUID, role: StaffRole) -> UserDone:
    """Give somebody a role. It holds from when they log in or renew their token."""
    user = lodger.load(USER, user_id, call)
    return lodger.append(call, user.then(rules.grant_role(user.state, role)))


@retried
def revoke_role(lodger: Lodger, call: Call, user_id: UUID, role: StaffRole, by: Principal) -> UserDone:
    """Take a role away, and at once everything that they are signed in with.

    Nobody does it to themselves, so that an admin always remains. Raises Rejected `own_account`, `user_not_found`.
    """
    must_be_another(by, user_id)
    user = lodger.load(USER, user_id, call)
    done = lodger.append(call, user.then(rules.revoke_role(user.state, role)))
    credentials.end_all(lodger, user_id)
    return done


@retried
def suspend(lodger: Lodger, call: Call, user_id: UUID, by: Principal) -> UserDone:
    """Take nothing from somebody any more: they are signed out at once, and nobody logs in.

    Of staff only an admin does. Raises Rejected `own_account`, `role_missing`, `user_not_found`.
    """
    must_be_another(by, user_id)
    user = lodger.load(USER, user_id, call)
    must_be_above(by, user.state)
    done = lodger.append(call, user.then(rules.suspend(user.state)))
    credentials.end_all(lodger, user_id)
    return done


@retried
def reinstate(lodger: Lodger, call: Call, user_id: UUID, by: Principal) -> UserDone:
    """End a suspension. Of staff only an admin does. Raises Rejected `role_missing`, `user_not_found`."""
    user = lodger.load(USER, user_id, call)
    must_be_above(by, user.state)
    facts = rules.reinstate(user.state)
    if facts:
        credentials.end_all(lodger, user_id)  # of before: `accounts.withdraw` leaves alone whoever is back
    return lodger.append(call, user.then(facts))


def take_second_factor_away(lodger: Lodger, call: Call, user_id: UUID, by: Principal) -> UserDone:
    """Have somebody log in with the password alone, who lost authenticator and recovery codes; they are signed out.

    Raises Rejected `own_account`, `user_not_found`.
    """
    must_be_another(by, user_id)
    done = second_factors.take_away(lodger, call, user_id)
    credentials.end_all(lodger, user_id)
    return done


def show(lodger: Lodger, user_id: UUID) -> Account:
    """Raises Rejected `user_not_found`."""
    return Account(*users.find(lodger, user_id))


def look_up(lodger: Lodger, kind: str, name: str) -> Account:
    """Whose `addresses.EMAIL` or `addresses.USERNAME` it is. Raises Rejected `user_not_found`."""
    if kind == EMAIL:
        person = users.whose(lodger, name)
    else:
        person = lodger.people.find(kind, lodger.signer.digest(kind, folded(name)))
    if person is None:
        raise Rejected("user_not_found", "There is no such user.")
    return show(lodger, person.user_id)


def must_be_another(by: Principal, user_id: UUID) -> None:
    """Raises Rejected `own_account`."""
    if by.user_id == user_id:
        raise Rejected("own_account", "Nobody does this to their own account: ask another admin.")


def must_be_above(by: Principal, user: User) -> None:
    """Raises Rejected `role_missing`."""
    if user.roles and "admin" not in by.roles:
        raise Rejected("role_missing", "Only an admin does this to somebody who has a role.", roles=["admin"])
