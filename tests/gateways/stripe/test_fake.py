"""The fake does what Stripe's documentation says, asked as anybody may ask it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from tests.support.stripe_fake import SECRET_KEY, StripeFake

pytestmark = pytest.mark.slow


def post(fake: StripeFake, path: str, key: str | None = None, **form: object) -> tuple[int, dict[str, Any], bool]:
    """Status, answer, and whether it is a repeat."""
    headers = {"Authorization": f"Bearer {SECRET_KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request(
        "POST", f"{fake.url}{path}", body=urlencode(form), headers=headers | ({"Idempotency-Key": key} if key else {})
    )
    return answer.status, answer.json(), "Idempotent-Replayed" in answer.headers


def test_a_key_gives_the_same_answer_again_and_no_other_body_may_use_it(fake: StripeFake) -> None:
    first = post(fake, "/v1/payment_intents", "key-1", amount=100_00, currency="usd")
    again = post(fake, "/v1/payment_intents", "key-1", amount=100_00, currency="usd")
    other = post(fake, "/v1/payment_intents", "key-1", amount=200_00, currency="usd")

    assert (first[0], first[2], again[0], again[2]) == (200, False, 200, True)
    assert again[1] == first[1]
    assert (other[0], other[1]["error"]["type"]) == (400, "idempotency_error")


def test_a_failure_is_kept_under_its_key_and_a_busy_moment_is_not(fake: StripeFake) -> None:
    fake.fail("payment_intents.create", "error")
    failed = [post(fake, "/v1/payment_intents", "key-2", amount=100_00, currency="usd")[0] for _ in range(2)]
    fake.fail("payment_intents.create", "busy")
    busy = [post(fake, "/v1/payment_intents", "key-3", amount=100_00, currency="usd")[0] for _ in range(2)]

    assert (failed, busy) == ([500, 500], [429, 200])


def test_what_is_missing_is_named_and_may_be_sent_again_under_the_same_key(fake: StripeFake) -> None:
    status, answer, _ = post(fake, "/v1/payment_intents", "key-4", currency="usd")

    assert (status, answer["error"]["param"]) == (400, "amount")
    assert post(fake, "/v1/payment_intents", "key-4", amount=100_00, currency="usd")[0] == 200


def test_only_keys_of_the_test_mode_are_taken(fake: StripeFake) -> None:
    answer = urllib3.request("GET", f"{fake.url}/v1/payment_intents", headers={"Authorization": "Bearer sk_live_1"})

    assert answer.status == 401


def test_the_bank_s_page_is_answered_by_a_click_and_leads_back(fake: StripeFake) -> None:
    _, intent, _ = post(
        fake,
        "/v1/payment_intents",
        amount=100_00,
        currency="usd",
        capture_method="manual",
        confirm="true",
        payment_method="pm_card_threeDSecure2Required",
        return_url="https://shop.example/paid",
    )
    page = intent["next_action"]["redirect_to_url"]["url"]

    shown = urllib3.request("GET", page)
    clicked = urllib3.request("POST", page, fields={"passed": "yes"}, redirect=False)

    assert b'value="yes"' in shown.data
    assert (clicked.status, clicked.headers["Location"]) == (303, "https://shop.example/paid")
    assert fake.ledger()[intent["id"]]["authorized"] == 100_00


def test_what_was_captured_cannot_be_cancelled_only_refunded(fake: StripeFake) -> None:
    _, intent, _ = post(
        fake, "/v1/payment_intents", amount=100_00, currency="usd", confirm="true", payment_method="pm_card_visa"
    )

    status, refused, _ = post(fake, f"/v1/payment_intents/{intent['id']}/cancel")
    _, refund, _ = post(fake, "/v1/refunds", payment_intent=intent["id"], amount=40_00)

    assert (status, refused["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert (intent["amount_received"], refund["status"]) == (100_00, "succeeded")
    assert fake.ledger()[intent["id"]]["refunded"] == 40_00
