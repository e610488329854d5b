"""What somebody is signed in with, of whatever kind: ended in one place."""

from __future__ import annotations

from uuid import UUID

from application.lodger import Lodger


def end_all(lodger: Lodger, user_id: UUID, *, keep: str | None = None) -> None:
    """End everything that `user_id` is signed in with, except the credential with the id `keep`; again changes nothing.

    The id is `Principal.credential_id`. Whoever decides that somebody is to be signed out calls this, and the reaction
    to the event that says why calls it once more, so that it holds whatever process did it, and if that process died.

    Not API keys: nobody is signed in with those. They count while their user may act, which is looked up each second.
    """
    # First, because by the generation that this ends a login under way knows that it came too late.
    lodger.sessions.end_all(user_id, keep=keep)
    lodger.token_families.revoke_all(user_id, keep=keep)
