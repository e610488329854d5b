"""What every provider's adapter keeps to, whoever the provider is. A provider's tests subclass `GatewayContract`.

Only cards can be authorised and voided: what is about those is in `AuthorizingContract`.
"""

from __future__ import annotations

import time
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from application.payment_ports import Charge, Gateway, GatewayUnavailable, RefundOrder
from domain.charges import Report
from domain.money import Money
from domain.refunds import RefundReport


class Payer(Protocol):
    """Whoever is asked for the money, and the provider's other side."""

    def approve(self, reference: str) -> None:
        """Say yes: the charge is authorised, or taken where nothing is authorised first."""
        ...

    def decline(self, reference: str) -> None: ...


class Network(Protocol):
    """The way to the provider."""

    def answers_nothing(self) -> None:
        """The next call that moves money does, and its answer is lost."""
        ...


class Contract:
    """The fixtures `gateway`, `payer` and, where the provider is a stand-in, `network` are the subclass's."""

    amount = Money(300_50, "EUR")
    refund_too_large = "refund_exceeds_capture"
    """How a refund fails that is more than was taken."""

    def charge(self, key: UUID | None = None) -> Charge:
        return Charge(key or uuid4(), uuid4(), self.amount, "card", None)

    def unwelcome_charge(self) -> Charge:
        """One that its payer declines."""
        return self.charge()

    def captured(self, gateway: Gateway, payer: Payer) -> Report:
        """A charge that was taken."""
        reference = gateway.start(self.charge()).evidence.reference
        payer.approve(reference)
        report = gateway.look_up(reference)
        return gateway.capture(reference, self.amount, uuid4()) if report.outcome == "authorized" else report

    def refunded(self, gateway: Gateway, order: RefundOrder) -> RefundReport:
        """What became of a refund, however long it takes."""
        deadline = time.monotonic() + 60
        while (report := gateway.refund(order)).outcome == "pending":
            assert time.monotonic() < deadline, report
            time.sleep(0.1)
        return report

    def refunds_of(self, gateway: Gateway, payer: Payer, *parts: Money) -> list[RefundOrder]:
        reference = self.captured(gateway, payer).evidence.reference
        return [RefundOrder(uuid4(), uuid4(), reference, part) for part in parts]


class GatewayContract(Contract):
    def test_a_charge_waits_for_its_payer(self, gateway: Gateway) -> None:
        begun = gateway.start(self.charge())

        assert begun.outcome == "action_required"
        assert begun.evidence.provider == gateway.name
        assert len(begun.evidence.sha256) == 64

    def test_the_same_key_is_the_same_charge_as_it_stands_now(self, gateway: Gateway, payer: Payer) -> None:
        charge = self.charge()
        reference = gateway.start(charge).evidence.reference
        payer.approve(reference)

        again = gateway.start(charge)

        assert again.evidence.reference == reference
        assert again.outcome in ("authorized", "captured")

    def test_a_charge_that_the_provider_does_not_know_has_failed(self, gateway: Gateway) -> None:
        report = gateway.look_up(self.unknown())

        assert (report.outcome, report.failure_code) == ("failed", "unknown_to_provider")
        assert gateway.payment_of(self.unknown()) is None

    def unknown(self) -> str:
        """A reference that is well formed and nobody's."""
        return str(uuid4())

    def test_a_charge_names_its_payment(self, gateway: Gateway) -> None:
        charge = self.charge()
        reference = gateway.start(charge).evidence.reference

        assert gateway.payment_of(reference) == charge.payment_id

    def test_what_the_payer_declines_has_failed(self, gateway: Gateway, payer: Payer) -> None:
        reference = gateway.start(self.unwelcome_charge()).evidence.reference
        payer.decline(reference)

        report = gateway.look_up(reference)

        assert (report.outcome, report.failure_code) == ("failed", "declined")
        assert gateway.look_up(reference).outcome in ("failed", "voided")

    def test_money_is_taken_once(self, gateway: Gateway, payer: Payer) -> None:
        taken = self.captured(gateway, payer)
        reference = taken.evidence.reference

        again = gateway.capture(reference, self.amount, uuid4())

        assert (taken.outcome, taken.amount) == ("captured", self.amount)
        assert (again.outcome, again.amount) == ("captured", self.amount)
        assert gateway.totals(reference, "EUR").captured == self.amount

    def test_what_was_taken_is_not_voided(self, gateway: Gateway, payer: Payer) -> None:
        reference = self.captured(gateway, payer).evidence.reference

        assert gateway.void(reference, uuid4()).outcome == "captured"

    def test_money_goes_back_once_per_key(self, gateway: Gateway, payer: Payer) -> None:
        (order,) = self.refunds_of(gateway, payer, Money(100_25, "EUR"))

        reports = [self.refunded(gateway, order) for _ in range(3)]

        assert {(report.outcome, report.amount) for report in reports} == {("succeeded", Money(100_25, "EUR"))}
        assert gateway.totals(order.reference, "EUR").refunded == Money(100_25, "EUR")

    def test_money_goes_back_in_parts_and_never_more_than_was_taken(self, gateway: Gateway, payer: Payer) -> None:
        parts = Money(100_25, "EUR"), Money(200_25, "EUR"), Money(1, "EUR")
        orders = self.refunds_of(gateway, payer, *parts)

        reports = [self.refunded(gateway, order) for order in orders]

        assert [report.outcome for report in reports] == ["succeeded", "succeeded", "failed"]
        assert reports[2].failure_code == self.refund_too_large
        assert gateway.totals(orders[0].reference, "EUR").refunded == self.amount


class AuthorizingContract(Contract):
    def test_what_was_authorised_says_how_much(self, gateway: Gateway, payer: Payer) -> None:
        reference = gateway.start(self.charge()).evidence.reference
        payer.approve(reference)

        report = gateway.look_up(reference)

        assert (report.outcome, report.amount) == ("authorized", self.amount)
        assert gateway.totals(reference, "EUR").captured == Money.zero("EUR")

    def test_an_authorisation_is_released_and_not_taken_any_more(self, gateway: Gateway, payer: Payer) -> None:
        reference = gateway.start(self.charge()).evidence.reference
        payer.approve(reference)
        key = uuid4()

        assert [gateway.void(reference, key).outcome for _ in range(2)] == ["voided", "voided"]
        assert gateway.void(reference, uuid4()).outcome == "voided"
        assert gateway.capture(reference, self.amount, uuid4()).outcome == "voided"

    def test_a_charge_that_nobody_confirmed_is_withdrawn(self, gateway: Gateway) -> None:
        reference = gateway.start(self.charge()).evidence.reference

        assert gateway.void(reference, uuid4()).outcome == "voided"
        assert gateway.look_up(reference).outcome == "voided"


class LostAnswersContract(Contract):
    """Whatever is asked again after its answer was lost is done once."""

    def test_a_charge_is_started_once(self, gateway: Gateway, network: Network, payer: Payer) -> None:
        charge = self.charge()
        network.answers_nothing()
        with pytest.raises(GatewayUnavailable):
            gateway.start(charge)

        first, second = gateway.start(charge), gateway.start(charge)

        assert first.evidence.reference == second.evidence.reference

    def test_a_capture_is_made_once(self, gateway: Gateway, network: Network, payer: Payer) -> None:
        reference, key = gateway.start(self.charge()).evidence.reference, uuid4()
        payer.approve(reference)
        network.answers_nothing()
        with pytest.raises(GatewayUnavailable):
            gateway.capture(reference, self.amount, key)

        assert gateway.capture(reference, self.amount, key).outcome == "captured"
        assert gateway.totals(reference, "EUR").captured == self.amount

    def test_a_refund_is_made_once(self, gateway: Gateway, network: Network, payer: Payer) -> None:
        (order,) = self.refunds_of(gateway, payer, Money(100_25, "EUR"))
        network.answers_nothing()
        with pytest.raises(GatewayUnavailable):
            gateway.refund(order)

        assert self.refunded(gateway, order).outcome == "succeeded"
        assert gateway.totals(order.reference, "EUR").refunded == Money(100_25, "EUR")
