"""Use cases of passwords: what is one, changing it, and setting a new one by a link in a mail.

The link's token is signed, and bound to the password there is: it stands in the mail alone, and works once, because it
ends the password that it is bound to.
"""

from __future__ import annotations

from functools import cache
from hmac import compare_digest
from importlib.resources import files
from typing import Final
from uuid import UUID

from application import credentials
from application.addresses import EMAIL, email_address
from application.lodger import Lodger
from application.ports import Person
from domain.policies import RESET_LINK
from domain.rejections import Rejected

_TOKEN: Final = "reset_token"  # noqa: S105 - what it is for
_STATE: Final = "account state"
_TELLING_FROM: Final = 4
"""Letters of a name that make a password easy to guess; shorter ones are in many words."""


def must_be_good(password: str, username: str, email: str) -> None:
    """What ASVS asks of a password, beside its length: none of the commonest, and not the account's own name.

    `username` and `email` as they are stored. Raises Rejected `password_common` and `password_telling`.
    """
    folded = password.casefold()
    if folded in _common():
        raise Rejected("password_common", "This is one of the passwords that are tried first. Choose another one.")
    names = (username, email.rpartition("@")[0])
    if any(len(name) >= _TELLING_FROM and name in folded for name in names):
        raise Rejected("password_telling", "Whoever knows your name would try this. Choose another one.")


def must_be_known(lodger: Lodger, person: Person, password: str) -> None:
    """Whoever changes how somebody logs in is that person, not who found their browser open.

    Raises Rejected `password_missing`, of somebody whom another provider logs in, and `password_wrong`.
    """
    if person.password_hash is None:
        raise Rejected("password_missing", "Have a link sent to set one: POST /v1/auth/password-reset/requests.")
    if not lodger.passwords.matches(person.password_hash, password):
        raise Rejected("password_wrong", "This is not your password.")


def change(lodger: Lodger, user_id: UUID, current: str, new: str) -> None:
    """Set a new password by the current one. Every login and session ends, the one that this came with too.

    Raises what `must_be_known` and `must_be_good` do.
    """
    person = lodger.people.get([user_id])[user_id]
    must_be_known(lodger, person, current)
    if not _set(lodger, person, new):
        raise Rejected("password_wrong", "Your password was changed meanwhile.")


def ask_for_letter(lodger: Lodger, email: str) -> None:
    """Have a link sent, if the address is somebody's; who asks does not learn it. Raises Rejected `email_malformed`."""
    lodger.asked_letters.ask("password_reset", lodger.signer.digests(EMAIL, email_address(email)))


def token_for(lodger: Lodger, person: Person) -> str:
    """What sets a new password in place of the one there is."""
    claims = {"sub": str(person.user_id), "was": lodger.signer.digest(_STATE, person.password_hash or "").hex()}
    return lodger.signer.sign(_TOKEN, claims, lodger.clock.now() + RESET_LINK)


def reset(lodger: Lodger, token: str, new: str) -> UUID:
    """Set a new password by a link; whose it is. Every credential ends.

    Raises Rejected `reset_token_invalid`, `reset_token_expired`, `reset_token_used`, and what `must_be_good` does.
    """
    claims = lodger.signer.verify(_TOKEN, token, lodger.clock.now())
    user_id = UUID(str(claims["sub"]))
    person = lodger.people.get([user_id]).get(user_id)
    if person is None:
        raise Rejected("reset_token_invalid", "There is no such account any more.")
    states = lodger.signer.digests(_STATE, person.password_hash or "")
    is_bound = any(compare_digest(state.hex(), str(claims["was"])) for state in states)
    if not is_bound or not _set(lodger, person, new):
        raise Rejected("reset_token_used", "The password has been changed since this link was sent.")
    return user_id


def _set(lodger: Lodger, person: Person, new: str) -> bool:
    """Whether it was still the password that `person` had."""
    must_be_good(new, person.username, person.email)
    password_hash = lodger.passwords.hash(new)
    # Before, so that a death in between leaves nobody signed in by a password that was given up; and after, for
    # whoever logged in with it meanwhile.
    credentials.end_all(lodger, person.user_id)
    if not lodger.people.change_password(person.user_id, person.password_hash, password_hash):
        return False
    credentials.end_all(lodger, person.user_id)
    lodger.asked_letters.tell("password_changed", person.user_id)
    return True


@cache
def _common() -> frozenset[str]:
    lines = files("application").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
