"""What paying hosts needs from outside the events: where each wants to be paid. It is personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

PayoutMethod = Literal["bank", "mobile_money"]


@dataclass(frozen=True, slots=True)
class Destination:
    """`reference` is what the provider knows the host's account by: a phone, or its own id of the account."""

    method: PayoutMethod
    provider: str
    reference: str


class Payees(Protocol):
    """Where hosts are paid."""

    def choose(self, host_id: UUID, destination: Destination) -> None: ...

    def destination(self, host_id: UUID) -> Destination | None: ...

    def remember(self, payout_id: UUID, host_id: UUID, reference: str) -> None:
        """Where a payout goes, whatever its host chooses later: a provider that is asked again is told the same."""
        ...

    def reference(self, payout_id: UUID) -> str:
        """Where a payout goes."""
        ...

    def host_of(self, payout_id: UUID) -> UUID | None:
        """Whose payout it is; None for one that is none of ours."""
        ...
