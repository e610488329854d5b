"""One stay, from registering to its history."""

from __future__ import annotations

from tests.api.people import CHECK_IN, CHECK_OUT, PASSWORD, book, host, listing, pay, register, stay
from tests.api.stack import Stack, json_of


def test_a_stay_goes_from_registration_to_a_confirmed_booking_whose_history_tells_it(stack: Stack) -> None:
    ada = host(stack)
    property_id = listing(ada)
    stack.run_workers()
    bob = register(stack, "bob")

    found = json_of(bob.get(f"/v1/properties?city=catskill&check_in={CHECK_IN}&check_out={CHECK_OUT}&guests=2"))
    assert [each["id"] for each in found["properties"]] == [property_id]

    quote = json_of(bob.post("/v1/quotes", stay(property_id)))
    # three nights at 100.00, and 12% of it for the service
    assert quote["total_price"] == {"amount": "336.00", "currency": "USD"}
    assert [line["kind"] for line in quote["lines"]] == ["night", "night", "night", "service_fee"]
    assert quote["available"] is True

    booked = bob.wish("/v1/bookings", {**stay(property_id), "quote": quote["quote"]})
    assert booked.status_code == 201
    booking = json_of(booked)
    assert (booking["status"], booking["pending_reason"]) == ("pending", "payment")
    assert booking["total_price"] == {"amount": "336.00", "currency": "USD"}
    assert booking["available_actions"] == ["pay", "cancel"]
    assert booked.headers["Location"] == f"/v1/bookings/{booking['id']}"

    payment_id = pay(bob, booking["id"])
    stack.run_workers()

    confirmed = json_of(bob.get(f"/v1/bookings/{booking['id']}"))
    assert (confirmed["status"], confirmed["pending_reason"], confirmed["expires_at"]) == ("confirmed", None, None)
    payment = json_of(bob.get(f"/v1/payments/{payment_id}"))
    assert payment["status"] == "paid"
    assert payment["payment_date"].startswith("2031-06-01T12:")
    history = json_of(bob.get(f"/v1/bookings/{booking['id']}/history"))
    assert [event["type"] for event in history["events"]] == [
        "BookingHeld",
        "PaymentStarted",
        "PaymentActionRequired",
        "PaymentAuthorized",
        "PaymentCaptureStarted",
        "PaymentCaptured",
        "BookingConfirmed",
    ]
    positions = [event["position"] for event in history["events"]]
    assert positions == sorted(positions)
    assert [event["actor"] for event in history["events"]][:2] == ["user", "user"]


def test_cancelling_a_confirmed_booking_gives_the_money_and_the_nights_back(stack: Stack) -> None:
    property_id = listing(host(stack))
    bob = register(stack, "bob")
    booking_id = book(bob, property_id)
    payment_id = pay(bob, booking_id)
    stack.run_workers()

    cancelled = bob.wish(f"/v1/bookings/{booking_id}/cancel", {"reason": "the flu"})

    assert cancelled.status_code == 200
    assert json_of(cancelled)["status"] == "cancelled"
    # flexible, and check-in is eleven days away: everything comes back
    assert json_of(cancelled)["cancellation"]["refund"] == {"amount": "336.00", "currency": "USD"}
    stack.run_workers()
    payment = json_of(bob.get(f"/v1/payments/{payment_id}"))
    assert (payment["status"], payment["refunded"]["amount"]) == ("refunded", "336.00")
    book(register(stack, "eve"), property_id)


def test_a_declined_card_may_be_followed_by_another_payment(stack: Stack) -> None:
    property_id = listing(host(stack))
    bob = register(stack, "bob")
    booking_id = book(bob, property_id)
    pay(bob, booking_id, "decline")

    pay(bob, booking_id)
    stack.run_workers()

    tried = json_of(bob.get(f"/v1/bookings/{booking_id}/payments"))
    assert [(each["attempt"], each["status"]) for each in tried["payments"]] == [(1, "failed"), (2, "paid")]
    assert tried["payments"][0]["failure_code"] == "declined"


def test_mobile_money_is_paid_by_answering_the_push(stack: Stack) -> None:
    property_id = listing(host(stack), price_per_night={"amount": "250000", "currency": "UGX"})
    bob = register(stack, "bob")
    booking_id = book(bob, property_id)

    started = bob.wish(
        f"/v1/bookings/{booking_id}/payments", {"payment_method": "mobile_money", "phone": "+256772123456"}
    )

    assert started.status_code == 201
    assert json_of(started)["amount"] == {"amount": "840000", "currency": "UGX"}
    assert json_of(started)["next_action"]["kind"] == "approve_on_phone"
    page = json_of(started)["next_action"]["url"]
    bob.raw("POST", page[page.index("/sandbox") :], b"answer=approve", "application/x-www-form-urlencoded")
    stack.run_workers()
    booking = json_of(bob.get(f"/v1/bookings/{booking_id}"))
    assert booking["status"] == "confirmed"


def test_hosts_and_guests_list_their_bookings_and_hosts_their_drafts(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id)
    ada.post("/v1/properties", {"title": "Only a draft"})
    stack.run_workers()

    for client, role, actions in ((bob, "guest", ["pay", "cancel"]), (ada, "host", ["cancel"])):
        listed = json_of(client.get(f"/v1/bookings?as={role}"))
        assert [(each["id"], each["available_actions"]) for each in listed["bookings"]] == [(booking_id, actions)]
    assert ada.get("/v1/bookings?as=guest").json == {"bookings": [], "next_cursor": None}
    own = json_of(ada.get("/v1/users/me/properties"))
    assert [(each["title"], each["status"]) for each in own["properties"]] == [
        ("Only a draft", "draft"),
        ("Cabin by the creek", "published"),
    ]


def test_logging_in_needs_the_password_and_tells_nothing_else(stack: Stack) -> None:
    bob = register(stack, "bob")

    wrong = stack.anybody().post("/v1/auth/tokens", {"email": bob.user["email"], "password": "not it at all"})
    unknown = stack.anybody().post("/v1/auth/tokens", {"email": "nobody@example.org", "password": PASSWORD})

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert {**json_of(wrong), "instance": ""} == {**json_of(unknown), "instance": ""}
