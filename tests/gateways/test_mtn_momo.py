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

from application.payment_ports import Charge, PayoutOrder, RefundOrder
from domain.charges import Report
from domain.money import Money
from domain.payments import NextAction
from infrastructure.database import Database
from infrastructure.gateways.mtn_momo.gateway import MtnMomoGateway
from tests.support.providers import mtn_momo_fake
from tests.support.world import settings_for

pytestmark = pytest.mark.slow

KEYS = ("MTN_MOMO_API_USER", "MTN_MOMO_API_KEY", "MTN_MOMO_COLLECTION_KEY", "MTN_MOMO_DISBURSEMENT_KEY")
ORDINARY = "+256772123456"
EURO = Money(300_50, "EUR")


@pytest.fixture(scope="module", params=["here", "at MTN"])
def settings(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    if request.param == "here":
        with mtn_momo_fake() as fake:
            yield fake.settings
        return
    missing = [key for key in KEYS if not os.environ.get(key)]
    if missing:
        pytest.skip(f"MTN's own sandbox needs {', '.join(missing)}")
    yield {key.lower(): os.environ[key] for key in KEYS}


@pytest.fixture
def gateway(settings: dict[str, Any], shared_database_url: str) -> Iterator[MtnMomoGateway]:
    given = settings_for(shared_database_url, **settings)
    database = Database(shared_database_url, 4)
    yield MtnMomoGateway.of(given, database)
    database.close()


def charge(phone: str = ORDINARY, amount: Money = EURO) -> Charge:
    return Charge(uuid4(), uuid4(), amount, "mobile_money", phone)


def settled(ask: Callable[[], Report], *, until: str) -> Report:
    """Ask until the outcome is this one."""
    deadline = time.monotonic() + 60
    while (report := ask()).outcome != until:
        assert time.monotonic() < deadline, report
        time.sleep(0.2)
    return report


def test_an_ordinary_number_is_pushed_to_and_pays(gateway: MtnMomoGateway) -> None:
    begun = gateway.start(charge())

    assert (begun.outcome, begun.next_action) == ("action_required", NextAction("approve_on_phone"))
    paid = settled(lambda: gateway.look_up(begun.evidence.reference), until="captured")
    assert paid.amount == EURO
    assert paid.evidence.reference == begun.evidence.reference


def test_the_same_key_again_is_the_same_push(gateway: MtnMomoGateway) -> None:
    once = charge()
    first = gateway.start(once)
    settled(lambda: gateway.look_up(first.evidence.reference), until="captured")

    again = gateway.start(once)

    assert (again.outcome, again.evidence.reference) == ("captured", first.evidence.reference)


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("+46733123450", "provider_error"),
        ("+46733123451", "declined"),
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


def test_what_was_never_asked_for_is_unknown_and_nobody_s(gateway: MtnMomoGateway) -> None:
    nobody = str(uuid4())

    report = gateway.look_up(nobody)

    assert (report.outcome, report.failure_code) == ("failed", "unknown_to_provider")
    assert gateway.payment_of(nobody) is None


def test_a_push_names_its_payment(gateway: MtnMomoGateway) -> None:
    ours = charge()
    reference = gateway.start(ours).evidence.reference

    assert gateway.payment_of(reference) == ours.payment_id


def test_only_euros_are_taken_in_the_sandbox(gateway: MtnMomoGateway) -> None:
    refused = gateway.start(charge(amount=Money(5_000, "UGX")))

    assert (refused.outcome, refused.failure_code) == ("failed", "currency_not_taken")


def test_money_is_sent_back_in_parts_and_counted(gateway: MtnMomoGateway) -> None:
    ours = charge()
    reference = gateway.start(ours).evidence.reference
    settled(lambda: gateway.look_up(reference), until="captured")

    for part in (Money(100_00, "EUR"), Money(50_50, "EUR")):
        order = RefundOrder(uuid4(), ours.payment_id, reference, part)
        while (report := gateway.refund(order)).outcome == "pending":
            time.sleep(0.2)
        assert (report.outcome, report.amount) == ("succeeded", part)

    totals = gateway.totals(reference, "EUR")
    assert (totals.captured, totals.refunded) == (EURO, Money(150_50, "EUR"))


def test_a_host_s_phone_is_paid_once_per_key(gateway: MtnMomoGateway) -> None:
    order = PayoutOrder(uuid4(), UUID(int=7), Money(97_00, "EUR"), "+256772000000")

    while (report := gateway.pay_out(order)).outcome == "pending":
        time.sleep(0.2)

    assert report.outcome == "paid"
    assert gateway.pay_out(order).evidence == report.evidence
