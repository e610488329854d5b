"""MTN Mobile Money: what its documented numbers do, here and in MTN's own sandbox when there are keys for it.

MTN_MOMO_API_USER, MTN_MOMO_API_KEY, MTN_MOMO_COLLECTION_KEY and MTN_MOMO_DISBURSEMENT_KEY are those of an API user
that was made in the sandbox for the callback host 127.0.0.1.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.payment_ports import Charge, Gateway, GatewayUnavailable, PayoutOrder
from domain.charges import Report
from domain.money import Money
from domain.payments import NextAction
from infrastructure.database import Database
from infrastructure.gateways.mtn_momo.gateway import MtnMomoGateway
from tests.gateways import contract
from tests.gateways.contract import GatewayContract, LostAnswersContract
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.providers import mtn_momo_fake
from tests.support.world import settings_for

pytestmark = pytest.mark.slow

KEYS = ("MTN_MOMO_API_USER", "MTN_MOMO_API_KEY", "MTN_MOMO_COLLECTION_KEY", "MTN_MOMO_DISBURSEMENT_KEY")
ORDINARY, DECLINES = "+256772123456", "+46733123451"
EURO = Money(300_50, "EUR")


@pytest.fixture(scope="module")
def fake() -> Iterator[MtnMomoFake]:
    with mtn_momo_fake() as running:
        yield running


@pytest.fixture(scope="module", params=["the fake", "MTN's sandbox"])
def settings(request: pytest.FixtureRequest, fake: MtnMomoFake) -> dict[str, Any]:
    if request.param == "the fake":
        return fake.settings
    missing = [key for key in KEYS if not os.environ.get(key)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not set: MTN's own sandbox is not asked")
    return {key.lower(): os.environ[key] for key in KEYS}


@pytest.fixture
def gateway(settings: dict[str, Any], shared_database_url: str) -> Iterator[MtnMomoGateway]:
    database = Database(shared_database_url, 4)
    yield MtnMomoGateway.of(settings_for(shared_database_url, **settings), database)
    database.close()


class Payer:
    """Answers as the documented number does that was pushed to; the answer is waited for."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def approve(self, reference: str) -> None:
        settled(lambda: self._gateway.look_up(reference), until="captured")

    def decline(self, reference: str) -> None:
        settled(lambda: self._gateway.look_up(reference), until="failed")


class Network:
    def __init__(self, fake: MtnMomoFake) -> None:
        self._fake = fake

    def answers_nothing(self) -> None:
        for operation in ("requesttopay", "refund"):
            self._fake.fail(operation)


@pytest.fixture
def payer(gateway: MtnMomoGateway) -> Payer:
    return Payer(gateway)


def charge(phone: str = ORDINARY, amount: Money = EURO, key: UUID | None = None) -> Charge:
    return Charge(key or uuid4(), uuid4(), amount, "mobile_money", phone)


def settled(ask: Callable[[], Report], *, until: str) -> Report:
    """Ask until the outcome is this one."""
    deadline = time.monotonic() + 60
    while (report := ask()).outcome != until:
        assert time.monotonic() < deadline, report
        time.sleep(0.1)
    return report


class TestContract(GatewayContract):
    refund_too_large = "not_performed"

    def charge(self, key: UUID | None = None) -> Charge:
        return charge(key=key)

    def unwelcome_charge(self) -> Charge:
        return charge(DECLINES)


class TestLostAnswers(LostAnswersContract):
    def charge(self, key: UUID | None = None) -> Charge:
        return charge(key=key)

    @pytest.fixture
    def network(self, fake: MtnMomoFake) -> Iterator[Network]:
        yield Network(fake)
        fake.heal()

    @pytest.fixture
    def settings(self, fake: MtnMomoFake) -> dict[str, Any]:
        return fake.settings

    @pytest.fixture
    def payer(self, gateway: MtnMomoGateway) -> Payer:
        return Payer(gateway)

    @pytest.fixture(autouse=True)
    def its(self, fake: MtnMomoFake) -> None:
        self.fake = fake

    def test_a_capture_is_made_once(self, gateway: Gateway, network: contract.Network, payer: contract.Payer) -> None:
        """Approving the push made it, so that it is only asked for."""
        reference = self.captured(gateway, payer).evidence.reference
        self.fake.fail("requesttopay_status")
        with pytest.raises(GatewayUnavailable):
            gateway.capture(reference, self.amount, uuid4())

        assert gateway.capture(reference, self.amount, uuid4()).outcome == "captured"
        assert gateway.totals(reference, "EUR").captured == self.amount


def test_a_push_waits_to_be_approved_on_the_phone(gateway: MtnMomoGateway) -> None:
    assert gateway.start(charge()).next_action == NextAction("approve_on_phone")


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("+46733123450", "provider_error"),
        (DECLINES, "declined"),
        ("+46733123452", "expired"),
        ("+46733123455", "payer_not_found"),
    ],
)
def test_documented_numbers_fail_for_their_reasons(gateway: MtnMomoGateway, phone: str, code: str) -> None:
    reference = gateway.start(charge(phone)).evidence.reference

    failed = settled(lambda: gateway.look_up(reference), until="failed")

    assert failed.failure_code == code


def test_a_number_stays_pending_whatever_is_asked_of_it(gateway: MtnMomoGateway) -> None:
    reference = gateway.start(charge("+46733123453")).evidence.reference

    asked = [gateway.look_up(reference), gateway.capture(reference, EURO, uuid4()), gateway.void(reference, uuid4())]

    assert {report.outcome for report in asked} == {"action_required"}


def test_a_number_is_pending_first_and_pays_then(gateway: MtnMomoGateway) -> None:
    reference = gateway.start(charge("+46733123454")).evidence.reference
    assert gateway.look_up(reference).outcome == "action_required"

    assert settled(lambda: gateway.look_up(reference), until="captured").amount == EURO


def test_only_euros_are_taken_in_the_sandbox(gateway: MtnMomoGateway) -> None:
    refused = gateway.start(charge(amount=Money(5_000, "UGX")))

    assert (refused.outcome, refused.failure_code) == ("failed", "currency_not_taken")


def test_a_host_s_phone_is_paid_once_per_key(gateway: MtnMomoGateway) -> None:
    order = PayoutOrder(uuid4(), UUID(int=7), Money(97_00, "EUR"), "+256772000000")

    while (report := gateway.pay_out(order)).outcome == "pending":
        time.sleep(0.2)

    assert report.outcome == "paid"
    assert gateway.pay_out(order).evidence == report.evidence
