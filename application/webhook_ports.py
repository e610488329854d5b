"""What webhooks need from outside, as a protocol: endpoints and their outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from application.ports import Answer, Idempotency


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """Where a user's changes are sent. No `types` means all of them; `version` counts what its owner changed.

    `failing_since` is when the first of the failures in a row was. `given_up_at` is when they made us disable it.
    """

    endpoint_id: UUID
    user_id: UUID
    url: str
    types: tuple[str, ...]
    enabled: bool
    version: int
    created_at: datetime
    failing_since: datetime | None = None
    given_up_at: datetime | None = None


DeliveryStatus = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A change on its way to an endpoint. `error` says why the last attempt failed, in words."""

    delivery_id: UUID
    event_id: UUID
    type: str
    position: int
    status: DeliveryStatus
    attempts: int
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None


Kept = tuple[Idempotency, Answer] | None


class Webhooks(Protocol):
    """Endpoints and their outbox, in plain rows. What takes `answer` keeps it in the same transaction."""

    def check(self, url: str) -> None:
        """Raise Rejected `webhook_url_refused` for an address that nothing is ever sent to."""
        ...

    def of_user(self, user_id: UUID) -> Sequence[WebhookEndpoint]:
        """Somebody's endpoints, in the order they were made."""
        ...

    def add(self, endpoint: WebhookEndpoint, secret: str) -> None:
        """Begin to send what happens from now on. Raises VersionConflict when the user has the URL already."""
        ...

    def change(self, endpoint: WebhookEndpoint, *, expected_version: int, answer: Kept = None) -> None:
        """Write url, types and whether it is enabled; enabled, it is taken for well. Raises VersionConflict."""
        ...

    def disable(self, user_id: UUID) -> None:
        """Send nothing more to any endpoint of somebody until they enable it."""
        ...

    def remove(self, endpoint_id: UUID, *, answer: Kept = None) -> None: ...

    def renew_secret(self, endpoint_id: UUID, secret: str) -> datetime:
        """Sign with a new secret, and with the former one too until the instant that is returned."""
        ...

    def deliveries(
        self, endpoint_id: UUID, status: DeliveryStatus | None, before: int | None, limit: int
    ) -> Sequence[WebhookDelivery]:
        """At most `limit` of an endpoint's deliveries at positions under `before`, newest first."""
        ...

    def delivery(self, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery | None: ...

    def send_again(self, delivery_id: UUID, *, answer: Kept = None) -> None: ...

    def send_all_again(self, endpoint_id: UUID, since: int | datetime, *, answer: Kept = None) -> None:
        """Send every wanted change behind a position, or since an instant."""
        ...
