"""Use cases of notifications: what somebody wants to be told, by which channel, and what they have read."""

from __future__ import annotations

from uuid import UUID

from application.lodger import Lodger
from domain.notices import OPTIONAL, Channels, Preferences


def preferences(lodger: Lodger, user_id: UUID) -> Preferences:
    """How somebody is told of each category that may be switched off."""
    chosen = lodger.notifications.preferences([user_id])[user_id]
    return {category: chosen.get(category, Channels()) for category in OPTIONAL}


def prefer(lodger: Lodger, user_id: UUID, chosen: Preferences) -> Preferences:
    """Choose anew; what is left out is told by every channel."""
    lodger.notifications.prefer(user_id, chosen)
    return preferences(lodger, user_id)


def mark_read(lodger: Lodger, user_id: UUID, upto: int) -> None:
    """Everything that was told up to a position of the log is read."""
    lodger.notifications.mark_read(user_id, upto)
