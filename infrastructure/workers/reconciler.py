"""Takes up payments that were left alone with something under way, and has their providers asked again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Literal
from uuid import UUID

import structlog

from application.calls import Call
from application.lodger import Lodger
from application.payment_ports import GatewayUnavailable
from application.reconciliation import reconcile
from domain.events import Actor
from domain.payments import is_settled, must_be_started
from infrastructure import logs, reconciliations
from infrastructure.database import Database, Unavailable
from infrastructure.reconciliations import Claimed
from infrastructure.workers.metrics import RECONCILIATIONS
from projections.payments import under_way

ASKERS: Final = 4
"""Providers asked at once by one process: a push to a phone is asked about again and again while it waits."""

Outcome = Literal["settled", "waiting", "unavailable", "failed"]
"""`waiting`: the provider answered, and something is under way still; `unavailable`: it did not answer."""

_ERROR_LENGTH: Final = 500
_log = structlog.get_logger()


class Reconciler:
    """Several may run at once: each payment is asked for by one of them at a time."""

    def __init__(self, lodger: Lodger, database: Database) -> None:
        self._lodger = lodger
        self._database = database
        self._claiming = Lock()

    def run(self) -> None:
        """Ask for every payment that is due. One that fails does not keep the others from it. Raises Unavailable.

        A provider that is found away is not asked again in this pass: not each of its payments has to time out.
        """
        away: set[str] = set()
        with self._database.connection() as connection, connection.cursor() as cursor:
            reconciliations.forget(cursor)
        if claimed := self._claim(away):
            with ThreadPoolExecutor(ASKERS, "reconciler") as threads:
                asking = [threads.submit(self._ask_all, first, away) for first in (claimed, *[None] * (ASKERS - 1))]
            for each in asking:
                each.result()

    def run_all(self) -> Iterator[tuple[UUID, Outcome]]:
        """Ask for everything that is under way, due or not; what became of each."""
        last: UUID | None = None
        while page := self._under_way(last):
            for last in page:
                yield last, self.ask(last)

    def ask(self, payment_id: UUID) -> Outcome:
        """Ask for one payment. Raises Unavailable."""
        call = self._call()
        with logs.about(call.correlation_id):
            outcome, error = self._outcome(call, payment_id)
        RECONCILIATIONS.labels(outcome).inc()
        if error is not None:
            with self._database.connection() as connection, connection.cursor() as cursor:
                reconciliations.failed(cursor, payment_id, error[:_ERROR_LENGTH])
        return outcome

    def _ask_all(self, first: Claimed | None, away: set[str]) -> None:
        """Ask for the payment that was claimed already, if one was, and then for whatever else is due."""
        claimed = first or self._claim(away)
        while claimed is not None:
            if self.ask(claimed.payment_id) == "unavailable":
                away.add(claimed.provider)
            claimed = self._claim(away)

    def _call(self) -> Call:
        lodger = self._lodger
        return Call(Actor("system", "reconciler"), lodger.clock.now(), lodger.new_id(), lodger.new_id())

    def _outcome(self, call: Call, payment_id: UUID) -> tuple[Outcome, str | None]:
        try:
            done = reconcile(self._lodger, call, payment_id)
        except GatewayUnavailable as error:
            return "unavailable", str(error) or "the provider does not answer"
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other payments are due as well
            _log.exception("could not ask for a payment", payment=str(payment_id))
            return "failed", f"{type(error).__name__}: {error}"
        return ("settled" if is_settled(must_be_started(done.state)) else "waiting"), None

    def _claim(self, away: set[str]) -> Claimed | None:
        """One at a time: who loses a payment to another one's claim sees none, and would end while more are due."""
        with self._claiming, self._database.connection() as connection, connection.cursor() as cursor:
            return reconciliations.claim(cursor, frozenset(away))

    def _under_way(self, after: UUID | None) -> list[UUID]:
        with self._database.connection() as connection, connection.cursor() as cursor:
            return under_way(cursor, after)
