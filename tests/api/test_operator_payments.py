"""What operators see of payments and do about them, over HTTP, in production too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from application import settlement
from application.calls import Call
from domain.events import Actor
from infrastructure.bootstrap import wire
from tests.api.people import book, host, listing, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of, over, settings
from tests.support.scripted_gateway import ScriptedGateway

REASON = {"reason": "The guest has called."}


@pytest.fixture
def provider() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def stack(database_url: str, provider: ScriptedGateway) -> Iterator[Stack]:
    """An API whose payments a provider in the test's hands takes."""
    wired = wire(settings(database_url), wake=lambda: None)
    yield over(replace(wired, lodger=provider.serve(wired.lodger)))
    wired.database.close()


@pytest.fixture
def operator(stack: Stack) -> Client:
    return Client(stack, OPERATOR_TOKEN)


def started(stack: Stack) -> tuple[Client, str, str]:
    """A guest, the booking, and its payment."""
    bob = register(stack, "bob")
    booking_id = book(bob, listing(host(stack)))
    answer = bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})
    assert answer.status_code == 201, answer.text
    return bob, booking_id, json_of(answer)["id"]


def captured(stack: Stack, provider: ScriptedGateway) -> tuple[Client, str, str]:
    bob, booking_id, payment_id = started(stack)
    provider.approve(UUID(payment_id))
    hint(stack, payment_id)
    assert json_of(bob.get(f"/v1/payments/{payment_id}"))["status"] == "paid"
    return bob, booking_id, payment_id


def hint(stack: Stack, payment_id: str) -> None:
    """A webhook came about a payment; then the workers do what follows."""
    lodger = stack.wired.lodger
    call = Call(Actor("webhook", "scripted"), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    settlement.look(lodger, call, UUID(payment_id))
    stack.run_workers()


def refund_failed(stack: Stack, provider: ScriptedGateway) -> tuple[Client, str, str]:
    """A guest, a payment, and its refund that the provider could not make."""
    bob, booking_id, payment_id = captured(stack, provider)
    provider.refunds_wait = True
    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    stack.run_workers()
    provider.finish_refunds("failed")
    operator = Client(stack, OPERATOR_TOKEN)
    assert operator.post(f"/v1/operator/payments/{payment_id}/ask", REASON).status_code == 200
    stack.run_workers()
    (refund,) = json_of(bob.get(f"/v1/payments/{payment_id}"))["refunds"]
    assert (refund["status"], refund["amount"]["amount"]) == ("failed", "336.00")
    return bob, payment_id, refund["id"]


def waiting(operator: Client, query: str = "") -> list[dict[str, Any]]:
    answer = operator.get(f"/v1/operator/payments{query}")
    assert answer.status_code == 200, answer.text
    return list(json_of(answer)["items"])


def last_actor(stack: Stack) -> str:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT meta::json ->> 'actor' FROM events ORDER BY position DESC LIMIT 1")
        ((actor,),) = cursor.fetchall()
    return str(actor)


def test_a_contradiction_is_listed_with_what_was_said_and_dismissed_with_a_reason(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    _, booking_id, payment_id = captured(stack, provider)
    provider.says(UUID(payment_id), "failed")
    hint(stack, payment_id)
    (item,) = waiting(operator)
    assert item.pop("since")
    assert item == {
        "needs": "contradiction",
        "subject": "lost_after_capture",
        "concerns": None,
        "said": "failed",
        "actions": ["resolve", "ask"],
        "asked_again": 0,
        "error": None,
        "payment": payment_id,
        "booking": booking_id,
        "amount": {"amount": "336.00", "currency": "USD"},
        "payment_method": "card",
        "provider": "scripted",
        "reference": provider.charge_of(UUID(payment_id)).reference,
    }
    path = f"/v1/operator/payments/{payment_id}/contradictions/lost_after_capture/resolve"
    body = {"resolution": "dismissed", "reason": "Their mistake: they have called."}
    first = operator.post(path, body, Idempotency_Key="k")
    assert first.status_code == 200, first.text
    assert json_of(first)["contradictions"] == [{"contradiction": "lost_after_capture", "resolved": True}]
    assert "Their mistake: they have called." in last_actor(stack)
    assert '"operator"' in last_actor(stack)
    again = operator.post(path, body, Idempotency_Key="k")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (first.text, "true")
    stack.run_workers()
    assert waiting(operator) == []
    hint(stack, payment_id)
    assert waiting(operator) == []


def test_resolving_by_a_refund_sends_back_what_is_left(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    bob, _, payment_id = captured(stack, provider)
    provider.says(UUID(payment_id), "failed")
    hint(stack, payment_id)
    provider.says(UUID(payment_id), "captured")
    path = f"/v1/operator/payments/{payment_id}/contradictions/lost_after_capture/resolve"
    answer = operator.post(path, {"resolution": "refunded", "reason": "They lost it."})
    assert answer.status_code == 200, answer.text
    stack.run_workers()
    shown = json_of(bob.get(f"/v1/payments/{payment_id}"))
    assert (shown["status"], [refund["status"] for refund in shown["refunds"]]) == ("refunded", ["succeeded"])
    assert provider.kept() == 0


def test_nothing_is_sent_back_of_what_was_not_captured(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    _, _, payment_id = started(stack)
    charge = provider.charge_of(UUID(payment_id))
    provider.says(UUID(payment_id), "captured", charge.amount * 2)
    hint(stack, payment_id)
    (item,) = waiting(operator, "?needs=contradiction")
    assert (item["subject"], item["concerns"]) == ("amount_differs", {"amount": "672.00", "currency": "USD"})
    path = f"/v1/operator/payments/{payment_id}/contradictions/amount_differs/resolve"
    refused = operator.post(path, {"resolution": "refunded", "reason": "Too much."})
    assert (refused.status_code, json_of(refused)["type"]) == (409, "/problems/payment-not-captured")


def test_a_refund_that_failed_is_listed_and_tried_again_once(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    bob, payment_id, refund_id = refund_failed(stack, provider)
    (item,) = waiting(operator)
    assert (item["needs"], item["subject"], item["actions"]) == ("refund_failed", refund_id, ["retry", "ask"])
    assert item["concerns"] == {"amount": "336.00", "currency": "USD"}
    for _ in range(3):  # with keys of their own, as if three operators had the same idea
        path = f"/v1/operator/payments/{payment_id}/refunds/{refund_id}/retry"
        assert operator.wish(path, REASON).status_code == 200
        stack.run_workers()
    assert waiting(operator) == []
    shown = json_of(bob.get(f"/v1/payments/{payment_id}"))
    assert [refund["status"] for refund in shown["refunds"]] == ["failed", "succeeded"]
    assert (shown["status"], provider.kept()) == ("refunded", 0)


def test_a_dispute_is_listed_until_it_is_decided_and_shown_as_the_payments_status(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    bob, _, payment_id = captured(stack, provider)
    provider.dispute(UUID(payment_id))
    lodger = stack.wired.lodger
    call = Call(Actor("webhook", "scripted"), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    settlement.record_dispute(lodger, call, UUID(payment_id), provider.look_up_dispute("dp_1")[1])
    stack.run_workers()
    assert json_of(bob.get(f"/v1/payments/{payment_id}"))["status"] == "disputed"
    (item,) = waiting(operator)
    assert (item["needs"], item["subject"], item["actions"]) == ("disputed", "dp_1", ["ask"])
    provider.dispute(UUID(payment_id), outcome="won")
    asked = json_of(operator.post(f"/v1/operator/payments/{payment_id}/ask", REASON))
    assert (asked["status"], [dispute["status"] for dispute in asked["disputes"]]) == ("paid", ["won"])
    assert "The guest has called." in last_actor(stack)
    stack.run_workers()
    assert waiting(operator) == []


def test_asking_carries_out_what_is_under_way_and_is_answered_once(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    _, _, payment_id = started(stack)
    provider.approve(UUID(payment_id))
    path = f"/v1/operator/payments/{payment_id}/ask"
    first = operator.post(path, REASON, Idempotency_Key="k")
    assert (json_of(first)["stage"], json_of(first)["status"]) == ("captured", "paid")
    assert json_of(first)["payment_date"] is not None
    asked = provider.asked.total()
    again = operator.post(path, REASON, Idempotency_Key="k")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (first.text, "true")
    assert provider.asked.total() == asked


def test_a_provider_that_is_away_is_said_to_be_and_nothing_is_kept(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    _, _, payment_id = started(stack)
    provider.away = True
    path = f"/v1/operator/payments/{payment_id}/ask"
    away = operator.post(path, REASON, Idempotency_Key="k")
    assert (away.status_code, json_of(away)["type"]) == (503, "/problems/provider-unavailable")
    provider.away = False
    assert operator.post(path, REASON, Idempotency_Key="k").status_code == 200


def test_pages_are_read_by_their_cursor(stack: Stack, provider: ScriptedGateway, operator: Client) -> None:
    mine = []
    for _ in range(3):
        _, _, payment_id = captured(stack, provider)
        provider.says(UUID(payment_id), "voided")
        hint(stack, payment_id)
        mine.append(payment_id)
    first = json_of(operator.get("/v1/operator/payments?needs=contradiction&limit=2"))
    cursor = first["next_cursor"]
    second = json_of(operator.get(f"/v1/operator/payments?needs=contradiction&limit=2&cursor={cursor}"))
    assert [item["payment"] for item in first["items"] + second["items"]] == mine
    assert second["next_cursor"] is None
    foreign = operator.get(f"/v1/operator/payments?needs=disputed&cursor={cursor}")
    assert json_of(foreign)["type"] == "/problems/cursor-invalid"


def test_what_providers_sent_about_payments_of_nobody_is_listed(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    lodger = stack.wired.lodger
    for number in (1, 2, 3):
        delivery = provider.webhook(f"evt_{number}", reference=f"ch_{number}")
        lodger.provider_webhooks.store(
            "scripted", provider.read_webhook(delivery.headers, delivery.body, datetime.now(UTC)), delivery.body
        )
        webhook = lodger.provider_webhooks.take_due()
        assert webhook is not None
        lodger.provider_webhooks.settle(webhook.webhook_id, "unknown_payment")
    first = json_of(operator.get("/v1/operator/unknown-webhooks?limit=2"))
    second = json_of(operator.get(f"/v1/operator/unknown-webhooks?limit=2&cursor={first['next_cursor']}"))
    shown = [(each["event"], each["reference"], each["provider"]) for each in first["webhooks"] + second["webhooks"]]
    assert shown == [(f"evt_{number}", f"ch_{number}", "scripted") for number in (3, 2, 1)]


ASKED: list[Callable[[Client, str], Any]] = [
    lambda client, _: client.get("/v1/operator/payments"),
    lambda client, _: client.get("/v1/operator/unknown-webhooks"),
    lambda client, payment_id: client.get(f"/v1/operator/payments/{payment_id}"),
    lambda client, payment_id: client.post(f"/v1/operator/payments/{payment_id}/ask", REASON),
    lambda client, payment_id: client.post(f"/v1/operator/payments/{payment_id}/refunds/{uuid4()}/retry", REASON),
    lambda client, payment_id: client.post(
        f"/v1/operator/payments/{payment_id}/contradictions/amount_differs/resolve",
        {"resolution": "dismissed", **REASON},
    ),
]


@pytest.mark.parametrize("ask", ASKED)
def test_only_operators_may(stack: Stack, ask: Callable[[Client, str], Any]) -> None:
    bob, _, payment_id = started(stack)
    assert ask(bob, payment_id).status_code == 403
    assert ask(stack.anybody(), payment_id).status_code == 401


@pytest.mark.parametrize("ask", ASKED[2:])
def test_there_is_no_such_payment(operator: Client, ask: Callable[[Client, str], Any]) -> None:
    answer = ask(operator, str(uuid4()))
    assert (answer.status_code, json_of(answer)["type"]) == (404, "/problems/payment-not-found")


def test_a_command_wants_its_reason(stack: Stack, operator: Client) -> None:
    _, _, payment_id = started(stack)
    for path in ("ask", f"refunds/{uuid4()}/retry", "contradictions/amount_differs/resolve"):
        for body in ({}, {"reason": ""}, {"reason": None}):
            refused = operator.post(f"/v1/operator/payments/{payment_id}/{path}", body)
            assert (refused.status_code, json_of(refused)["type"]) == (422, "/problems/validation-failed")
    made_up = operator.post(
        f"/v1/operator/payments/{payment_id}/contradictions/made_up/resolve", {"resolution": "dismissed", **REASON}
    )
    assert (made_up.status_code, json_of(made_up)["type"]) == (409, "/problems/contradiction-not-open")


# What the payer's client confirms with.


def test_a_client_secret_is_shown_to_the_guest_alone_and_kept_nowhere_but_beside_the_payment(
    stack: Stack, provider: ScriptedGateway, operator: Client
) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking_id = book(bob, listing(ada))
    begun = bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})
    assert json_of(begun)["next_action"] == {"kind": "confirm_with_provider", "url": None, "client_secret": None}
    path = f"/v1/payments/{json_of(begun)['id']}"
    secret = f"{provider.charge_of(UUID(json_of(begun)['id'])).reference}_secret"
    assert json_of(bob.get(path))["next_action"] == {
        "kind": "confirm_with_provider",
        "url": None,
        "client_secret": secret,
    }
    stack.run_workers()
    for shown in (
        *(ada.get(path), bob.get(f"/v1/bookings/{booking_id}/payments"), bob.get("/v1/changes")),
        *(operator.get(f"/v1/operator/{path.removeprefix('/v1/')}"), operator.get("/v1/operator/payments")),
    ):
        assert shown.status_code == 200
        assert secret not in shown.text
    for table in ("events", "answers", "payments", "payment_needs"):
        assert stack.count(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{secret}%'") == 0
    provider.approve(UUID(json_of(begun)["id"]))
    hint(stack, json_of(begun)["id"])
    assert secret not in bob.get(path).text
