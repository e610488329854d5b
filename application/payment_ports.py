"""What the use cases need from payment providers, as protocols. `infrastructure.gateways` has one file for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from domain.charges import Report
from domain.disputes import DisputeReport
from domain.money import Money
from domain.payments import Evidence, PaymentMethod
from domain.refunds import RefundReport


class GatewayUnavailable(Exception):
    """The provider did not answer. Whether it acted is unknown: ask again with the same key."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider is asked to take. `key` makes a repeat of the call the same call."""

    key: UUID
    payment_id: UUID
    amount: Money
    payment_method: PaymentMethod
    phone: str | None


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money to send back of a charge that was captured. `reference` is the charge's."""

    key: UUID
    payment_id: UUID
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """Money to send a host. `destination` is what the provider knows the host's account by."""

    key: UUID
    payout_id: UUID
    amount: Money
    destination: str


@dataclass(frozen=True, slots=True)
class PayoutReport:
    """What a provider says of a payout now."""

    outcome: Literal["pending", "paid", "failed"]
    evidence: Evidence
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a provider's own ledger says of one charge: for reconciling, never for deciding."""

    captured: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook is about, and nothing of what it says: that is asked for, so that order and repeats do not matter.

    `event_id` is the provider's, for telling repeats. `reference` is the charge's, except for a dispute: the dispute's.
    `payment_id` is known where it was sent along.
    """

    event_id: str
    about: Literal["charge", "dispute", "payout", "nothing"]
    reference: str | None = None
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """Where a provider can pay a host: its reference there, and a page on which the host completes it, if any."""

    reference: str
    url: str | None = None


class Gateway(Protocol):
    """A payment provider.

    Every call is outside a transaction, and repeatable: the same key is the same call, and says how things stand
    now. Each raises GatewayUnavailable when no answer came, and stores what was answered as evidence.
    """

    @property
    def name(self) -> str: ...

    def start(self, charge: Charge) -> Report: ...

    def look_up(self, reference: str) -> Report:
        """How a charge stands. One that the provider does not know has failed (`unknown_to_provider`)."""
        ...

    def capture(self, reference: str, amount: Money, key: UUID) -> Report: ...

    def void(self, reference: str, key: UUID) -> Report:
        """Release an authorisation or withdraw a charge. Reports "captured" for what was taken meanwhile."""
        ...

    def refund(self, order: RefundOrder) -> RefundReport: ...

    def pay_out(self, order: PayoutOrder) -> PayoutReport: ...

    def open_account(self, host_id: UUID, email: str) -> OpenedAccount:
        """Where the provider keeps accounts for those whom it pays. Raises Rejected `payout_account_not_needed`."""
        ...

    def look_up_dispute(self, dispute_id: str) -> tuple[str, DisputeReport]:
        """How a dispute stands, and the reference of the charge that it is about."""
        ...

    def payment_of(self, reference: str) -> UUID | None:
        """Which payment a charge was started for, by what was sent along; None for none of ours."""
        ...

    def totals(self, reference: str, currency: str) -> Totals:
        """What its own ledger says of a charge."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Hint:
        """What a webhook is about. `headers` have lower-case names.

        Raises Rejected `webhook_signature_invalid`, `webhook_stale` or `webhook_malformed`.
        """
        ...


class Payers(Protocol):
    """What is known of payers and kept outside events: phones that mobile money is asked from, client secrets."""

    def remember(self, payment_id: UUID, phone: str) -> None: ...

    def phone(self, payment_id: UUID) -> str | None: ...

    def remember_client_secret(self, payment_id: UUID, secret: str) -> None: ...

    def client_secret(self, payment_id: UUID) -> str | None: ...
