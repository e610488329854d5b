"""MTN Mobile Money when things go wrong: it does not answer, says otherwise than before, calls back as it likes."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
import urllib3

from application.payment_ports import Charge, GatewayUnavailable, Hint, PayoutOrder, RefundOrder
from domain.money import Money
from infrastructure.database import Database
from infrastructure.gateways.mtn_momo.client import Credentials, MtnMomoClient
from infrastructure.gateways.mtn_momo.gateway import MtnMomoGateway
from tests.gateways.mtn_momo.listener import Listener
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.providers import mtn_momo_fake, running_mtn_momo
from tests.support.servers import free_port
from tests.support.world import NOON, settings_for

pytestmark = pytest.mark.slow

PHONE = "+256772123456"
EURO = Money(300_50, "EUR")


@pytest.fixture(scope="module")
def fake() -> Iterator[MtnMomoFake]:
    with mtn_momo_fake() as running:
        yield running


@pytest.fixture
def database(shared_database_url: str) -> Iterator[Database]:
    database = Database(shared_database_url, 10)
    yield database
    database.close()


def gateway_to(fake: MtnMomoFake, database: Database, **changes: Any) -> MtnMomoGateway:
    return MtnMomoGateway.of(settings_for("postgresql://", **fake.settings, **changes), database)


@pytest.fixture
def gateway(fake: MtnMomoFake, database: Database) -> MtnMomoGateway:
    return gateway_to(fake, database)


def charge(phone: str | None = PHONE, amount: Money = EURO, key: UUID | None = None) -> Charge:
    return Charge(key or uuid4(), uuid4(), amount, "mobile_money", phone)


def stored(database: Database, digest: str) -> str:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT body FROM provider_answers WHERE sha256 = %s", [digest])
        ((body,),) = cursor.fetchall()
    return str(body)


T = TypeVar("T")


def persist(ask: Callable[[], T]) -> tuple[T, int]:
    """Ask until there is an answer; and how many there were not."""
    for lost in count():
        with suppress(GatewayUnavailable):
            return ask(), lost
    raise AssertionError("never")


class TestAsking:
    def test_a_push_is_asked_for_in_mtn_s_words(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        ours = charge(key=UUID(int=1))
        gateway.start(ours)

        (asked,) = fake.asked(ours.payment_id)
        # sha256sum of the key's 36 characters begins 7ac1b8d7 010bb6cd 3a3e84e7 f90136b8
        assert asked["reference"] == "7ac1b8d7-010b-46cd-ba3e-84e7f90136b8"
        assert (asked["amount"], asked["currency"], asked["msisdn"]) == ("300.50", "EUR", "256772123456")
        assert asked["callback_url"] == "http://127.0.0.1:8000/v1/webhooks/mtn-momo"

    @pytest.mark.parametrize(
        ("amount", "written"),
        [(Money(5_000, "UGX"), "5000"), (Money(129, "JPY"), "129"), (Money(1_250, "KWD"), "1.250")],
    )
    def test_amounts_have_their_currency_s_digits(
        self, fake: MtnMomoFake, database: Database, amount: Money, written: str
    ) -> None:
        gateway = gateway_to(fake, database, mtn_momo_environment="mtnuganda")
        ours = charge(amount=amount)
        reference = gateway.start(ours).evidence.reference

        assert fake.asked(ours.payment_id)[0]["amount"] == written
        assert gateway.look_up(reference).amount == amount

    def test_a_payer_whose_phone_is_forgotten_is_not_asked(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        ours = charge(phone=None)

        assert gateway.start(ours).failure_code == "unknown_to_provider"
        assert fake.asked(ours.payment_id) == []

    def test_evidence_is_what_was_answered_to_the_letter(
        self, fake: MtnMomoFake, gateway: MtnMomoGateway, database: Database
    ) -> None:
        begun = gateway.start(charge())
        paid = gateway.look_up(begun.evidence.reference)

        told = json.loads(stored(database, begun.evidence.sha256))
        assert (told["asked"], told["status"], told["amount"]) == ("requesttopay", 202, "300.50")
        assert "256772123456" not in str(told)
        assert stored(database, paid.evidence.sha256) == fake.status(begun.evidence.reference)

    def test_a_callback_to_an_address_that_mtn_does_not_know_fails_the_payment(
        self, fake: MtnMomoFake, database: Database
    ) -> None:
        gateway = gateway_to(fake, database, public_url="https://elsewhere.example")

        refused = gateway.start(charge())

        assert (refused.outcome, refused.failure_code) == ("failed", "refused_by_provider")


class TestAnswersThatDoNotCome:
    @pytest.mark.parametrize(
        "fault",
        [
            {"acts": True},
            {"acts": False},
            {"acts": True, "status": 500},
            {"acts": False, "status": 500, "code": "INTERNAL_PROCESSING_ERROR"},
            {"acts": False, "status": 503, "code": "SERVICE_UNAVAILABLE"},
            {"acts": False, "status": 429},
            {"acts": False, "status": 404},
        ],
        ids=str,
    )
    def test_the_same_key_makes_up_for_it_without_a_second_charge(
        self, fake: MtnMomoFake, gateway: MtnMomoGateway, fault: dict[str, Any]
    ) -> None:
        ours = charge()
        fake.fail("requesttopay", **fault)
        with pytest.raises(GatewayUnavailable):
            gateway.start(ours)

        reference = gateway.start(ours).evidence.reference

        assert gateway.look_up(reference).outcome == "captured"
        assert [row["status"] for row in fake.asked(ours.payment_id)] == ["SUCCESSFUL"]

    def test_nobody_is_waited_for_longer_than_the_time_out(self, fake: MtnMomoFake, database: Database) -> None:
        keys = {"collection": "collection", "disbursement": "disbursement"}
        credentials = Credentials(fake.settings["mtn_momo_api_user"], fake.settings["mtn_momo_api_key"], keys)  # type: ignore[arg-type]
        client = MtnMomoClient(fake.url, "sandbox", credentials, "http://127.0.0.1/", urllib3.Timeout(0.3))
        ours = charge()
        fake.fail("requesttopay", delay_ms=1_000)

        with pytest.raises(GatewayUnavailable, match="ReadTimeoutError"):
            MtnMomoGateway(database, client).start(ours)

        assert len(fake.asked(ours.payment_id)) == 1

    def test_a_refund_that_nobody_heard_of_is_sent_back_once(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        ours = charge()
        reference = gateway.start(ours).evidence.reference
        order = RefundOrder(uuid4(), ours.payment_id, reference, EURO)
        fake.fail("refund", acts=True, times=2)
        for _ in range(2):
            with pytest.raises(GatewayUnavailable):
                gateway.refund(order)

        assert gateway.refund(order).outcome == "succeeded"
        assert gateway.totals(reference, "EUR").refunded == EURO
        assert [row["kind"] for row in fake.asked(ours.payment_id)] == ["requesttopay", "refund"]

    def test_what_is_said_at_the_wrong_address_decides_nothing(
        self, fake: MtnMomoFake, gateway: MtnMomoGateway
    ) -> None:
        reference = gateway.start(charge()).evidence.reference
        fake.fail("requesttopay_status", acts=False, status=404)

        with pytest.raises(GatewayUnavailable):
            gateway.look_up(reference)

    def test_nobody_is_there(self, fake: MtnMomoFake, database: Database) -> None:
        settings = {**fake.settings, "mtn_momo_api_base": f"http://127.0.0.1:{free_port()}"}
        gateway = MtnMomoGateway.of(settings_for("postgresql://", **settings), database)

        with pytest.raises(GatewayUnavailable):
            gateway.start(charge())

    def test_its_ledger_outlives_kill_9(self, database: Database) -> None:
        with running_mtn_momo() as (fake, restart):
            gateway = gateway_to(fake, database)
            reference = gateway.start(charge()).evidence.reference
            restart()

            assert gateway.look_up(reference).amount == EURO
            assert fake.kept() == 300_50

    def test_a_thousand_lost_answers_charge_and_pay_back_nobody_twice(self, database: Database) -> None:
        with mtn_momo_fake() as fake:
            gateway, charges = gateway_to(fake, database), [charge() for _ in range(100)]
            for operation in ("requesttopay", "requesttopay_status", "refund", "refund_status"):
                for acts in (True, False, True, True, False):
                    fake.fail(operation, acts=acts, times=50)

            def pay_and_back(ours: Charge) -> int:
                """How many answers were lost on the way."""
                taken, lost = persist(lambda: gateway.start(ours))
                paid, more = persist(lambda: gateway.look_up(taken.evidence.reference))
                order = RefundOrder(uuid4(), ours.payment_id, paid.evidence.reference, EURO)
                sent, still = persist(lambda: gateway.refund(order))
                told, at_last = persist(lambda: gateway.refund(order))
                assert (paid.outcome, told.outcome) == ("captured", "succeeded"), (paid, sent, told)
                return lost + more + still + at_last

            with ThreadPoolExecutor(4) as threads:
                lost = sum(threads.map(pay_and_back, charges))

            moved = Counter((row["kind"], row["status"]) for row in fake.ledger()["transactions"])
            assert lost == 1_000
            assert moved == {("requesttopay", "SUCCESSFUL"): 100, ("refund", "SUCCESSFUL"): 100}
            assert fake.kept() == 0


class TestTokens:
    def test_one_is_enough_for_many_calls_at_once(self, fake: MtnMomoFake, database: Database) -> None:
        gateway, before = gateway_to(fake, database), fake.ledger()["tokens"]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(gateway.start, [charge() for _ in range(24)]))

        assert fake.ledger()["tokens"] == before + 1

    def test_one_that_fails_fails_all_that_wait_for_it(self, fake: MtnMomoFake, database: Database) -> None:
        gateway, begun = gateway_to(fake, database), time.monotonic()
        fake.fail("token", acts=False, status=503, delay_ms=1_000, times=8)

        def start(ours: Charge) -> bool:
            with pytest.raises(GatewayUnavailable):
                gateway.start(ours)
            return True

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(start, [charge() for _ in range(8)]))
        fake.heal()

        assert time.monotonic() - begun < 4
        assert gateway.start(charge()).outcome == "action_required"

    def test_one_that_is_good_no_more_is_replaced(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        gateway.start(charge())
        fake.revoke_tokens()

        assert gateway.start(charge()).outcome == "action_required"
        assert fake.ledger()["tokens"] == 1

    def test_one_is_renewed_before_it_expires(self, fake: MtnMomoFake, database: Database) -> None:
        fake.revoke_tokens(expires_in=1)
        gateway = gateway_to(fake, database)
        gateway.start(charge())
        gateway.start(charge())
        fake.revoke_tokens()

        assert fake.ledger()["tokens"] == 0

    def test_a_wrong_key_fails_no_payment(self, fake: MtnMomoFake, database: Database) -> None:
        settings = settings_for("postgresql://", **{**fake.settings, "mtn_momo_api_key": "another"})
        gateway = MtnMomoGateway.of(settings, database)

        with pytest.raises(GatewayUnavailable, match="no token"):
            gateway.start(charge())


class TestOutcomes:
    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("NOT_ENOUGH_FUNDS", "insufficient_funds"),
            ('{"code": "PAYER_LIMIT_REACHED", "message": "So much is not allowed."}', "payer_limit_reached"),
            ("COULD_NOT_PERFORM_TRANSACTION", "not_performed"),
            ("SOMETHING_NEW", "refused_by_provider"),
            (None, "refused_by_provider"),
        ],
    )
    def test_reasons_are_said_in_our_words(
        self, fake: MtnMomoFake, gateway: MtnMomoGateway, reason: str | None, code: str
    ) -> None:
        fake.tell("256772000001", "FAILED", reason)

        reference = gateway.start(charge("+256772000001")).evidence.reference

        assert gateway.look_up(reference).failure_code == code

    def test_created_is_pending(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        fake.tell("256772000002", "CREATED")

        reference = gateway.start(charge("+256772000002")).evidence.reference

        assert gateway.look_up(reference).outcome == "action_required"

    def test_a_success_may_be_contradicted(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        reference = gateway.start(charge()).evidence.reference
        assert gateway.look_up(reference).outcome == "captured"
        fake.contradict(reference, "FAILED", "INTERNAL_PROCESSING_ERROR")

        assert gateway.look_up(reference).outcome == "failed"

    def test_a_refund_takes_its_time(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        fake.tell("256772000003", "PENDING", kind="refund")
        ours = charge("+256772000003")
        reference = gateway.start(ours).evidence.reference
        order = RefundOrder(uuid4(), ours.payment_id, reference, EURO)
        assert [gateway.refund(order).outcome for _ in range(2)] == ["pending", "pending"]
        assert gateway.totals(reference, "EUR").refunded == Money.zero("EUR")

        fake.answer(fake.asked(ours.payment_id)[1]["reference"])

        assert gateway.refund(order).outcome == "succeeded"

    def test_more_than_was_paid_is_not_sent_back(self, fake: MtnMomoFake, gateway: MtnMomoGateway) -> None:
        ours = charge()
        reference = gateway.start(ours).evidence.reference
        order = RefundOrder(uuid4(), ours.payment_id, reference, EURO * 2)
        gateway.refund(order)

        report = gateway.refund(order)

        assert (report.outcome, report.failure_code) == ("failed", "not_performed")
        assert gateway.totals(reference, "EUR").refunded == Money.zero("EUR")

    def test_nothing_is_sent_back_of_what_was_never_paid(self, gateway: MtnMomoGateway) -> None:
        report = gateway.refund(RefundOrder(uuid4(), uuid4(), str(uuid4()), EURO))

        assert (report.outcome, report.failure_code) == ("failed", "unknown_to_provider")

    def test_nobody_is_paid_at_a_number_without_a_wallet(self, gateway: MtnMomoGateway) -> None:
        order = PayoutOrder(uuid4(), uuid4(), EURO, "46733123455")
        gateway.pay_out(order)

        report = gateway.pay_out(order)

        assert (report.outcome, report.failure_code) == ("failed", "payee_not_found")


class TestCallbacks:
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_one_comes_unsigned_and_is_a_hint(
        self, fake: MtnMomoFake, database: Database, gateway: MtnMomoGateway, method: str
    ) -> None:
        fake.call_back(method=method)
        with Listener().open() as listener:
            calling_back = gateway_to(fake, database, public_url=listener.url)
            ours = charge()
            calling_back.start(ours)
            listener.wait_for(1)

        ((with_, path, headers, body),) = listener.heard
        assert (with_, path) == (method, "/v1/webhooks/mtn-momo")
        hint = gateway.read_webhook(headers, body, NOON)
        assert hint == Hint(sha256(body).hexdigest(), "charge", payment_id=ours.payment_id)

    @pytest.mark.parametrize("times", [0, 2])
    def test_one_may_not_come_or_come_twice(self, fake: MtnMomoFake, database: Database, times: int) -> None:
        first, last = charge(), charge()
        with Listener().open() as listener:
            gateway = gateway_to(fake, database, public_url=listener.url)
            fake.call_back(times=times)
            gateway.start(first)
            listener.wait_for(times)
            fake.call_back()
            gateway.start(last)
            listener.wait_for(times + 1)

        named = [str(gateway.read_webhook(headers, body, NOON).payment_id) for _, _, headers, body in listener.heard]
        assert named == [str(first.payment_id)] * times + [str(last.payment_id)]

    def test_a_payout_s_is_about_the_payout(
        self, fake: MtnMomoFake, database: Database, gateway: MtnMomoGateway
    ) -> None:
        fake.call_back()
        with Listener().open() as listener:
            order = PayoutOrder(uuid4(), uuid4(), EURO, "256772000000")
            gateway_to(fake, database, public_url=listener.url).pay_out(order)
            listener.wait_for(1)

        hint = gateway.read_webhook(listener.heard[0][2], listener.heard[0][3], NOON)
        assert (hint.about, hint.reference) == ("payout", str(order.payout_id))
