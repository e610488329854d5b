"""What the holders of wallets answer: the sandbox's documented numbers, and any phone that a test has told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PENDING, SUCCESSFUL, FAILED = "PENDING", "SUCCESSFUL", "FAILED"


@dataclass(frozen=True)
class Plan:
    """How a request ends, how long after it came (milliseconds), and why. PENDING never ends by itself."""

    status: str = SUCCESSFUL
    reason: str | None = None
    after_ms: int = 0


DELAY_MS: Final = 1_500
"""How long the number that is pending first takes to succeed."""

_NUMBERS: Final[Mapping[str, Plan]] = {
    "46733123450": Plan(FAILED, "INTERNAL_PROCESSING_ERROR"),
    "46733123451": Plan(FAILED, "APPROVAL_REJECTED"),
    "46733123452": Plan(FAILED, "EXPIRED"),
    "46733123453": Plan(PENDING),
    "46733123454": Plan(SUCCESSFUL, after_ms=DELAY_MS),
    "46733123455": Plan(FAILED, "PAYER_NOT_FOUND"),
}


class Wallets:
    """Any number that is not documented and not told otherwise succeeds at once. Refunds go to anybody."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Plan] = {}

    def tell(self, kind: str, msisdn: str, plan: Plan) -> None:
        """How this phone answers requests of `kind` from now on."""
        self._told[kind, msisdn] = plan

    def plan(self, kind: str, msisdn: str) -> Plan:
        told = self._told.get((kind, msisdn))
        if told is not None:
            return told
        plan = _NUMBERS.get(msisdn, Plan()) if kind != "refund" else Plan()
        if kind == "transfer" and plan.reason == "PAYER_NOT_FOUND":
            return Plan(FAILED, "PAYEE_NOT_FOUND")
        return plan
