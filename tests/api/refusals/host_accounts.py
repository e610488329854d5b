"""Scenes of being paid as a host."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from werkzeug.test import TestResponse

from application import payouts
from application.calls import Call
from application.payment_ports import PayoutReport
from domain.events import Actor
from domain.payments import Evidence
from tests.api.people import book, host, listing, pay, register
from tests.api.refusals import scene
from tests.api.stack import OPERATOR_TOKEN, Client, Stack

_REASON = {"reason": "asked by the bank"}


@scene("payout_destination_not_found")
def nowhere_chosen(stack: Stack) -> TestResponse:
    return host(stack).get("/v1/me/payout-destination")


@scene("hold_not_found")
def lift_what_nobody_placed(stack: Stack) -> TestResponse:
    return Client(stack, OPERATOR_TOKEN).post(f"/v1/operator/hosts/{host(stack).id}/payout-holds/x/lift", _REASON)


@scene("payout_not_found")
def retry_what_nobody_scheduled(stack: Stack) -> TestResponse:
    path = f"/v1/operator/hosts/{host(stack).id}/payouts/01900000-0000-7000-8000-000000000000/retry"
    return Client(stack, OPERATOR_TOKEN).post(path, _REASON)


@scene("payout_not_failed")
def retry_what_is_under_way(stack: Stack) -> TestResponse:
    ada, payout_id = scheduled(stack)
    path = f"/v1/operator/hosts/{ada.id}/payouts/{payout_id}/retry"
    return Client(stack, OPERATOR_TOKEN).post(path, _REASON)


def scheduled(stack: Stack) -> tuple[Client, UUID]:
    """A host, and the payout that is under way to them: 291.00 for three nights at 100.00."""
    ada = host(stack)
    chosen = ada.json("PUT", "/v1/me/payout-destination", {"method": "mobile_money", "phone": "+256772123456"})
    assert chosen.status_code == 200, chosen.text
    check_in = stack.now().date() + timedelta(days=3)
    nights = check_in.isoformat(), (check_in + timedelta(days=3)).isoformat()
    pay(bob := register(stack), book(bob, listing(ada), *nights))
    stack.run_workers()
    # The clock is everybody's: only this command is given after the stay has begun.
    then = replace(call(stack), now=stack.now() + timedelta(days=5))
    (payout_id,) = payouts.schedule(stack.wired.lodger, then, UUID(ada.id))
    return ada, payout_id


def end(stack: Stack, ada: Client, payout_id: UUID, said: PayoutReport | None = None) -> None:
    """What the provider says of it: that it failed, or what is given."""
    failed = PayoutReport("failed", Evidence("sandbox", "po_1", "0" * 64), "account_closed")
    payouts.record(stack.wired.lodger, call(stack), UUID(ada.id), payout_id, said or failed)


def call(stack: Stack) -> Call:
    lodger = stack.wired.lodger
    return Call(Actor("system", "test"), stack.now(), lodger.new_id(), lodger.new_id())
