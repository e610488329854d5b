"""Charges that have come as far as a test needs them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from application.payment_ports import Charge, RefundOrder
from domain.money import Money
from infrastructure.gateways.stripe.gateway import StripeGateway
from tests.support.stripe_fake import StripeFake


@dataclass(frozen=True)
class Shop:
    gateway: StripeGateway
    fake: StripeFake
    amount: Money

    def charge(self, amount: Money | None = None) -> Charge:
        return Charge(uuid4(), uuid4(), amount or self.amount, "card", None)

    def started(self, amount: Money | None = None) -> str:
        """The reference of a charge that waits for its payer."""
        return self.gateway.start(self.charge(amount)).evidence.reference

    def confirmed(self, card: str = "pm_card_visa", amount: Money | None = None) -> str:
        reference = self.started(amount)
        self.fake.confirm(reference, card)
        return reference

    def captured(self, card: str = "pm_card_visa", amount: Money | None = None) -> str:
        reference = self.confirmed(card, amount)
        assert self.gateway.capture(reference, amount or self.amount, uuid4()).outcome == "captured"
        return reference

    def refund(self, amount: Money, card: str = "pm_card_visa") -> RefundOrder:
        """An order to send some of a captured charge back."""
        return RefundOrder(uuid4(), uuid4(), self.captured(card), amount)
