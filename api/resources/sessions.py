"""Browser sessions: logging in and out where a cookie is what a browser has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api import cookies
from api.answers import sent
from api.authentication import guessing, principal, signed_in
from api.edge import edge
from api.operations import Resource, limited
from api.schemas.second_factors import LogInSchema, shown_in
from api.schemas.sessions import CurrentSessionSchema, SessionsSchema, shown
from application import sessions
from application.session_ports import Session

resource = Resource("sessions", __name__, url_prefix="/v1/sessions", description="Being logged in with a browser.")


@resource.command(
    "POST",
    "",
    CurrentSessionSchema,
    body=LogInSchema,
    status=201,
    who="anyone",
    key=None,
    refuses=[401, 403, 429],
    example={"email": "ada@example.org", "password": "correct horse battery"},
)
@limited("login")
def log_in(body: dict[str, Any]) -> Response:
    """Log a browser in: it gets a cookie, and you the token that goes with it. The session it had before is over."""
    cookies.must_be_our_page()
    with guessing(body["email"]):
        begun = sessions.begin(edge().lodger, body["email"], body["password"], shown_in(body), cookies.secret())
    answer = sent(CurrentSessionSchema, _current(begun.session, begun.secret), status=201)
    return cookies.given(answer, begun.secret)


@resource.query("", SessionsSchema)
def list_sessions() -> dict[str, Any]:
    """The browsers that you are logged in with, the newest first."""
    found = sessions.of_user(edge().lodger, signed_in())
    return {"sessions": [shown(session, principal().credential_id) for session in found]}


@resource.query("/current", CurrentSessionSchema, refuses=[404])
def show_current() -> dict[str, Any]:
    """The session of this browser, and the token that goes with its cookie."""
    held = cookies.secret()
    found = cookies.current()
    assert held is not None, "it came by a cookie"
    return _current(found, held)


@resource.command("DELETE", "", None, status=204, key=None)
def log_out() -> Response:
    """Log out: every session of yours ends at once, in every browser."""
    edge().lodger.sessions.end_all(signed_in())
    return cookies.taken_away(Response(status=204))


@resource.command("DELETE", "/current", None, status=204, key=None, refuses=[404])
def log_out_here() -> Response:
    """Log out of this browser only."""
    sessions.end(edge().lodger, signed_in(), cookies.current().session_id)
    return cookies.taken_away(Response(status=204))


@resource.command("DELETE", "/<uuid:session_id>", None, status=204, key=None, refuses=[404])
def end_session(session_id: UUID) -> Response:
    """Log out of one browser, wherever it is."""
    sessions.end(edge().lodger, signed_in(), session_id)
    return Response(status=204)


def _current(session: Session, held: str) -> dict[str, Any]:
    return {**shown(session, str(session.session_id)), "csrf_token": cookies.csrf_token(held)}
