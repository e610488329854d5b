"""Bookings over HTTP from request to no-show: who may do what, what is shown then, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.people import CHECK_IN, CHECK_OUT, book, host, listing, pay, register, stay, wait
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of, running

pytestmark = pytest.mark.slow

ON_REQUEST = {"booking_mode": "request"}
LONGER = {"check_in": CHECK_IN, "check_out": "2031-06-16", "guests": 2}
"""Four nights at 100.00 and 12% of it: 448.00, of which 336.00 is paid."""
SHORTER = {"check_in": CHECK_IN, "check_out": "2031-06-14", "guests": 2}


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def confirmed(stack: Stack, guest: Client, property_id: str) -> str:
    """The id of a paid booking."""
    booking_id = book(guest, property_id)
    pay(guest, booking_id)
    stack.run_workers()
    return booking_id


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}"), answer.text
    return json_of(answer)


def shown(client: Client, booking_id: str) -> dict[str, Any]:
    return json_of(client.get(f"/v1/bookings/{booking_id}"))


# --- on request -----------------------------------------------------------------------------------------------


def test_hosts_choose_whether_they_are_asked_and_everybody_sees_it(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    path = f"/v1/properties/{property_id}"
    before = shared.anybody().get(path)
    assert json_of(before)["house_rules"]["booking_mode"] == "instant"

    changed = ada.patch(path, {"house_rules": ON_REQUEST}, If_Match=before.headers["ETag"])

    assert changed.status_code == 200
    rules = json_of(shared.anybody().get(path))["house_rules"]
    assert (rules["booking_mode"], rules["cancellation_policy"]) == ("request", "flexible")
    other = ada.patch(path, {"house_rules": {"booking_mode": "never"}}, If_Match=changed.headers["ETag"])
    assert json_of(other)["errors"] == {"house_rules": {"booking_mode": ["Must be one of: instant, request."]}}


def test_a_request_waits_24_hours_for_its_host_and_once_accepted_15_minutes_for_its_guest(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada, house_rules=ON_REQUEST)

    asked = bob.wish("/v1/bookings", stay(property_id))

    assert asked.status_code == 201
    booking = json_of(asked)
    assert (booking["status"], booking["pending_reason"]) == ("pending", "host_approval")
    assert datetime.fromisoformat(booking["expires_at"]) - shared.now() > timedelta(hours=23, minutes=59)
    assert booking["available_actions"] == ["cancel"]
    assert shown(ada, booking["id"])["available_actions"] == ["accept", "decline"]
    quote = json_of(shared.anybody().post("/v1/quotes", stay(property_id)))
    assert quote["available"] is True  # a request takes no nights
    actions = refused(
        bob.wish(f"/v1/bookings/{booking['id']}/payments", {"payment_method": "card"}), 409, "booking-not-payable"
    )
    assert (actions["guest_actions"], actions["host_actions"]) == (["cancel"], ["accept", "decline"])

    accepted = ada.post(f"/v1/bookings/{booking['id']}/accept")

    held = json_of(accepted)
    assert (held["status"], held["pending_reason"], held["available_actions"]) == ("pending", "payment", ["cancel"])
    left = datetime.fromisoformat(held["expires_at"]) - shared.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert shown(bob, booking["id"])["available_actions"] == ["pay", "cancel"]
    pay(bob, booking["id"])
    shared.run_workers()
    assert shown(bob, booking["id"])["status"] == "confirmed"
    history = json_of(bob.get(f"/v1/bookings/{booking['id']}/history"))["events"]
    assert [each["type"] for each in history][:3] == ["BookingRequested", "BookingAccepted", "BookingHeld"]


def test_a_declined_request_is_over(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada, house_rules=ON_REQUEST))

    declined = ada.post(f"/v1/bookings/{booking_id}/decline", {"reason": "The room is being painted."})

    assert declined.status_code == 200
    assert (json_of(declined)["status"], json_of(declined)["pending_reason"]) == ("declined", None)
    for client in (ada, bob):
        assert shown(client, booking_id)["available_actions"] == []
    refused(ada.post(f"/v1/bookings/{booking_id}/accept"), 409, "booking-not-acceptable")


def test_a_host_who_does_not_answer_in_time_cannot_answer_any_more(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking_id = book(bob, listing(ada, house_rules=ON_REQUEST))

    wait(stack, minutes=24 * 60)

    for client in (ada, bob):
        assert shown(client, booking_id)["available_actions"] == []
    late = refused(ada.post(f"/v1/bookings/{booking_id}/accept"), 409, "booking-not-acceptable")
    assert (late["booking_status"], late["host_actions"], late["guest_actions"]) == ("pending", [], [])
    refused(ada.post(f"/v1/bookings/{booking_id}/decline"), 409, "booking-not-declinable")


# --- alterations ----------------------------------------------------------------------------------------------


def test_another_stay_that_costs_more_is_shown_held_and_paid(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada)
    booking_id = confirmed(shared, bob, property_id)
    path = f"/v1/bookings/{booking_id}"
    query = "&".join(f"{name}={value}" for name, value in LONGER.items())

    offer = json_of(bob.get(f"{path}/alteration-preview?{query}"))

    assert (offer["total_price"], offer["due"], offer["refund"]) == (usd("448.00"), usd("112.00"), usd("0.00"))
    assert [line["kind"] for line in offer["lines"]] == ["night"] * 4 + ["service_fee"]
    assert shown(bob, booking_id)["alteration"] is None

    altered = bob.post(f"{path}/alter", LONGER)

    assert altered.status_code == 200
    booking = json_of(altered)
    assert (booking["status"], booking["pending_reason"], booking["expires_at"]) == ("confirmed", None, None)
    assert (booking["check_out"], booking["total_price"]) == (CHECK_OUT, usd("336.00"))
    expires_at = booking["alteration"].pop("expires_at")
    assert datetime.fromisoformat(expires_at) <= shared.now() + timedelta(minutes=15)
    assert booking["alteration"] == {**LONGER, "total_price": usd("448.00"), "due": usd("112.00")}
    assert booking["available_actions"] == ["pay", "cancel"]
    assert shown(ada, booking_id)["available_actions"] == ["cancel"]
    refused(register(shared).wish("/v1/bookings", stay(property_id, "2031-06-15", "2031-06-16")), 409, "nights-taken")
    started = json_of(bob.get(f"/v1/payments/{pay(bob, booking_id)}"))
    assert started["amount"] == usd("112.00")
    shared.run_workers()

    paid = shown(bob, booking_id)
    assert (paid["check_out"], paid["nights"], paid["total_price"]) == ("2031-06-16", 4, usd("448.00"))
    assert (paid["alteration"], paid["available_actions"]) == (None, ["cancel", "alter"])


def test_another_stay_that_costs_less_is_had_at_once_and_its_nights_are_free(shared: Stack) -> None:
    bob = register(shared, "bob")
    property_id = listing(host(shared))
    booking_id = confirmed(shared, bob, property_id)

    altered = json_of(bob.post(f"/v1/bookings/{booking_id}/alter", SHORTER))

    assert (altered["nights"], altered["total_price"], altered["alteration"]) == (2, usd("224.00"), None)
    book(register(shared), property_id, "2031-06-14", "2031-06-16")
    shared.run_workers()
    (payment,) = json_of(bob.get(f"/v1/bookings/{booking_id}/payments"))["payments"]
    assert (payment["status"], payment["refunded"]) == ("partially_refunded", usd("112.00"))


def test_what_the_policy_does_not_give_back_stays_in_the_price(shared: Stack) -> None:
    bob = register(shared, "bob")
    strict = {"cancellation_policy": "non_refundable"}
    property_id = listing(host(shared), house_rules=strict)
    booking_id = confirmed(shared, bob, property_id)

    altered = json_of(bob.post(f"/v1/bookings/{booking_id}/alter", SHORTER))

    # 300.00 less 10%, and 12%: 302.40 is paid and stays; two nights are 201.60 of it
    assert altered["total_price"] == usd("302.40")
    assert altered["lines"][-1] == {"kind": "forfeited", "amount": usd("100.80"), "night": None, "taxes": None}


@pytest.mark.parametrize(
    ("stay", "status", "code"),
    [
        ({**LONGER, "check_out": CHECK_OUT}, 422, "nothing-altered"),
        ({**LONGER, "check_out": CHECK_IN}, 422, "stay-empty"),
        ({**LONGER, "guests": 5}, 422, "too-many-guests"),
        ({**LONGER, "guests": 0}, 422, "validation-failed"),
        ({"check_out": "2031-06-16"}, 422, "validation-failed"),
        ({**LONGER, "check_in": "2031-05-31"}, 422, "stay-in-past"),
    ],
)
def test_a_stay_that_cannot_be_had_instead_is_refused_alike_by_the_preview_and_by_altering(
    shared: Stack, stay: dict[str, Any], status: int, code: str
) -> None:
    bob = register(shared, "bob")
    path = f"/v1/bookings/{confirmed(shared, bob, listing(host(shared)))}"
    before = shared.count_events()
    query = "&".join(f"{name}={value}" for name, value in stay.items())

    refused(bob.post(f"{path}/alter", stay), status, code)
    refused(bob.get(f"{path}/alteration-preview?{query}"), status, code)

    assert shared.count_events() == before


def test_nights_that_somebody_else_has_are_not_had_instead(shared: Stack) -> None:
    bob = register(shared, "bob")
    property_id = listing(host(shared))
    booking_id = confirmed(shared, bob, property_id)
    book(register(shared), property_id, CHECK_OUT, "2031-06-17")

    refused(bob.post(f"/v1/bookings/{booking_id}/alter", LONGER), 409, "nights-taken")

    assert shown(bob, booking_id)["alteration"] is None


def test_only_what_is_paid_for_is_altered_and_one_alteration_at_a_time(shared: Stack) -> None:
    bob = register(shared, "bob")
    path = f"/v1/bookings/{book(bob, listing(host(shared)))}"
    unpaid = refused(bob.post(f"{path}/alter", LONGER), 409, "booking-not-alterable")
    assert (unpaid["guest_actions"], unpaid["host_actions"]) == (["pay", "cancel"], ["cancel"])
    pay(bob, path.rpartition("/")[2])
    shared.run_workers()
    assert bob.post(f"{path}/alter", LONGER).status_code == 200
    twice = refused(bob.post(f"{path}/alter", SHORTER), 409, "booking-not-alterable")
    assert twice["guest_actions"] == ["pay", "cancel"]


def test_in_the_last_24_hours_a_flexible_stay_is_not_put_off(stack: Stack) -> None:
    bob = register(stack, "bob")
    booking_id = confirmed(stack, bob, listing(host(stack)))
    wait(stack, minutes=10 * 24 * 60 + 8 * 60)  # an hour into the last day
    later = {"check_in": "2031-07-12", "check_out": "2031-07-15", "guests": 2}

    refused(bob.post(f"/v1/bookings/{booking_id}/alter", later), 409, "alteration-too-late")


# --- the end of a stay ----------------------------------------------------------------------------------------


def test_the_host_says_that_the_guest_never_came(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking_id = confirmed(stack, bob, listing(ada))
    path = f"/v1/bookings/{booking_id}/no-show"
    early = refused(ada.post(path), 409, "booking-not-missed")
    assert (early["host_actions"], early["guest_actions"]) == (["cancel"], ["cancel", "alter"])
    wait(stack, minutes=11 * 24 * 60 + 8 * 60)
    assert shown(ada, booking_id)["available_actions"] == ["cancel", "record_no_show"]

    missed = ada.post(path)

    assert (missed.status_code, json_of(missed)["status"]) == (200, "no_show")
    assert json_of(missed)["available_actions"] == []
    refused(bob.post(f"/v1/bookings/{booking_id}/cancel"), 409, "booking-not-cancellable")
    stack.run_workers()
    (payment,) = json_of(bob.get(f"/v1/bookings/{booking_id}/payments"))["payments"]
    assert payment["status"] == "paid"


# --- operators ------------------------------------------------------------------------------------------------


def test_an_operator_gives_everything_back_and_says_why(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking_id = confirmed(stack, bob, listing(ada, house_rules={"cancellation_policy": "non_refundable"}))
    operator = Client(stack, OPERATOR_TOKEN)
    path = f"/v1/operator/bookings/{booking_id}/cancel"

    first = operator.wish(path, {"reason": "The house burnt down."}, "fire")
    again = operator.wish(path, {"reason": "The house burnt down."}, "fire")

    assert first.status_code == 200
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert json_of(first)["status"] == "cancelled"
    assert (json_of(first)["cancellation"]["by"], json_of(first)["cancellation"]["refund"]) == (
        "platform",
        json_of(first)["total_price"],
    )
    refused(operator.wish(path, {"reason": "Again."}), 409, "booking-not-cancellable")
    stack.run_workers()
    (payment,) = json_of(bob.get(f"/v1/bookings/{booking_id}/payments"))["payments"]
    assert payment["status"] == "refunded"
    told = json_of(bob.get(f"/v1/bookings/{booking_id}/history"))["events"]
    (cancelled,) = [each for each in told if each["type"] == "BookingCancelled"]
    assert cancelled["actor"] == "operator"
    reasons = stack.count(
        "SELECT count(*) FROM events WHERE type = 'BookingCancelled'"
        """ AND meta::jsonb->'actor' = '{"kind": "operator", "id": "operator", "reason": "The house burnt down."}'"""
    )
    assert reasons == 1


def test_only_operators_cancel_for_the_platform_and_never_without_a_reason(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    path = f"/v1/operator/bookings/{book(bob, listing(ada))}/cancel"
    operator = Client(shared, OPERATOR_TOKEN)
    for client, status in ((ada, 403), (bob, 403), (shared.anybody(), 401)):
        assert client.wish(path, {"reason": "Mine."}).status_code == status
    for body in ({}, {"reason": ""}, {"reason": None}):
        refused(operator.wish(path, body), 422, "validation-failed")
    nowhere = "/v1/operator/bookings/01900000-0000-7000-8000-000000000000/cancel"
    refused(operator.wish(nowhere, {"reason": "Who?"}), 404, "booking-not-found")


def test_operators_cancel_in_production_too(database_url: str) -> None:
    with running(database_url, LODGER_SANDBOX="false", LODGER_CLOCK="system") as stack:
        nowhere = "/v1/operator/bookings/01900000-0000-7000-8000-000000000000/cancel"
        answer = Client(stack, OPERATOR_TOKEN).wish(nowhere, {"reason": "Who?"})
        refused(answer, 404, "booking-not-found")


# --- who may, and again ---------------------------------------------------------------------------------------

COMMANDS: list[tuple[str, dict[str, Any] | None, str]] = [
    ("accept", None, "host"),
    ("decline", {"reason": "No."}, "host"),
    ("no-show", None, "host"),
    ("alter", LONGER, "guest"),
]


@pytest.mark.parametrize(("command", "body", "side"), COMMANDS, ids=[name for name, _, _ in COMMANDS])
def test_one_side_may_the_other_may_not_and_for_strangers_there_is_no_booking(
    shared: Stack, command: str, body: dict[str, Any] | None, side: str
) -> None:
    ada, bob, eve = host(shared), register(shared, "bob"), register(shared, "eve")
    path = f"/v1/bookings/{book(bob, listing(ada, house_rules=ON_REQUEST))}/{command}"
    before = shared.count_events()

    refused(shared.anybody().post(path, body), 401, "token-required")
    refused(eve.post(path, body), 404, "booking-not-found")
    refused((bob if side == "host" else ada).post(path, body), 403, f"{side}-required")

    assert shared.count_events() == before


def test_only_its_guest_is_told_what_another_stay_would_cost(shared: Stack) -> None:
    ada, bob, eve = host(shared), register(shared, "bob"), register(shared, "eve")
    booking_id = confirmed(shared, bob, listing(ada))
    path = f"/v1/bookings/{booking_id}/alteration-preview?check_in={CHECK_IN}&check_out=2031-06-16&guests=2"
    refused(shared.anybody().get(path), 401, "token-required")
    refused(eve.get(path), 404, "booking-not-found")
    refused(ada.get(path), 403, "guest-required")


def test_what_was_answered_once_is_answered_again_and_happens_once(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    asked = book(bob, listing(ada, house_rules=ON_REQUEST))
    other = book(bob, listing(ada, house_rules=ON_REQUEST))
    paid = confirmed(stack, bob, listing(ada))
    missed = confirmed(stack, bob, listing(ada))
    wishes: list[tuple[Client, str, dict[str, Any] | None]] = [
        (ada, f"/v1/bookings/{asked}/accept", None),
        (ada, f"/v1/bookings/{other}/decline", {"reason": "No."}),
        (bob, f"/v1/bookings/{paid}/alter", LONGER),
        (ada, f"/v1/bookings/{missed}/no-show", None),
    ]
    for client, path, body in wishes:
        if path.endswith("no-show"):
            wait(stack, minutes=11 * 24 * 60 + 8 * 60)
        first = client.wish(path, body, "once")
        events = stack.count_events()
        again = client.wish(path, body, "once")
        assert (first.status_code, again.status_code) == (200, 200), first.text
        assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
        assert stack.count_events() == events
