"""What the workers count. How far they are behind is asked of the database (`infrastructure.server_metrics`)."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

EVENTS_APPLIED: Final = Counter("lodger_projection_events", "Events read and done with.", ["projection"])
REACTIONS: Final = Counter("lodger_reactions", "Events reacted to, by outcome.", ["outcome"])
HOLDS_EXPIRED: Final = Counter("lodger_holds_expired", "Lapsed holds expired by the workers.")
MAILS: Final = Counter("lodger_mails", "Attempts to send a mail, by outcome.", ["outcome"])
