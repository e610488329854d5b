"""Use cases of users: register, log in, host, change one's profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from application import passwords, second_factors
from application.addresses import EMAIL, USERNAME, email_address
from application.addresses import username as name_of_user
from application.calls import Call
from application.lodger import Histories, Lodger, retried
from application.ports import Answer, IdentityTaken, NewPerson, Person, VersionConflict
from application.principals import Principal, of_user
from application.second_factors import NOTHING, Shown
from application.streams import USER, Done, Stream
from domain import users
from domain.rejections import Rejected
from domain.users import User, UserFact


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
    languages: tuple[str, ...] | None = None


def register(lodger: Lodger, call: Call, user_id: UUID, command: Register) -> Done[User, UserFact]:
    """Open an account. The address and the name are unique by the database."""
    email, username = email_address(command.email), name_of_user(command.username)
    if command.password is not None:
        passwords.must_be_good(command.password, username, email)
    user = lodger.load(USER, user_id, call)
    person = NewPerson(
        user_id=user_id,
        username=username,
        email=email,
        name=command.name,
        password_hash=None if command.password is None else lodger.passwords.hash(command.password),
        identities=identities_of(lodger, email, username),
    )
    facts = users.register(user.state)
    try:
        return lodger.append(call, user.then(facts), person=person if facts else None)
    except IdentityTaken as taken:
        raise Rejected(f"{taken.kind}_taken", f"This {taken.kind} belongs to an account already.") from taken


def identities_of(lodger: Lodger, email: str, username: str) -> list[tuple[str, bytes]]:
    """What somebody is found by, under every key that counts; both in their one spelling."""
    return [
        *((EMAIL, digest) for digest in lodger.signer.digests(EMAIL, email)),
        *((USERNAME, digest) for digest in lodger.signer.digests(USERNAME, username)),
    ]


def whose(lodger: Lodger, email: str) -> Person | None:
    """Whom an address belongs to; what is no address belongs to nobody."""
    try:
        address = email_address(email)
    except Rejected:
        return None
    return lodger.people.find(EMAIL, lodger.signer.digest(EMAIL, address))


def by_password(lodger: Lodger, email: str, password: str) -> Person:
    """Whose address and password these are. Unknown address and wrong password look and last the same.

    Raises Rejected `credentials_wrong`.
    """
    person = whose(lodger, email)
    if not lodger.passwords.matches(person.password_hash if person else None, password) or person is None:
        raise Rejected("credentials_wrong", "E-mail address or password is wrong.")
    return person


def log_in(lodger: Lodger, email: str, password: str, shown: Shown = NOTHING) -> Principal:
    """Whose password it is, if the second factor that they may have was shown too.

    Raises Rejected `credentials_wrong`, what an account that is not active is refused with, and what
    `second_factors.must_pass` does.
    """
    lodger.passwords.must_have_room()
    person = by_password(lodger, email, password)
    user = lodger.load(USER, person.user_id).state
    users.must_be_active(user)
    second_factors.must_pass(lodger, person.user_id, user, shown)
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
    found = find_each(lodger, [user_id])
    if user_id not in found:
        raise Rejected("user_not_found", "There is no such user.")
    return found[user_id]


def find_each(lodger: Lodger, user_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Person, Stream[User, UserFact]]]:
    """Those that there are of several, fresh, in one round trip; none, when a log was restored without its people."""
    told, people = lodger.log.load_with_people(user_ids)
    history = Histories(told)
    found: dict[UUID, tuple[Person, Stream[User, UserFact]]] = {}
    for user_id, person in people.items():
        user = history.stream(USER, user_id)
        with suppress(Rejected):  # was erased
            users.must_exist(user.state)
            found[user_id] = person, user
    return found


def change_profile(lodger: Lodger, call: Call, user_id: UUID, expected_version: int, profile: Profile) -> Answer | None:
    """Change a profile of the version that was seen; answers what `call` renders of the changed person.

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
