"""Counts and times what a payment provider is asked."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final, TypeVar

from prometheus_client import Counter, Histogram

from application.ports import Charge, Gateway, GatewayUnavailable
from domain.money import Money
from domain.payments import Evidence, Report

CALLS: Final = Counter(
    "lodger_gateway_calls",
    "Calls of payment providers: answered, unavailable or failed.",
    ["provider", "call", "outcome"],
)
SECONDS: Final = Histogram("lodger_gateway_seconds", "Seconds until a payment provider answered.", ["provider", "call"])

T = TypeVar("T")


class MeteredGateway:
    """Implements `application.ports.Gateway` by asking another one."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def name(self) -> str:
        return self._gateway.name

    def start(self, charge: Charge) -> Report:
        return self._metered("start", lambda: self._gateway.start(charge))

    def look_up(self, reference: str) -> Report:
        return self._metered("look_up", lambda: self._gateway.look_up(reference))

    def capture(self, reference: str, key: str) -> Report:
        return self._metered("capture", lambda: self._gateway.capture(reference, key))

    def void(self, reference: str, key: str) -> Report:
        return self._metered("void", lambda: self._gateway.void(reference, key))

    def refund(self, reference: str, amount: Money, key: str) -> Evidence:
        return self._metered("refund", lambda: self._gateway.refund(reference, amount, key))

    def _metered(self, call: str, ask: Callable[[], T]) -> T:
        began, outcome = perf_counter(), "failed"
        try:
            answer = ask()
            outcome = "answered"
        except GatewayUnavailable:
            outcome = "unavailable"
            raise
        finally:
            CALLS.labels(self.name, call, outcome).inc()
            SECONDS.labels(self.name, call).observe(perf_counter() - began)
        return answer
