"""Use cases of browser sessions: begin one, go on with it, see where one is logged in, end it.

They live in real time, as tokens do: a sandbox clock that is moved logs nobody out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from application import principals, second_factors, users
from application.lodger import Lodger
from application.principals import Principal
from application.second_factors import Shown
from application.session_ports import Session, SessionsUnavailable
from application.streams import USER
from domain import users as rules
from domain.policies import SESSION_END, SESSION_IDLE
from domain.rejections import Rejected

_BYTES: Final = 32
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a session was last used: writing it costs as much as reading the session."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session, and the secret that is its browser's alone."""

    secret: str = field(repr=False)
    session: Session


def begin(lodger: Lodger, email: str, password: str, shown: Shown, former: str | None) -> Begun:
    """Log a browser in: always a new session. The `former` one that it had, if any, is over.

    Raises what `users.log_in` does, and SessionsUnavailable.
    """
    lodger.sessions.must_answer()  # before a recovery code is used up for nothing
    person = users.whose(lodger, email)
    generation = lodger.sessions.generation(person.user_id) if person else 0
    user = users.log_in(lodger, email, password, shown)
    return _opened(lodger, user, generation, former)


def of_other_proof(lodger: Lodger, user_id: UUID, former: str | None) -> Begun:
    """Log in a browser whose user has shown who they are by something else than a password.

    That is one proof, as a password is: who has a second factor shows it with their password. Raises what an account
    that is not active is refused with, Rejected `second_factor_required`, and SessionsUnavailable.
    """
    generation = lodger.sessions.generation(user_id)
    user = lodger.load(USER, user_id).state
    rules.must_be_active(user)
    second_factors.must_pass(lodger, user_id, user, second_factors.NOTHING)
    return _opened(lodger, principals.of_user(user_id, user, "session", ""), generation, former)


def _opened(lodger: Lodger, user: Principal, generation: int, former: str | None) -> Begun:
    assert user.user_id is not None, "only users log in"
    now = lodger.wall_clock.now()
    session = Session(lodger.new_id(), user.user_id, generation, user.roles, user.is_verified, now, now)
    secret = token_urlsafe(_BYTES)
    lodger.sessions.keep(digest(secret), session, SESSION_IDLE)
    if former is not None and (replaced := lodger.sessions.find(digest(former))):
        lodger.sessions.end(replaced.user_id, replaced.session_id)
    return Begun(secret, session)


def go_on(lodger: Lodger, secret: str) -> Session:
    """The session that goes on. Raises Rejected `session_invalid`, and SessionsUnavailable."""
    now = lodger.wall_clock.now()
    session = lodger.sessions.find(digest(secret))
    if session is None or _ends(session) <= now:
        raise Rejected("session_invalid", "You are not logged in any more. Log in: POST /v1/sessions.")
    if now - session.seen_at >= SEEN_EVERY:
        session = replace(session, seen_at=now)
        with suppress(SessionsUnavailable):  # full, for instance: it is known well enough whose the request is
            lodger.sessions.saw(digest(secret), session, _ends(session) - now)
    return session


def of_user(lodger: Lodger, user_id: UUID) -> Sequence[Session]:
    """Where somebody is logged in, the newest first."""
    now = lodger.wall_clock.now()
    return [session for session in lodger.sessions.of_user(user_id) if now < _ends(session)]


def end(lodger: Lodger, user_id: UUID, session_id: UUID) -> None:
    """End one session. Raises Rejected `session_not_found`."""
    if not lodger.sessions.end(user_id, session_id):
        raise Rejected("session_not_found", "You are not logged in like this, or no longer.")


def principal_of(session: Session) -> Principal:
    return Principal(session.user_id, "session", str(session.session_id), session.roles, session.is_verified)


def digest(secret: str) -> bytes:
    """What a session is found by. Of 256 random bits nothing can be guessed: no key is needed, and none rotated."""
    return sha256(secret.encode()).digest()


def _ends(session: Session) -> datetime:
    return min(session.seen_at + SESSION_IDLE, session.began_at + SESSION_END)
