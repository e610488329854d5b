"""Logging in with another provider's word (OpenID Connect): a browser goes there and comes back.

Both are addresses that a browser navigates to, so that a page needs a link and nothing else. Who comes back has a
session as after POST /v1/sessions.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response, redirect, request

from api import cookies, tracing
from api.edge import edge
from api.operations import Resource, limited
from application import external_logins
from application.calls import Call
from application.external_logins import Return
from domain.events import Actor
from domain.policies import OIDC_LOGIN

resource = Resource(
    "OpenID Connect",
    __name__,
    url_prefix="/v1/auth/oidc",
    description="Logging in with an account at another provider.",
)

_ANSWERED: Final = ("state", "code", "error", "iss")
_PARAMETERS: Final[list[dict[str, Any]]] = [
    {"in": "query", "name": name, "required": False, "schema": {"type": "string"}} for name in _ANSWERED
]


@resource.navigation("/login", refuses=[404, 429])
@limited("login")
def begin_login() -> Response:
    """Send the browser to the provider, who asks who is there."""
    started = external_logins.start(edge().lodger)
    return _binding(_sent_to(started.url), started.binding, int(OIDC_LOGIN.total_seconds()))


@resource.navigation("/callback", parameters=_PARAMETERS, refuses=[400, 401, 403, 404, 409, 429])
@limited("login")
def finish_login() -> Response:
    """The provider sends the browser back here: it gets a session, and goes on to the page that the settings name."""
    lodger = edge().lodger
    system = Actor("system", "openid connect")
    call = Call(system, lodger.clock.now(), lodger.new_id(), UUID(tracing.current().request_id))
    came = Return(
        state=request.args.get("state", ""),
        code=request.args.get("code") if "error" not in request.args else None,
        issuer=request.args.get("iss"),
    )
    begun = external_logins.finish(lodger, call, request.cookies.get(_cookie()), came, cookies.secret())
    answer = cookies.given(_sent_to(edge().options.oidc_return_to), begun.secret)
    return _binding(answer, "", 0)


def _sent_to(url: str) -> Response:
    answer = redirect(url, 303)
    assert isinstance(answer, Response)
    return answer


def _cookie() -> str:
    return "lodger_oidc" if edge().options.plain_cookies else "__Host-lodger_oidc"


def _binding(response: Response, held: str, seconds: int) -> Response:
    """Lax, not strict: the browser that comes back is sent by another site's page."""
    response.set_cookie(
        _cookie(), held, seconds, path="/", secure=not edge().options.plain_cookies, httponly=True, samesite="Lax"
    )
    return response
