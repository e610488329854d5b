"""What the workers count. How far they are behind is asked of the database (`infrastructure.server_metrics`)."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

EVENTS_APPLIED: Final = Counter("lodger_projection_events", "Events read and done with.", ["projection"])
REACTIONS: Final = Counter("lodger_reactions", "Events reacted to, by outcome.", ["outcome"])
DEADLINES_MET: Final = Counter("lodger_deadlines_met", "Bookings expired or completed by the workers.")
RECONCILIATIONS: Final = Counter("lodger_reconciliations", "Payments whose provider was asked again.", ["outcome"])
MAILS: Final = Counter("lodger_mails", "Attempts to send a mail, by outcome.", ["outcome"])
CALENDARS_READ: Final = Counter("lodger_calendars_read", "Linked calendars read, by outcome.", ["outcome"])
PROVIDER_WEBHOOKS: Final = Counter(
    "lodger_provider_webhooks_followed", "Payment providers' webhooks followed, by outcome.", ["provider", "outcome"]
)
WEBHOOKS: Final = Counter("lodger_webhooks", "Attempts to deliver a webhook, by outcome.", ["outcome"])
HOSTS_PAID: Final = Counter("lodger_hosts_paid", "Accounts of hosts with something due, by outcome.", ["outcome"])
