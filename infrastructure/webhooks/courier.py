"""Sends what the outbox of webhooks holds, at least once each."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Final

import structlog

from api.answers import text
from api.schemas.changes import ChangeSchema, told
from application.lodger import Lodger
from infrastructure import logs
from infrastructure.database import Database, Unavailable
from infrastructure.outgoing import AddressRefused, Outgoing, OutgoingFailed
from infrastructure.sealing import CannotOpen, Sealer
from infrastructure.webhooks import outbox
from infrastructure.webhooks.outbox import Claimed
from infrastructure.webhooks.signature import signature
from infrastructure.workers.metrics import WEBHOOKS

CARRIERS: Final = 8
"""Deliveries under way at once in one process, each to another endpoint."""

_TIMEOUT_SECONDS: Final = 10.0
_REPLY_BYTES: Final = 4_096
_FORGET_EVERY_SECONDS: Final = 600.0
_log = structlog.get_logger()


class Courier:
    """Sends from threads of its own, so that an endpoint which takes its time holds up nobody else's changes."""

    def __init__(self, database: Database, lodger: Lodger, sealer: Sealer, outgoing: Outgoing) -> None:
        self._database = database
        self._lodger = lodger
        self._sealer = sealer
        self._outgoing = outgoing
        self._threads = ThreadPoolExecutor(CARRIERS, "webhooks")
        self._carrying: set[Future[None]] = set()
        self._one_at_a_time = Lock()
        self._forget_at = 0.0

    def run(self) -> None:
        """Fill the outbox and see to it that whatever is due gets sent; does not wait for it. Raises Unavailable."""
        with self._one_at_a_time:
            with self._database.connection() as connection, connection.cursor() as cursor:
                while outbox.fill(cursor):
                    pass
                if monotonic() >= self._forget_at:
                    outbox.forget(cursor)
                    self._forget_at = monotonic() + _FORGET_EVERY_SECONDS
            self._carrying = {carrying for carrying in self._carrying if not carrying.done()}
            free = CARRIERS - len(self._carrying)
            for claimed in self._claim(free) if free else []:
                self._carrying.add(self._threads.submit(self._carry, claimed))

    def wait(self) -> None:
        """Wait until nothing is under way."""
        for carrying in list(self._carrying):
            carrying.result()

    def _carry(self, claimed: Claimed | None) -> None:
        """Attempt a delivery, and then whatever else is due."""
        try:
            while claimed is not None:
                with logs.about(claimed.request_id):
                    self._attempt(claimed)
                claimed = next(iter(self._claim(1)), None)
        except Unavailable as error:
            # What became of it is not known: it is due again by its claim.
            _log.warning("database away, webhooks wait", error=str(error))

    def _claim(self, limit: int) -> list[Claimed]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            return outbox.claim(cursor, limit)

    def _attempt(self, claimed: Claimed) -> None:
        """Send once, outside of any transaction, and record what became of it. Raises Unavailable."""
        status, wrong = self._send(claimed)
        WEBHOOKS.labels("failed" if wrong else "delivered").inc()
        about = {"delivery": str(claimed.delivery_id), "endpoint": str(claimed.endpoint_id), "attempt": claimed.attempt}
        _log.info("webhook", **about, status=status, error=wrong)
        with self._database.connection() as connection, connection.cursor() as cursor:
            if wrong is None:
                outbox.delivered(cursor, claimed, status or 0)
            elif outbox.not_delivered(cursor, claimed, status, wrong):
                _log.warning("webhook endpoint disabled, it has failed for days", endpoint=str(claimed.endpoint_id))

    def _send(self, claimed: Claimed) -> tuple[int | None, str | None]:
        """The status that was answered, and what is wrong; None: it was taken."""
        try:
            body = text(ChangeSchema, told(self._lodger, claimed.user_id, [claimed.entry])[0]).encode()
            secrets = [self._sealer.open(claimed.endpoint_id, sealed).decode() for sealed in claimed.secrets]
            reply = self._outgoing.request(
                "POST",
                claimed.url,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "Lodger",
                    "Connection": "close",
                    "Lodger-Delivery": str(claimed.delivery_id),
                    "Lodger-Attempt": str(claimed.attempt),
                    **({"X-Request-ID": str(claimed.request_id)} if claimed.request_id else {}),
                    "Lodger-Signature": signature(secrets, int(datetime.now(UTC).timestamp()), body),
                },
                body=body,
                most_bytes=_REPLY_BYTES,
                seconds=_TIMEOUT_SECONDS,
            )
        except (OutgoingFailed, AddressRefused, CannotOpen) as error:
            return None, str(error)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others can be sent
            _log.error("webhook cannot be written", delivery=str(claimed.delivery_id), exc_info=error)
            return None, "a mistake of ours; it has been recorded"
        if 200 <= reply.status < 300:
            return reply.status, None
        return reply.status, "redirects are not followed" if 300 <= reply.status < 400 else "not a status of success"
