"""What the workers count."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

EVENTS_APPLIED: Final = Counter("lodger_projection_events", "Events applied.", ["projection"])
LAG: Final = Gauge(
    "lodger_consumer_lag_positions", "Positions of the log not done yet.", ["consumer"], multiprocess_mode="mostrecent"
)
STOPPED: Final = Gauge(
    "lodger_consumer_stopped", "1 while something is wrong.", ["consumer"], multiprocess_mode="mostrecent"
)
REACTIONS: Final = Counter("lodger_reactions", "Events reacted to, by outcome.", ["outcome"])
HOLDS_EXPIRED: Final = Counter("lodger_holds_expired", "Lapsed holds expired by the workers.")
MAILS: Final = Counter("lodger_mails", "Attempts to send a mail, by outcome.", ["outcome"])
