"""Webhooks that the fake sends, as the adapter reads them; and those that it must not believe."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from application.payment_ports import Hint
from domain.rejections import Rejected
from infrastructure.gateways.stripe import webhooks
from tests.gateways.stripe.payer import Shop
from tests.webhooks.receiver import Receiver

NOW = datetime(2031, 6, 1, 12, 0, tzinfo=UTC)
SECRET, OLD_SECRET = "whsec_new", "whsec_old"
PAYMENT_ID = "00000000-0000-4000-8000-000000000007"


def signed(body: bytes, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    seconds = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return {"stripe-signature": f"t={seconds},v1={mac}"}


def event(kind: str, **about: Any) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": about}}).encode()


def read(body: bytes, headers: dict[str, str] | None = None) -> Hint:
    return webhooks.read(signed(body) if headers is None else headers, body, NOW, [SECRET, OLD_SECRET])


def refusal(body: bytes, headers: dict[str, str]) -> str:
    with pytest.raises(Rejected) as refused:
        read(body, headers)
    return refused.value.code


@pytest.mark.parametrize(
    ("body", "about", "reference", "payment"),
    [
        (event("payment_intent.succeeded", id="pi_1", metadata={"payment_id": PAYMENT_ID}), "charge", "pi_1", True),
        (event("payment_intent.canceled", id="pi_1", metadata={"payment_id": "another's"}), "charge", "pi_1", False),
        (event("payment_intent.canceled", id="pi_1"), "charge", "pi_1", False),
        (event("refund.updated", id="re_1", payment_intent="pi_1"), "charge", "pi_1", False),
        (event("charge.refund.updated", id="re_1", payment_intent="pi_1"), "charge", "pi_1", False),
        (event("charge.refunded", id="ch_1", payment_intent=None), "nothing", None, False),
        (event("charge.dispute.created", id="du_1", status="needs_response"), "dispute", "du_1", False),
        (event("charge.dispute.created", id="du_1", status="warning_needs_response"), "nothing", None, False),
        (event("payout.paid", id="po_1", metadata={"payout_id": PAYMENT_ID}), "payout", PAYMENT_ID, False),
        (event("payout.paid", id="po_1", metadata={}), "nothing", None, False),
        (event("customer.created", id="cus_1"), "nothing", None, False),
    ],
)
def test_an_event_hints_at_what_it_is_about(body: bytes, about: str, reference: str | None, payment: bool) -> None:
    hint = read(body)

    assert (hint.event_id, hint.about, hint.reference) == ("evt_1", about, reference)
    assert (str(hint.payment_id) == PAYMENT_ID) is payment


def test_either_secret_is_good_while_one_replaces_the_other() -> None:
    body = event("customer.created", id="cus_1")

    assert read(body, signed(body, secret=OLD_SECRET)).event_id == "evt_1"
    assert refusal(body, signed(body, secret="whsec_of_nobody")) == "webhook_signature_invalid"


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=now,v1=00", f"t={int(NOW.timestamp())},v1=é", "t=9" + "9" * 400 + ",v1=00", ",,,="],
)
def test_a_signature_that_is_none_is_refused(header: str) -> None:
    assert refusal(event("customer.created"), {"stripe-signature": header}) == "webhook_signature_invalid"


def test_what_was_changed_by_a_byte_is_refused() -> None:
    body = event("payment_intent.succeeded", id="pi_1")

    assert refusal(body.replace(b"pi_1", b"pi_2"), signed(body)) == "webhook_signature_invalid"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_was_signed_too_long_ago_or_in_time_to_come_is_stale(seconds: int) -> None:
    body = event("payment_intent.succeeded", id="pi_1")

    assert refusal(body, signed(body, NOW + timedelta(seconds=seconds))) == "webhook_stale"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_allowed_either_way(seconds: int) -> None:
    body = event("payment_intent.succeeded", id="pi_1")

    assert read(body, signed(body, NOW + timedelta(seconds=seconds))).reference == "pi_1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"id": 1, "type": "payment_intent.succeeded", "data": {"object": {}}}',
        b'{"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": []}}',
        b'{"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": 7}}}',
        event("payment_intent.succeeded"),
        event("charge.dispute.created", status="needs_response"),
        event("refund.updated", payment_intent=["pi_1"]),
    ],
)
def test_what_is_signed_and_no_event_is_malformed(body: bytes) -> None:
    assert refusal(body, signed(body)) == "webhook_malformed"


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(b"\xff\xfe", signed(b"\xff\xfe")) == "webhook_signature_invalid"


# --- from the fake, over HTTP ---------------------------------------------------------------------------


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def wait_for(receiver: Receiver, deliveries: int) -> None:
    deadline = time.monotonic() + 20
    while len(receiver.received) < deliveries:
        assert time.monotonic() < deadline, receiver.types()
        time.sleep(0.02)


@pytest.mark.slow
def test_what_the_fake_signs_is_read(shop: Shop, receiver: Receiver) -> None:
    shop.fake.webhooks(url=receiver.url)
    reference = shop.captured()
    wait_for(receiver, 4)

    hints = [shop.gateway.read_webhook(each.headers, each.body, datetime.now(UTC)) for each in receiver.received]

    assert receiver.types() == [
        "payment_intent.created",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]
    assert [hint.about for hint in hints] == ["charge", "charge", "nothing", "charge"]
    assert {hint.reference for hint in hints if hint.about == "charge"} == {reference}
    assert len({hint.event_id for hint in hints}) == 4


@pytest.mark.slow
def test_the_fake_delivers_twice_and_out_of_order(shop: Shop, receiver: Receiver) -> None:
    shop.fake.webhooks(url=receiver.url, duplicates=2, spread=1)
    for _ in range(5):
        shop.captured()
    wait_for(receiver, 60)

    happened = [each["id"] for each in shop.fake.events()][-20:]
    delivered = [each.change["id"] for each in receiver.received]

    assert {each: delivered.count(each) for each in delivered} == dict.fromkeys(happened, 3)
    assert sorted(delivered, key=happened.index) != delivered


@pytest.mark.slow
def test_the_fake_delivers_again_what_was_not_taken(shop: Shop, receiver: Receiver) -> None:
    answers = iter([503])
    receiver.answer = lambda _: next(answers, 200)
    shop.fake.webhooks(url=receiver.url)
    shop.started()
    wait_for(receiver, 2)

    first, second = receiver.received[:2]

    assert first.change == second.change


@pytest.mark.slow
def test_the_fake_can_be_silent(shop: Shop, receiver: Receiver) -> None:
    shop.fake.webhooks(url=receiver.url, silent=True)
    reference = shop.captured()
    shop.fake.webhooks(silent=False)
    last = shop.fake.events()[-1]
    shop.fake.resend(last["id"])
    wait_for(receiver, 1)

    assert receiver.types() == ["payment_intent.succeeded"]
    assert shop.fake.ledger()[reference]["captured"] == 129_50
