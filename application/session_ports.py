"""What browser sessions need from outside: where they are kept, and what is known of those that were ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.users import StaffRole


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that somebody logged in with. Times are real.

    `roles` and `is_verified` are as they were when it began. `generation` is how often all of the user's sessions had
    been ended by then: one of an earlier generation counts no more.
    """

    session_id: UUID
    user_id: UUID
    generation: int
    roles: frozenset[StaffRole]
    is_verified: bool
    began_at: datetime
    seen_at: datetime


class SessionsUnavailable(Exception):
    """Where sessions are kept does not answer."""


class Sessions(Protocol):
    """Sessions by the digests of their secrets, which are kept nowhere.

    They are kept where they may be lost. That they were ended all at once is kept where it is not: whatever comes back
    from there, those do not. All but `generation` and `end_all` raise SessionsUnavailable.
    """

    def must_answer(self) -> None:
        """Nothing, while they can be kept."""
        ...

    def generation(self, user_id: UUID) -> int:
        """How often all sessions of somebody were ended. Ask before the password is looked at: one that is changed
        meanwhile then opens nothing, tokens neither."""
        ...

    def keep(self, digest: bytes, session: Session, lives: timedelta) -> None:
        """Keep a new session for so long."""
        ...

    def find(self, digest: bytes) -> Session | None:
        """A session of its user's generation."""
        ...

    def saw(self, digest: bytes, session: Session, lives: timedelta) -> None:
        """Keep what is known of a session now for so long, unless it has been ended meanwhile."""
        ...

    def of_user(self, user_id: UUID) -> Sequence[Session]:
        """Those that go on, the newest first."""
        ...

    def end(self, user_id: UUID, session_id: UUID) -> bool:
        """End one session of a user; whether there was one."""
        ...

    def end_all(self, user_id: UUID, *, keep: str | None = None) -> None:
        """End every session of a user but the one with the id `keep`, whether or not they can be reached."""
        ...
