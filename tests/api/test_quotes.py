"""Quotes: explained to the night and the fee, signed, and kept."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.api.people import host, listing, pay, register, stay, wait
from tests.api.stack import Client, Stack, json_of


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


PRICES: dict[str, Any] = {
    "weekend_price": usd("120.00"),
    "overrides": [{"from": "2031-06-15", "until": "2031-06-17", "price_per_night": usd("90.00")}],
    "weekly_discount_percent": 10,
    "cleaning_fee": usd("30.00"),
    "extra_guest_fee": usd("15.00"),
    "guests_included": 2,
    "tax_basis_points": 875,
}


def change(client: Client, property_id: str, body: dict[str, Any]) -> None:
    path = f"/v1/properties/{property_id}"
    changed = client.patch(path, body, If_Match=client.get(path).headers["ETag"])
    assert changed.status_code == 200, changed.text


def test_a_quote_is_itemised_per_night_and_per_fee(shared: Stack) -> None:
    property_id = listing(host(shared), pricing=PRICES, house_rules={"cancellation_policy": "non_refundable"})

    quote = json_of(shared.anybody().post("/v1/quotes", stay(property_id, "2031-06-12", "2031-06-19", guests=3)))

    # Thursday 100; Friday and Saturday 120 each; Sunday and Monday 90 each; Tuesday and Wednesday 100 each: 720.00.
    # A week's 10%: 72.00, leaves 648.00; 10% of that for no refund: 64.80, leaves 583.20.
    # The third guest: 7 × 15.00 = 105.00. Cleaning 30.00. Service 12% of 718.20 = 86.184 → 86.18.
    # Tax 8.75%: 583.20 → 51.03; 105.00 → 9.1875 → 9.19; 30.00 → 2.625 → 2.62.
    assert [(line["kind"], line["night"], line["taxes"], line["amount"]["amount"]) for line in quote["lines"]] == [
        ("night", "2031-06-12", None, "100.00"),
        ("night", "2031-06-13", None, "120.00"),
        ("night", "2031-06-14", None, "120.00"),
        ("night", "2031-06-15", None, "90.00"),
        ("night", "2031-06-16", None, "90.00"),
        ("night", "2031-06-17", None, "100.00"),
        ("night", "2031-06-18", None, "100.00"),
        ("weekly_discount", None, None, "-72.00"),
        ("non_refundable_discount", None, None, "-64.80"),
        ("extra_guests", None, None, "105.00"),
        ("cleaning_fee", None, None, "30.00"),
        ("service_fee", None, None, "86.18"),
        ("occupancy_tax", None, "nights", "51.03"),
        ("occupancy_tax", None, "extra_guests", "9.19"),
        ("occupancy_tax", None, "cleaning", "2.62"),
    ]
    assert quote["total_price"] == usd("867.22")  # 718.20 + 86.18 + 51.03 + 9.19 + 2.62
    assert quote["cancellation_policy"] == "non_refundable"


def test_a_quote_is_honoured_with_its_price_and_its_policy_though_the_host_changed_both(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    quote = json_of(bob.post("/v1/quotes", stay(property_id)))
    changes = {"cancellation_policy": "non_refundable", "check_in_time": "18:00"}
    change(ada, property_id, {"price_per_night": usd("500.00"), "house_rules": changes})
    wait(stack, minutes=29)

    booking = json_of(bob.wish("/v1/bookings", {**stay(property_id), "quote": quote["quote"]}))

    assert (booking["total_price"], booking["cancellation_policy"]) == (usd("336.00"), "flexible")
    pay(bob, booking["id"])
    stack.run_workers()
    preview = json_of(bob.get(f"/v1/bookings/{booking['id']}/cancellation-preview"))
    assert (preview["refund"], preview["cancellation_policy"]) == (usd("336.00"), "flexible")
    # Check-in was at 15:00 in New York when it was quoted; 24 hours before, everything still comes back.
    assert preview["deadlines"][0]["until"] == "2031-06-11T19:00:00Z"


def test_a_quote_that_was_altered_is_refused_and_books_nothing(shared: Stack) -> None:
    property_id = listing(host(shared))
    bob = register(shared)
    token = json_of(bob.post("/v1/quotes", stay(property_id)))["quote"]
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    cheaper = json.dumps({**claims, "total": "1.00 USD"}).encode()
    forged = ".".join((head, base64.urlsafe_b64encode(cheaper).decode().rstrip("="), signature))
    before = shared.count_events()

    answer = bob.wish("/v1/bookings", {**stay(property_id), "quote": forged})

    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/quote-invalid")
    assert shared.count_events() == before


def test_a_quote_books_to_its_last_second_and_no_longer(stack: Stack) -> None:
    property_id = listing(host(stack))
    bob = register(stack, "bob")
    quote = json_of(bob.post("/v1/quotes", stay(property_id)))
    wait(stack, minutes=30)
    before = stack.count_events()

    late = bob.wish("/v1/bookings", {**stay(property_id), "quote": quote["quote"]})

    assert (late.status_code, json_of(late)["type"]) == (422, "/problems/quote-expired")
    assert stack.count_events() == before


def test_a_quote_is_for_its_own_stay_only(shared: Stack) -> None:
    ada, bob = host(shared), register(shared)
    quoted, other = listing(ada), listing(ada)
    quote = json_of(bob.post("/v1/quotes", stay(quoted)))["quote"]
    before = shared.count_events()

    for wish in (
        stay(other),
        stay(quoted, check_out="2031-06-16"),
        stay(quoted, check_in="2031-06-11"),
        stay(quoted, guests=1),
    ):
        answer = bob.wish("/v1/bookings", {**wish, "quote": quote})
        assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/quote-mismatch")
    assert shared.count_events() == before
