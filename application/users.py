"""Use cases of users: register, log in, host, change one's profile."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Final
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Answer, IdentityTaken, NewPerson, Person, VersionConflict
from application.principals import Principal, of_user
from application.streams import USER, Done, Stream
from domain import users
from domain.rejections import Rejected
from domain.users import User, UserFact

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+")
_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,28})[a-z0-9]", re.ASCII)

EMAIL: Final = "email"
USERNAME: Final = "username"


@dataclass(frozen=True, slots=True)
class Register:
    """`password` None makes an account that nobody can log in to yet (imports)."""

    username: str
    email: str
    name: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person may change of their profile; None leaves a field as it is."""

    name: str | None = None
    phone: str | None = None
    bio: str | None = None


def register(lodger: Lodger, call: Call, user_id: UUID, command: Register) -> Done[User, UserFact]:
    """Open an account. The address and the name are unique by the database."""
    email, username = normalise(command.email), normalise(command.username)
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise Rejected("email_malformed", "This is not an e-mail address.")
    if not _USERNAME.fullmatch(username):
        raise Rejected("username_malformed", "A username has 3 to 30 of a-z, 0-9, dot, dash and underscore.")
    user = lodger.load(USER, user_id, call)
    person = NewPerson(
        user_id=user_id,
        username=username,
        email=email,
        name=command.name,
        password_hash=None if command.password is None else lodger.passwords.hash(command.password),
        identities=[
            *((EMAIL, digest) for digest in lodger.signer.digests(EMAIL, email)),
            *((USERNAME, digest) for digest in lodger.signer.digests(USERNAME, username)),
        ],
    )
    facts = users.register(user.state)
    try:
        return lodger.append(call, user.then(facts), person=person if facts else None)
    except IdentityTaken as taken:
        raise Rejected(f"{taken.kind}_taken", f"This {taken.kind} belongs to an account already.") from taken


def log_in(lodger: Lodger, email: str, password: str) -> Principal:
    """Whose password it is, if it is. Unknown address and wrong password look and last the same."""
    person = lodger.people.find(EMAIL, lodger.signer.digest(EMAIL, normalise(email)))
    if not lodger.passwords.matches(person.password_hash if person else None, password) or person is None:
        raise Rejected("credentials_wrong", "E-mail address or password is wrong.")
    user = lodger.load(USER, person.user_id).state
    users.must_be_active(user)
    return of_user(person.user_id, user, "access_token", str(lodger.new_id()))


def must_be_verified(lodger: Lodger, user_id: UUID | None) -> None:
    """Raises Rejected `email_unverified`, and what an account that is not active is refused with."""
    users.must_be_verified(lodger.load(USER, user_id).state if user_id else users.NOBODY)


@retried
def become_host(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    user = lodger.load(USER, user_id, call)
    return lodger.append(call, user.then(users.become_host(user.state)))


def find(lodger: Lodger, user_id: UUID) -> tuple[Person, Stream[User, UserFact]]:
    """A person and what rules know of them, fresh."""
    user = lodger.load(USER, user_id)
    users.must_exist(user.state)
    return lodger.people.get([user_id])[user_id], user


def change_profile(lodger: Lodger, call: Call, user_id: UUID, expected_version: int, profile: Profile) -> Answer | None:
    """Change name, phone or bio of the version that was seen; answers what `call` renders of the changed person.

    Personal data is not in events, so there is nothing to append: the profile and the kept answer are one transaction.
    """
    user = lodger.load(USER, user_id, call)
    users.must_exist(user.state)
    person = lodger.people.get([user_id])[user_id]
    changes = {name: value for name, value in asdict(profile).items() if value is not None}
    changed = replace(person, **changes, version=expected_version + 1)
    answer = call.render((changed, user)) if call.render else None
    kept = (call.idempotency, answer) if call.idempotency and answer else None
    try:
        lodger.people.change_profile(changed, expected_version=expected_version, answer=kept)
    except VersionConflict as conflict:
        raise Rejected("revision_stale", "It was changed meanwhile. Get it again.") from conflict
    return answer


def normalise(text: str) -> str:
    """One spelling per address or name, so that look-alike writings of it are the same account."""
    return unicodedata.normalize("NFKC", text).strip().casefold()
