"""What payment providers send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, request

from api import metrics
from api.edge import edge
from api.json_body import raw_body
from api.operations import Resource, limited
from application import provider_webhooks
from domain.rejections import Rejected

BODY_LIMIT: Final = 256 * 1024
"""Bytes: many times what any provider sends."""

resource = Resource(
    "provider_webhooks", __name__, url_prefix="/v1/webhooks", description="For payment providers: what they send."
)


@resource.delivery("/<string:provider>", limit=BODY_LIMIT, refuses=[404])
@limited("webhook")
def receive_provider_webhook(provider: str) -> Response:
    """Take in a payment provider's webhook: a hint to ask it how things stand.

    It is stored before it is answered, and followed afterwards. Sent again it is answered 200 and has no effect.
    """
    name = provider.replace("-", "_")
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        # Signatures are made in real time, whatever the sandbox's clock shows.
        new = provider_webhooks.receive(edge().lodger, name, headers, raw_body(request), datetime.now(UTC))
    except Rejected as refusal:
        if refusal.code != "provider_not_found":  # made-up names would be made-up series
            metrics.PROVIDER_WEBHOOKS.labels(name, refusal.code).inc()
        raise
    metrics.PROVIDER_WEBHOOKS.labels(name, "stored" if new else "repeated").inc()
    answer = Response(status=200)
    del answer.headers["Content-Type"]
    return answer
