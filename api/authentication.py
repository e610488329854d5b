"""Who calls, found out from what the request comes with, and held against what the operation asks for."""

from __future__ import annotations

import hmac
from contextlib import AbstractContextManager, suppress
from typing import Literal
from uuid import UUID

from flask import g, request

from api import cookies
from api.api_keys import PREFIX
from api.edge import edge
from application import users
from application.addresses import email_address
from application.principals import BY_SETTINGS, Principal
from application.sessions import principal_of
from domain.rejections import Rejected
from domain.users import StaffRole

Who = Literal["anyone", "viewer", "user"] | StaffRole | tuple[StaffRole, ...]
"""Who may call; a viewer may be signed in, of several roles one is enough. An admin may do what every role may."""


def admit(who: Who, scope: str | None, *, verified: bool) -> None:
    """Let in who may do this, as `principal`.

    `scope` is what an API key must be for; None is for people only. Raises Rejected `token_required`, `token_invalid`,
    `role_missing`, `scope_missing`, `email_unverified`.
    """
    if who == "anyone":
        return
    principal = _presented()
    must_be_allowed(principal, who, scope, verified=verified)
    if principal is not None:
        _let_in(principal)


def admit_whoever() -> Principal | None:
    """Let in whoever calls, for what asks `must_be_allowed` piece by piece. None when nobody says who they are.

    Raises Rejected `token_invalid`, and what `cookies.session` does.
    """
    principal = _presented()
    if principal is not None:
        _let_in(principal)
    return principal


def must_be_allowed(principal: Principal | None, who: Who, scope: str | None, *, verified: bool) -> None:
    """Refuse as `admit` says."""
    if who == "anyone":
        return
    if principal is None:
        if who == "viewer":
            return
        raise Rejected("token_required", "Log in at POST /v1/auth/tokens and send Authorization: Bearer …")
    _must_have_role(principal, who)
    if principal.scopes is not None and scope not in principal.scopes:
        raise Rejected("scope_missing", f"This needs a key with the scope {scope}." if scope else "No key may do this.")
    if verified and not principal.is_verified:
        users.must_be_verified(edge().lodger, principal.user_id)


def principal() -> Principal:
    """Whoever calls."""
    found: Principal = g.principal
    return found


def signed_in() -> UUID:
    """The user who calls."""
    user_id = principal().user_id
    assert user_id is not None, "admitted as a user"
    return user_id


def viewer() -> UUID | None:
    """The user who calls, if anybody is signed in."""
    found: Principal | None = g.get("principal")
    return found.user_id if found else None


def guessing(account: str) -> AbstractContextManager[None]:
    """Around looking at a password or a code: see `Limiter.guessing`. `account` is an e-mail address, or an id."""
    here = edge()
    with suppress(Rejected):  # an id, or nobody's address
        account = email_address(account)
    return here.options.limiter.guessing(here.lodger.signer.digest("login failures", account).hex()[:32])


def _let_in(principal: Principal) -> None:
    g.principal = principal
    edge().options.limiter.count_caller(principal)


def _presented() -> Principal | None:
    """Whom the request's credentials are of; None when it has none. A header goes before a cookie.

    Raises Rejected `token_invalid`, and what `cookies.session` does.
    """
    if "Authorization" not in request.headers:
        session = cookies.session()
        return principal_of(session) if session else None
    kind, _, token = request.headers["Authorization"].partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Rejected("token_invalid", "Only Authorization: Bearer … is understood.")
    if _is_operators(token):
        return BY_SETTINGS
    if token.startswith(PREFIX):
        return edge().keys.principal_of(token)
    return edge().tokens.principal_of(token)


def _is_operators(token: str) -> bool:
    here = edge().options
    known = [here.operator_token, *filter(None, [here.former_operator_token])]
    return any(hmac.compare_digest(token.encode(), each.encode()) for each in known)


def _must_have_role(principal: Principal, who: Who) -> None:
    if who in ("viewer", "user"):
        if principal.user_id is None:
            raise Rejected("token_invalid", "The operator's token of the settings is no user's.")
        return
    wanted = (who,) if isinstance(who, str) else who
    if principal.roles.isdisjoint((*wanted, "admin")):
        raise Rejected("role_missing", f"This is for the role {' or '.join(wanted)}.", roles=[*wanted])
