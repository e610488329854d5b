"""Use cases of refresh tokens: an API client that logged in stays so without keeping the password."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from application import users
from application.lodger import Lodger
from application.principals import Principal, of_user
from application.second_factors import Shown
from application.streams import USER
from application.token_ports import Family, RefreshTokenReused, RefreshTokenUnknown
from domain import users as rules
from domain.rejections import Rejected

_PREFIX: Final = "lrt_"
"""By which people and scanners of leaked secrets know one."""

_BYTES: Final = 32
_USER_AGENT_MAX: Final = 100


def begin(lodger: Lodger, email: str, password: str, shown: Shown, user_agent: str) -> tuple[Principal, str]:
    """Log an API client in: whose password it is, and the first refresh token of its family.

    Raises what `users.log_in` does, also when all that its user was signed in with ended meanwhile.
    """
    person = users.whose(lodger, email)
    generation = lodger.sessions.generation(person.user_id) if person else 0
    principal = users.log_in(lodger, email, password, shown)
    assert principal.user_id is not None, "only users log in"
    token = _PREFIX + token_urlsafe(_BYTES)
    known_as = "".join(letter for letter in user_agent if letter.isprintable())[:_USER_AGENT_MAX]
    family_id = UUID(principal.credential_id)
    lodger.token_families.begin(family_id, principal.user_id, _digests(lodger, token)[0], known_as)
    # What ends everything counts the generation up before it looks for families: either it has found this one, or the
    # generation is another by now.
    if lodger.sessions.generation(principal.user_id) != generation:
        lodger.token_families.revoke(principal.user_id, family_id)
        raise Rejected("credentials_wrong", "Everything that this account was signed in with has just ended. Log in.")
    return principal, token


def refresh(lodger: Lodger, token: str) -> tuple[Principal, str]:
    """Whose token it is, as they are now, and the token's successor.

    The successor is made from the token with our key, so that it can be given once more without being stored.
    Raises Rejected `refresh_token_invalid`, `refresh_token_reused`, and what an account that is not active is
    refused with.
    """
    made = [_PREFIX + digest.hex() for digest in lodger.signer.digests("next refresh token", token)]
    successors = {digest: successor for successor in made for digest in _digests(lodger, successor)}
    try:
        family, digest = lodger.token_families.rotate(_digests(lodger, token), list(successors))
    except RefreshTokenUnknown as error:
        raise Rejected("refresh_token_invalid", "This refresh token is not valid, or no longer. Log in.") from error
    except RefreshTokenReused as error:
        raise Rejected(
            "refresh_token_reused", "This refresh token was used before. Whoever has one of this login's must log in."
        ) from error
    user = lodger.load(USER, family.user_id).state
    rules.must_be_active(user)
    return of_user(family.user_id, user, "access_token", str(family.family_id)), successors[digest]


def families(lodger: Lodger, user_id: UUID) -> Sequence[Family]:
    """The logins of a user's API clients that go on, newest first."""
    return lodger.token_families.of_user(user_id)


def revoke(lodger: Lodger, user_id: UUID, family_id: UUID) -> None:
    """End one. Raises Rejected `login_not_found`."""
    if not lodger.token_families.revoke(user_id, family_id):
        raise Rejected("login_not_found", "You are not logged in like this, or no longer.")


def _digests(lodger: Lodger, token: str) -> Sequence[bytes]:
    """What it is found by, under the newest key first."""
    return lodger.signer.digests("refresh token", token)
