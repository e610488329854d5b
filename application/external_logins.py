"""Use cases of logging in with another provider's word (OpenID Connect): begin, come back, and whose account it is.

What the browser keeps meanwhile (`binding`) is signed and for minutes: whoever comes back without it, or with another
one's answer, did not begin this login. They live in real time, as sessions do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from secrets import randbelow, token_urlsafe
from typing import Final
from uuid import UUID, uuid4

from application import credentials, second_factors, sessions, users
from application.addresses import USERNAME, email_address
from application.calls import Call
from application.identity_ports import Identity, IdentityProvider
from application.lodger import TRIES, Lodger, retried
from application.ports import IdentityTaken, NewPerson, Person
from application.sessions import Begun
from application.streams import USER
from application.streams import begin as new_stream
from domain import users as rules
from domain.events import Actor
from domain.policies import OIDC_LOGIN
from domain.rejections import Rejected
from domain.users import UserEmailVerified, UserIdentityLinked, UserRegistered

OIDC: Final = "oidc"
"""The kind of identity that somebody has at a provider."""

_PURPOSE: Final = "oidc_login"
_BYTES: Final = 32
_NAME_MAX: Final = 100
_USERNAME_MAX: Final = 24
_MEANWHILE: Final = "Whose this is, was decided meanwhile. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and what it keeps until it comes back."""

    url: str
    binding: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Return:
    """What a browser comes back with: a `code`, or none when the provider says no. `issuer` is whose answer it is."""

    state: str
    code: str | None = field(repr=False)
    issuer: str | None = None


def start(lodger: Lodger) -> Started:
    """Begin a login. Raises Rejected `oidc_not_set_up`, `oidc_provider_unavailable`."""
    state, nonce, verifier = (token_urlsafe(_BYTES) for _ in range(3))
    url = _provider(lodger).login_url(state, nonce, verifier)
    claims = {"jti": str(uuid4()), "state": state, "nonce": nonce, "verifier": verifier}
    return Started(url, lodger.signer.sign(_PURPOSE, claims, lodger.wall_clock.now() + OIDC_LOGIN))


def finish(lodger: Lodger, call: Call, binding: str | None, came: Return, former: str | None) -> Begun:
    """Log in who came back: a new browser session, in place of the `former` one.

    Raises Rejected `oidc_not_set_up`, `oidc_login_invalid`, `oidc_login_expired`, `oidc_login_used`, `oidc_denied`,
    `oidc_token_invalid`, `oidc_provider_unavailable`, `oidc_email_unverified`, `oidc_identity_differs`, what an account
    that is not active is refused with, `second_factor_required`; and SessionsUnavailable.
    """
    provider = _provider(lodger)
    claims = lodger.signer.verify(_PURPOSE, binding or "", lodger.wall_clock.now())
    if not compare_digest(str(claims["state"]).encode(), came.state.encode()):
        raise Rejected("oidc_login_invalid", "This answer is to a login that another browser began, or another window.")
    if not lodger.identities.finish(UUID(str(claims["jti"]))):
        raise Rejected("oidc_login_used", "This login was finished before. Begin again.")
    if came.code is None:
        raise Rejected("oidc_denied", "The provider did not say who you are.")
    identity = provider.identify(came.code, came.issuer, str(claims["nonce"]), str(claims["verifier"]))
    return sessions.of_other_proof(lodger, _user_of(lodger, call, identity), former)


@retried
def _user_of(lodger: Lodger, call: Call, identity: Identity) -> UUID:
    """Whose account it is: whom the identity is linked to, else whom its address belongs to, else somebody new's."""
    subject = f"{identity.issuer}|{identity.subject}"
    for digest in lodger.signer.digests(OIDC, subject):
        if linked := lodger.people.find(OIDC, digest):
            _note(lodger, call, linked.user_id, identity.issuer)
            return linked.user_id
    if identity.email is None or not identity.email_verified:
        raise Rejected("oidc_email_unverified", "The provider does not say that you read an e-mail address's mail.")
    address = email_address(identity.email)
    digest = lodger.signer.digest(OIDC, subject)
    if person := users.whose(lodger, address):
        _link(lodger, call, person, identity.issuer, digest)
        return person.user_id
    return _registered(lodger, call, identity, address, digest)


def _link(lodger: Lodger, call: Call, person: Person, issuer: str, digest: bytes) -> None:
    """Let the identity be the person whose address it has.

    Whoever opened an account that never confirmed its address need not be who reads that mail: what they could log in
    with ends, before the account is the other one's.
    """
    user_id = person.user_id
    call = replace(call, actor=Actor("user", str(user_id)))
    user = lodger.load(USER, user_id).state
    rules.must_be_active(user)
    if issuer in user.issuers:
        if lodger.people.find(OIDC, digest):  # they came twice at once
            raise Rejected("busy", _MEANWHILE)
        raise Rejected("oidc_identity_differs", "This address belongs to an account of somebody else at the provider.")
    if user.is_verified:
        second_factors.must_pass(lodger, user_id, user, second_factors.NOTHING)
    else:
        lodger.identities.disown(user_id)
        credentials.end_all(lodger, user_id)
        second_factors.take_away(lodger, call, user_id)
    try:
        lodger.identities.link(user_id, digest)
    except IdentityTaken as taken:
        raise Rejected("busy", _MEANWHILE) from taken
    _note(lodger, call, user_id, issuer)


def _note(lodger: Lodger, call: Call, user_id: UUID, issuer: str) -> None:
    """Have the log say so; again changes nothing. A process may have died before it could."""
    user = lodger.load(USER, user_id)
    facts = rules.link_identity(user.state, issuer)
    if facts:
        lodger.append(replace(call, actor=Actor("user", str(user_id))), user.then(facts))


def _registered(lodger: Lodger, call: Call, identity: Identity, address: str, digest: bytes) -> UUID:
    """A new account, with a verified address and no password."""
    facts = (UserRegistered(), UserEmailVerified(), UserIdentityLinked(identity.issuer))
    for username in _usernames(identity):
        user_id = lodger.new_id()
        person = NewPerson(
            user_id=user_id,
            username=username,
            email=address,
            name=_shown(identity.name) or username,
            password_hash=None,
            identities=[*users.identities_of(lodger, address, username), (OIDC, digest)],
        )
        try:
            by_them = replace(call, actor=Actor("user", str(user_id)))
            lodger.append(by_them, new_stream(USER, user_id).then(facts), person=person)
        except IdentityTaken as taken:
            if taken.kind != USERNAME:
                raise Rejected("busy", "Somebody with this address is registering. Try again in a moment.") from taken
        else:
            return user_id
    raise Rejected("busy", "No username is free. Try again in a moment.")


def _usernames(identity: Identity) -> Iterator[str]:
    """Names to try: never made of the address, which is nobody else's business."""
    given = identity.username if identity.username and "@" not in identity.username else identity.name
    plain = unicodedata.normalize("NFKD", given or "").encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_USERNAME_MAX].strip("-")
    slug = slug if len(slug) >= 3 else "guest"
    if slug != "guest":
        yield slug
    for _ in range(TRIES):
        yield f"{slug}-{randbelow(90_000) + 10_000}"


def _shown(name: str | None) -> str:
    """A name as people may have it: on one line, without what nobody sees."""
    seen = "".join(
        " " if letter.isspace() else letter for letter in name or "" if letter.isprintable() or letter == "\n"
    )
    return " ".join(seen.split())[:_NAME_MAX]


def _provider(lodger: Lodger) -> IdentityProvider:
    if lodger.identity_provider is None:
        raise Rejected("oidc_not_set_up", "Nobody else's word is taken here.")
    return lodger.identity_provider
