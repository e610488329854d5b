"""Webhooks that are refused."""

from __future__ import annotations

from datetime import UTC, datetime

from werkzeug.test import TestResponse

from tests.api.refusals import scene
from tests.api.stack import Stack
from tests.support.scripted_gateway import Delivery, ScriptedGateway

PROVIDER = ScriptedGateway()


def _send(stack: Stack, delivery: Delivery, provider: str = PROVIDER.name) -> TestResponse:
    """To an API where the provider is set up."""
    providers = stack.wired.lodger.providers
    assert isinstance(providers, dict)
    providers[PROVIDER.name] = PROVIDER
    return stack.anybody().raw("POST", f"/v1/webhooks/{provider}", delivery.body, **delivery.headers)


@scene("provider_not_found")
def send_to_a_provider_that_is_not_set_up(stack: Stack) -> TestResponse:
    return _send(stack, PROVIDER.webhook("evt_1"), "nobody")


@scene("webhook_signature_invalid")
def send_without_a_signature(stack: Stack) -> TestResponse:
    return _send(stack, Delivery({}, PROVIDER.webhook("evt_1").body))


@scene("webhook_stale")
def send_what_was_signed_long_ago(stack: Stack) -> TestResponse:
    return _send(stack, PROVIDER.webhook("evt_1", at=datetime(2020, 1, 1, tzinfo=UTC)))


@scene("webhook_malformed")
def send_what_is_no_webhook(stack: Stack) -> TestResponse:
    return _send(stack, PROVIDER.signed(b"not JSON"))
