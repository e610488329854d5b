"""Pages that the links in mails lead to. Opening one has no effect, because programs that look through mail open links
too: what it is for happens when its button is pressed.

The token does not leave the page: that loads nothing, tells nobody where it was (Referrer-Policy) and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from api import tracing
from api.edge import edge
from api.problems import STATUS_OF, TITLE_OF
from api.schemas.passwords import PASSWORD_LENGTHS
from application import passwords, verification
from application.calls import Call
from domain.events import Actor
from domain.rejections import Rejected

pages = Blueprint("account_pages", __name__, url_prefix="/account")

_TOKEN_MAX: Final = 1_000


@pages.get("/verification")
def verification_page() -> Response:
    return _page("account_verification.html", token=request.args.get("token", ""))


@pages.post("/verification")
def verify() -> Response:
    lodger, token = edge().lodger, _token()

    def confirm() -> None:
        user_id = verification.addressee(lodger, token)
        request_id = UUID(tracing.current().request_id)
        call = Call(Actor("user", str(user_id)), lodger.clock.now(), lodger.new_id(), request_id)
        verification.verify(lodger, call, user_id)

    return _done(confirm, "Your address is confirmed", "You may book and host from now on.")


@pages.get("/password-reset")
def reset_page() -> Response:
    shortest, longest = PASSWORD_LENGTHS
    token = request.args.get("token", "")
    return _page("account_password_reset.html", token=token, shortest=shortest, longest=longest)


@pages.post("/password-reset")
def reset() -> Response:
    lodger, token, new = edge().lodger, _token(), request.form.get("new_password", "")

    def set_password() -> None:
        shortest, longest = PASSWORD_LENGTHS
        if not shortest <= len(new) <= longest or "\x00" in new:
            raise Rejected("validation_failed", f"A password has {shortest} to {longest} characters.")
        passwords.reset(lodger, token, new)

    return _done(set_password, "Your new password is set", "Whoever was logged in is logged out. Log in with it.")


def _token() -> str:
    return request.form.get("token", "")[:_TOKEN_MAX]


def _done(do: Callable[[], object], title: str, text: str) -> Response:
    """A page that says what came of it; a refusal has the status of its problem."""
    try:
        do()
    except Rejected as refusal:
        return _page("account_done.html", STATUS_OF[refusal.code], title=TITLE_OF[refusal.code], text=refusal.message)
    return _page("account_done.html", title=title, text=text)


def _page(template: str, status: int = 200, **shown: object) -> Response:
    page = Response(render_template(template, **shown), status, mimetype="text/html")
    page.headers["Cache-Control"] = "no-store"
    return page
