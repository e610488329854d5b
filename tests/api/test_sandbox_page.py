"""The sandbox's page: a payer, a payer's bank, and everything that goes wrong with them in real life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from infrastructure import reconciliations
from infrastructure.workers.reconciler import Reconciler
from tests.api.people import book, host, listing, register, wait
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

REASON = {"reason": "To practise."}


@dataclass
class Payer:
    """A guest with a payment by card or phone, and its page."""

    guest: Client
    booking: str
    payment: str
    page: str

    def shown(self) -> dict[str, Any]:
        return json_of(self.guest.get(f"/v1/payments/{self.payment}"))

    def status(self) -> str:
        return str(self.shown()["status"])

    def look(self) -> str:
        return self.guest.get(self.page).text

    def press(self, answer: str) -> TestResponse:
        return self.guest.raw("POST", self.page, f"answer={answer}".encode(), "application/x-www-form-urlencoded")


def payer(stack: Stack, method: str = "card") -> Payer:
    bob = register(stack, "bob")
    booking = book(bob, listing(host(stack)))
    body = {"payment_method": method, **({"phone": "+256772123456"} if method == "mobile_money" else {})}
    begun = json_of(bob.wish(f"/v1/bookings/{booking}/payments", body))
    url = begun["next_action"]["url"]
    return Payer(bob, booking, begun["id"], url[url.index("/sandbox/") :])


def captured(stack: Stack) -> Payer:
    paying = payer(stack)
    assert paying.press("approve").status_code == 303
    stack.run_workers()
    assert paying.status() == "paid"
    return paying


@pytest.fixture
def reconcile(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a worker does for payments that were left alone, which here they are at once."""
    monkeypatch.setattr(reconciliations, "LEFT_ALONE", "0 s")

    def one_pass() -> None:
        stack.run_workers()
        Reconciler(stack.wired.lodger, stack.wired.database).run()
        stack.run_workers()

    return one_pass


def test_a_second_step_authorises_nothing_until_it_is_taken(stack: Stack) -> None:
    paying = payer(stack)
    assert paying.press("challenge").status_code == 303
    stack.run_workers()
    assert paying.status() == "pending"
    assert paying.shown()["next_action"]["url"].endswith(paying.page)
    assert "whether it is really you" in paying.look()
    assert paying.press("approve").status_code == 303
    stack.run_workers()
    assert paying.status() == "paid"


def test_a_second_step_may_fail(stack: Stack) -> None:
    paying = payer(stack)
    paying.press("challenge")
    paying.press("decline")
    assert (paying.status(), paying.shown()["failure_code"]) == ("failed", "declined")


def test_a_telephone_has_no_second_step(stack: Stack) -> None:
    paying = payer(stack, "mobile_money")
    assert "second step" not in paying.look()
    paying.press("challenge")
    assert "challenged" not in paying.look()
    assert paying.press("approve").status_code == 303
    assert paying.status() == "paid"


def test_a_late_answer_is_found_by_asking_once_its_time_has_come(stack: Stack, reconcile: Any) -> None:
    paying = payer(stack)
    assert paying.press("later&minutes=5").status_code == 303
    assert "The payer approves at 2031-06-01 12:05:" in paying.look()
    reconcile()
    assert paying.status() == "pending"
    wait(stack, minutes=5)
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE reconciliations SET next_attempt_at = clock_timestamp()")
    reconcile()
    assert paying.status() == "paid"
    assert json_of(paying.guest.get(f"/v1/bookings/{paying.booking}"))["status"] == "confirmed"


def test_an_answer_after_the_hold_takes_no_money_by_card(stack: Stack, reconcile: Any) -> None:
    paying = payer(stack)
    paying.press("later&minutes=20")
    wait(stack, minutes=20)
    reconcile()
    assert paying.status() == "failed"


@pytest.mark.parametrize("minutes", ["", "0", "-1", "1.5", "10000", "soon", "%D9%A1"])
def test_a_time_that_is_none_is_refused(shared: Stack, minutes: str) -> None:
    assert payer(shared).press(f"later&minutes={minutes}").status_code == 422


def test_refunds_fail_until_they_are_let_succeed_again(stack: Stack) -> None:
    paying, operator = captured(stack), Client(stack, OPERATOR_TOKEN)
    assert "Refunds of this payment succeed." in paying.look()
    paying.press("refuse_refunds")
    assert "Refunds of this payment fail." in paying.look()
    assert paying.guest.post(f"/v1/bookings/{paying.booking}/cancel").status_code == 200
    stack.run_workers()
    (refund,) = paying.shown()["refunds"]
    assert (refund["status"], refund["failure_code"]) == ("failed", "account_closed")
    again = f"/v1/operator/payments/{paying.payment}/refunds/{refund['id']}/retry"
    paying.press("allow_refunds")
    assert operator.post(again, REASON).status_code == 200
    stack.run_workers()
    assert (paying.status(), [each["status"] for each in paying.shown()["refunds"]]) == (
        "refunded",
        ["failed", "succeeded"],
    )
    assert stack.count("SELECT sum(minor) FROM sandbox_refunds") == 33_600


def test_a_payment_that_is_denied_is_a_contradiction_for_operators_and_still_paid(stack: Stack) -> None:
    paying, operator = captured(stack), Client(stack, OPERATOR_TOKEN)
    paying.press("deny")
    assert "says that this payment failed" in paying.look()
    stack.run_workers()
    (item,) = json_of(operator.get("/v1/operator/payments"))["items"]
    assert (item["needs"], item["subject"], item["payment"]) == (
        "contradiction",
        "lost_after_capture",
        paying.payment,
    )
    assert paying.status() == "paid"
    assert stack.count("SELECT count(*) FROM sandbox_charges WHERE status = 'captured'") == 1


def test_what_is_answered_takes_no_other_answer(stack: Stack) -> None:
    paying = payer(stack)
    paying.press("decline")
    for answer in ("approve", "challenge", "later&minutes=1", "deny", "refuse_refunds"):
        assert paying.press(answer).status_code == 303
    assert paying.status() == "failed"
    assert "<form" not in paying.look()
