"""Counts and times what a payment provider is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Final, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram

from application.payment_ports import (
    Charge,
    Gateway,
    GatewayUnavailable,
    Hint,
    OpenedAccount,
    PayoutOrder,
    PayoutReport,
    RefundOrder,
    Totals,
)
from domain.charges import Report
from domain.disputes import DisputeReport
from domain.money import Money
from domain.refunds import RefundReport

CALLS: Final = Counter(
    "lodger_gateway_calls",
    "Calls of payment providers: answered, unavailable or failed.",
    ["provider", "call", "outcome"],
)
SECONDS: Final = Histogram("lodger_gateway_seconds", "Seconds until a payment provider answered.", ["provider", "call"])

T = TypeVar("T")

_log = structlog.get_logger()


class MeteredGateway:
    """Implements `application.payment_ports.Gateway` by asking another one."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        return self._gateway.name

    def start(self, charge: Charge) -> Report:
        return self._metered("start", lambda: self._gateway.start(charge))

    def look_up(self, reference: str) -> Report:
        return self._metered("look_up", lambda: self._gateway.look_up(reference))

    def capture(self, reference: str, amount: Money, key: UUID) -> Report:
        return self._metered("capture", lambda: self._gateway.capture(reference, amount, key))

    def void(self, reference: str, key: UUID) -> Report:
        return self._metered("void", lambda: self._gateway.void(reference, key))

    def refund(self, order: RefundOrder) -> RefundReport:
        return self._metered("refund", lambda: self._gateway.refund(order))

    def pay_out(self, order: PayoutOrder) -> PayoutReport:
        return self._metered("pay_out", lambda: self._gateway.pay_out(order))

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:
        return self._metered("open_account", lambda: self._gateway.open_account(host_id, email))

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        return self._metered("look_up_dispute", lambda: self._gateway.look_up_dispute(dispute_id))

    def payment_of(self, reference: str) -> UUID | None:
        return self._metered("payment_of", lambda: self._gateway.payment_of(reference))

    def totals(self, reference: str, currency: str) -> Totals:
        return self._metered("totals", lambda: self._gateway.totals(reference, currency))

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:
        """Asks nobody, and so is not counted."""
        return self._gateway.read_webhook(headers, body, now)

    def _metered(self, call: str, ask: Callable[[], T]) -> T:
        began, outcome = perf_counter(), "failed"
        try:
            answer = ask()
            outcome = "answered"
        except GatewayUnavailable:
            outcome = "unavailable"
            raise
        finally:
            seconds = perf_counter() - began
            CALLS.labels(self.name, call, outcome).inc()
            SECONDS.labels(self.name, call).observe(seconds)
            milliseconds = round(seconds * 1000, 1)
            _log.info("provider", provider=self.name, call=call, outcome=outcome, milliseconds=milliseconds)
        return answer
