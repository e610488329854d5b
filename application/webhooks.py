"""Use cases of webhooks: where a user's changes are sent, what became of each, and sending it again.

Endpoints are configuration and no facts of bookings, so they are plain rows, as profiles are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from application.calls import Call
from application.lodger import Lodger, retried
from application.ports import Answer, VersionConflict
from application.streams import USER
from application.webhook_ports import DeliveryStatus, Kept, WebhookDelivery, WebhookEndpoint
from domain import users
from domain.rejections import Rejected

ENDPOINTS_MAX: Final = 10
"""Of one user: each is tried on its own, for a day and longer."""


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What an owner may change of an endpoint; None leaves it as it is."""

    url: str | None = None
    types: tuple[str, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """What deliveries are signed with. It is shown once; `former_until` is how long the one before is used too."""

    endpoint: WebhookEndpoint
    text: str
    former_until: datetime | None = None


@retried
def register(
    lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID, url: str, types: tuple[str, ...]
) -> Answer | None:
    """Send a user's changes to an address, from now on.

    The answer shows the secret and so is not kept: who lost it finds the endpoint, and takes a new secret.
    """
    users.must_exist(lodger.load(USER, user_id).state)
    others = lodger.webhooks.of_user(user_id)
    _must_be_free(url, others)
    if len(others) >= ENDPOINTS_MAX:
        raise Rejected("too_many_webhook_endpoints", "Remove one first.", maximum=ENDPOINTS_MAX)
    lodger.webhooks.check(url)
    endpoint = WebhookEndpoint(endpoint_id, user_id, url, types, enabled=True, version=1, created_at=call.now)
    secret = _new_secret()
    lodger.webhooks.add(endpoint, secret)
    return call.render(Secret(endpoint, secret)) if call.render else None


def change(
    lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID, expected_version: int, wanted: EndpointChange
) -> Answer | None:
    """Change the version that was seen. Enabled, an endpoint that was given up goes on where it stopped."""
    lodger.read(call=call)
    endpoint = find(lodger, user_id, endpoint_id)
    if wanted.url is not None and wanted.url != endpoint.url:
        _must_be_free(wanted.url, lodger.webhooks.of_user(user_id))
        lodger.webhooks.check(wanted.url)
    enabled = endpoint.enabled if wanted.enabled is None else wanted.enabled
    changed = replace(
        endpoint,
        url=endpoint.url if wanted.url is None else wanted.url,
        types=endpoint.types if wanted.types is None else wanted.types,
        enabled=enabled,
        version=expected_version + 1,
    )
    if wanted.enabled:
        changed = replace(changed, failing_since=None, given_up_at=None)
    answer = call.render(changed) if call.render else None
    try:
        lodger.webhooks.change(changed, expected_version=expected_version, answer=_kept(call, answer))
    except VersionConflict as conflict:
        raise Rejected("revision_stale", "It was changed meanwhile. Get it again.") from conflict
    return answer


def remove(lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID) -> Answer | None:
    """Send nothing more there, and forget what was sent."""
    lodger.read(call=call)
    endpoint = find(lodger, user_id, endpoint_id)
    answer = call.render(endpoint) if call.render else None
    lodger.webhooks.remove(endpoint_id, answer=_kept(call, answer))
    return answer


def renew_secret(lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID) -> Answer | None:
    """A new secret; the answer shows it and is not kept."""
    endpoint = find(lodger, user_id, endpoint_id)
    secret = _new_secret()
    former_until = lodger.webhooks.renew_secret(endpoint_id, secret)
    return call.render(Secret(endpoint, secret, former_until)) if call.render else None


def send_again(lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> Answer | None:
    """Send one change again, whatever became of it."""
    lodger.read(call=call)
    endpoint = find(lodger, user_id, endpoint_id)
    if lodger.webhooks.delivery(endpoint_id, delivery_id) is None:
        raise Rejected("webhook_delivery_not_found", "There is no such delivery.")
    answer = call.render(endpoint) if call.render else None
    lodger.webhooks.send_again(delivery_id, answer=_kept(call, answer))
    return answer


def send_all_again(
    lodger: Lodger, call: Call, user_id: UUID, endpoint_id: UUID, since: int | datetime
) -> Answer | None:
    """Send every change behind a position of the log, or since an instant, also those from before it was registered."""
    lodger.read(call=call)
    endpoint = find(lodger, user_id, endpoint_id)
    answer = call.render(endpoint) if call.render else None
    lodger.webhooks.send_all_again(endpoint_id, since, answer=_kept(call, answer))
    return answer


def find(lodger: Lodger, user_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """One of the user's own endpoints; those of others are not there."""
    for endpoint in lodger.webhooks.of_user(user_id):
        if endpoint.endpoint_id == endpoint_id:
            return endpoint
    raise Rejected("webhook_endpoint_not_found", "There is no such endpoint.")


def deliveries(
    lodger: Lodger, user_id: UUID, endpoint_id: UUID, status: DeliveryStatus | None, before: int | None, limit: int
) -> Sequence[WebhookDelivery]:
    """What was sent to an endpoint and what is to be, newest first: at most `limit`, at positions under `before`."""
    find(lodger, user_id, endpoint_id)
    return lodger.webhooks.deliveries(endpoint_id, status, before, limit)


def _must_be_free(url: str, others: Sequence[WebhookEndpoint]) -> None:
    for other in others:
        if other.url == url:
            raise Rejected("webhook_endpoint_exists", "You have an endpoint there already.", id=str(other.endpoint_id))


def _new_secret() -> str:
    return f"whsec_{token_urlsafe(32)}"


def _kept(call: Call, answer: Answer | None) -> Kept:
    return (call.idempotency, answer) if call.idempotency and answer else None
