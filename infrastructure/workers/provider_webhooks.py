"""Follows the webhooks of payment providers that wait, from threads of its own."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final

import structlog

from application import provider_webhooks
from application.lodger import Lodger
from application.payment_ports import GatewayUnavailable
from application.provider_webhook_ports import ProviderWebhook
from domain.rejections import Rejected
from infrastructure import logs
from infrastructure.database import Unavailable
from infrastructure.workers.metrics import PROVIDER_WEBHOOKS

FOLLOWERS: Final = 4
"""Providers asked at once by one process."""

_log = structlog.get_logger()


class Follower:
    """Does not wait for providers: one that takes its time holds up no reaction."""

    def __init__(self, lodger: Lodger) -> None:
        self._lodger = lodger
        self._threads = ThreadPoolExecutor(FOLLOWERS, "provider webhooks")
        self._following: set[Future[None]] = set()
        self._one_at_a_time = Lock()

    def run(self) -> None:
        """See to it that whatever is due gets followed. Raises Unavailable."""
        with self._one_at_a_time:
            self._following = {following for following in self._following if not following.done()}
            while len(self._following) < FOLLOWERS and (webhook := self._lodger.provider_webhooks.take_due()):
                self._following.add(self._threads.submit(self._follow, webhook))

    def wait(self) -> None:
        """Wait until nothing is under way."""
        for following in list(self._following):
            following.result()

    def _follow(self, webhook: ProviderWebhook | None) -> None:
        """Follow one, and then whatever else is due: of a provider that is away only one is tried."""
        away: set[str] = set()
        try:
            while webhook is not None:
                with logs.about(provider_webhooks.command_id(webhook)):
                    followed = self._followed(webhook)
                if not followed:
                    away.add(webhook.provider)
                webhook = self._lodger.provider_webhooks.take_due(away)
        except Unavailable as error:
            # What became of it is not known: it is due again by its claim.
            _log.warning("database away, webhooks of providers wait", error=str(error))

    def _followed(self, webhook: ProviderWebhook) -> bool:
        """Follow one and note what came of it; False when its provider is away. Raises Unavailable."""
        known, provider = self._lodger.provider_webhooks, webhook.provider
        about = {"provider": provider, "event_id": webhook.hint.event_id, "attempt": webhook.attempt}
        try:
            outcome = provider_webhooks.follow(self._lodger, webhook)
        except Unavailable:
            raise
        except GatewayUnavailable:
            PROVIDER_WEBHOOKS.labels(provider, "provider_away").inc()
            known.postpone(webhook, "the provider does not answer")
            return False
        except Rejected as refusal:  # busy, above all: many webhooks of one payment at once
            PROVIDER_WEBHOOKS.labels(provider, refusal.code).inc()
            _log.warning("a provider's webhook is followed later", **about, code=refusal.code)
            known.postpone(webhook, refusal.code)
            return True
        except Exception as error:  # noqa: BLE001 - whatever it is, the others can be followed
            PROVIDER_WEBHOOKS.labels(provider, "failed").inc()
            _log.error("could not follow a provider's webhook", **about, exc_info=error)
            known.postpone(webhook, type(error).__name__)
            return True
        known.settle(webhook.webhook_id, outcome)
        PROVIDER_WEBHOOKS.labels(provider, outcome).inc()
        if outcome == "unknown_payment":
            _log.warning("a provider's webhook is about no payment of ours", **about)
        else:
            _log.info("followed a provider's webhook", **about, outcome=outcome)
        return True
