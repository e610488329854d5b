"""The cookie of a browser's session, and what keeps other sites from using it.

A browser sends a cookie whoever made it send the request. So a request that changes something must also come from our
own pages, or those of an origin that the settings allow, and show a token that only they could have read. None of it
is for requests with an Authorization header: that goes before the cookie, and no browser sends one by itself.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from flask import Response, after_this_request, g, request

from api.edge import edge
from application import sessions
from application.session_ports import Session
from domain.policies import SESSION_END
from domain.rejections import Rejected

CSRF_HEADER: Final = "X-CSRF-Token"

_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_OWN_SITES: Final = ("same-origin", "none")
"""Of Sec-Fetch-Site: our page, or no page at all (the address bar)."""


def name(*, plain: bool) -> str:
    """The cookie's name. The prefix has browsers refuse it without TLS, for other paths or for a whole domain."""
    return "lodger_session" if plain else "__Host-lodger_session"


def secret() -> str | None:
    """What the request's cookie holds; None without one."""
    return request.cookies.get(name(plain=edge().options.plain_cookies)) or None


def session() -> Session | None:
    """The session that the request's cookie is of; None without one. One that is over is taken from the browser.

    Raises Rejected `session_invalid`, `csrf_token_wrong`, `request_cross_site`, and SessionsUnavailable.
    """
    held = secret()
    if held is None:
        return None
    if request.method not in _SAFE_METHODS:
        must_be_our_page()
        _must_have_token(held)
    try:
        g.session = sessions.go_on(edge().lodger, held)
    except Rejected:
        after_this_request(taken_away)
        raise
    return current()


def current() -> Session:
    """The session that the request came by. Raises Rejected `session_not_found` for one that came by a token."""
    found: Session | None = g.get("session")
    if found is None:
        raise Rejected("session_not_found", "This request came by a token, not by a session.")
    return found


def must_be_our_page() -> None:
    """Refuse what another site's page makes a browser send: also a login, into an account that is not the user's.

    Whoever sends neither header is no browser, or one so old that only the token protects it. Raises Rejected
    `request_cross_site`.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin in edge().options.allowed_origins:
        return
    is_ours = site in _OWN_SITES if site is not None else origin is None or urlsplit(origin).netloc == request.host
    if not is_ours:
        raise Rejected("request_cross_site", "This request was made by a page of another site.")


def csrf_token(held: str) -> str:
    """What goes with a session's cookie in `X-CSRF-Token`: known to who has the cookie, and telling nothing of it."""
    return urlsafe_b64encode(sha256(b"lodger:csrf:" + held.encode()).digest()).decode().rstrip("=")


def given(response: Response, held: str) -> Response:
    """The response that gives a browser its session."""
    return _set(response, held, int(SESSION_END.total_seconds()))


def taken_away(response: Response) -> Response:
    """The response that has a browser forget its session."""
    return _set(response, "", 0)


def _set(response: Response, held: str, seconds: int) -> Response:
    plain = edge().options.plain_cookies
    response.set_cookie(
        name(plain=plain), held, max_age=seconds, path="/", secure=not plain, httponly=True, samesite="Lax"
    )
    return response


def _must_have_token(held: str) -> None:
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), csrf_token(held).encode()):
        raise Rejected("csrf_token_wrong", f"Send the session's token as {CSRF_HEADER}: GET /v1/sessions/current.")
