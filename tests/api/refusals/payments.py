"""Scenes of operators who see to payments."""

from __future__ import annotations

from uuid import uuid4

from werkzeug.test import TestResponse

from tests.api.people import answer_page, book, host, listing, pay, register
from tests.api.refusals import scene
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of


def captured(stack: Stack) -> tuple[Client, str, str]:
    """A guest, the booking, and the payment that has confirmed it."""
    bob = register(stack)
    booking_id = book(bob, listing(host(stack)))
    payment_id = pay(bob, booking_id)
    stack.run_workers()
    return bob, booking_id, payment_id


def operate(stack: Stack, payment_id: str, command: str, **body: str) -> TestResponse:
    path = f"/v1/operator/payments/{payment_id}/{command}"
    return Client(stack, OPERATOR_TOKEN).post(path, {"reason": "The guest has called.", **body})


@scene("refund_not_found")
def retry_no_refund(stack: Stack) -> TestResponse:
    _, _, payment_id = captured(stack)
    return operate(stack, payment_id, f"refunds/{uuid4()}/retry")


@scene("refund_not_failed")
def retry_what_succeeded(stack: Stack) -> TestResponse:
    bob, booking_id, payment_id = captured(stack)
    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    stack.run_workers()
    (refund,) = json_of(bob.get(f"/v1/payments/{payment_id}"))["refunds"]
    answer = operate(stack, payment_id, f"refunds/{refund['id']}/retry")
    assert json_of(answer)["outcome"] == "succeeded"
    return answer


@scene("contradiction_not_open")
def resolve_no_contradiction(stack: Stack) -> TestResponse:
    _, _, payment_id = captured(stack)
    return operate(stack, payment_id, "contradictions/amount_differs/resolve", resolution="dismissed")


@scene("refund_exceeds_capture")
def retry_what_went_back_otherwise(stack: Stack) -> TestResponse:
    """The refund fails, and then everything is sent back for a contradiction's sake."""
    bob, booking_id, payment_id = captured(stack)
    answer_page(bob, payment_id, "refuse_refunds")
    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    stack.run_workers()
    (refund,) = json_of(bob.get(f"/v1/payments/{payment_id}"))["refunds"]
    answer_page(bob, payment_id, "allow_refunds")
    answer_page(bob, payment_id, "deny")
    resolve = "contradictions/lost_after_capture/resolve"
    assert operate(stack, payment_id, resolve, resolution="refunded").status_code == 200
    return operate(stack, payment_id, f"refunds/{refund['id']}/retry")
