"""What webhooks of payment providers need from outside, as a protocol: where they are kept and wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from application.payment_ports import Hint

WebhookOutcome = Literal["recorded", "nothing_new", "unknown_payment"]
"""What came of following a webhook. `unknown_payment`: it is about a charge that is none of ours, or a second one that
names a payment of ours and took money."""


@dataclass(frozen=True, slots=True)
class ProviderWebhook:
    """A webhook that somebody has taken to follow it. `sha256` is that of its body; `attempt` counts from 1."""

    webhook_id: int
    provider: str
    hint: Hint
    sha256: bytes
    attempt: int


@dataclass(frozen=True, slots=True)
class UnknownWebhook:
    """A webhook about a charge that is none of ours, as operators see it. `payment_id` is what it names."""

    webhook_id: int
    provider: str
    event_id: str
    reference: str | None
    payment_id: UUID | None
    received_at: datetime


class ProviderWebhooks(Protocol):
    """Webhooks as they came, in plain rows. Times are the database's: they are about the wire, not about bookings."""

    def store(self, provider: str, hint: Hint, body: bytes) -> bool:
        """Keep a webhook for good; False when this event of the provider is kept already."""
        ...

    def take_due(self, away: Collection[str] = ()) -> ProviderWebhook | None:
        """The next that waits, of no provider that is `away`. Nobody else is given it for the next minutes."""
        ...

    def settle(self, webhook_id: int, outcome: WebhookOutcome) -> None: ...

    def postpone(self, webhook: ProviderWebhook, error: str) -> None:
        """Leave it for later, twice as long with each attempt (2 s to 1 h)."""
        ...

    def unknown(self, before: int | None, limit: int) -> Sequence[UnknownWebhook]:
        """At most `limit` of those about unknown payments, newest first, with ids under `before`."""
        ...

    def forget(self, before: datetime) -> int:
        """Forget those that came before an instant and wait no longer; how many."""
        ...
