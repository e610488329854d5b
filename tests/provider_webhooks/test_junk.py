"""Whatever is sent to a real provider's address, signed or not, is taken or refused as a webhook: never a mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakes.stripe.webhooks import signature
from tests.api.stack import Stack, json_of, running

SECRET: Final = "whsec_of_the_tests"
FORMER: Final = "whsec_of_former_tests"
MTN: Final = {
    "LODGER_MTN_MOMO_API_USER": "4f1c0a52-6d1e-4a09-9b1c-5f1f1a3a2b10",
    "LODGER_MTN_MOMO_API_KEY": "a key",
    "LODGER_MTN_MOMO_COLLECTION_KEY": "a key",
    "LODGER_MTN_MOMO_DISBURSEMENT_KEY": "a key",
}

NAMES: Final = st.sampled_from(
    "id type data object payment_intent metadata payment_id payout_id status externalId amount currency payee".split()
)
TEXTS: Final = st.sampled_from(
    [
        "evt_1",
        "payment_intent.succeeded",
        "charge.dispute.closed",
        "refund.failed",
        "payout.paid",
        "4f1c0a52-6d1e-4a09-9b1c-5f1f1a3a2b10",
        "SUCCESSFUL",
        "\x00",
        "\ud800",
        "",
    ]
)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
BODIES: Final = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())
DEEP: Final = b'{"id":"evt_1","type":"payout.paid","x":' + b"[" * 100_000


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    with running(
        shared_database_url,
        LODGER_STRIPE_SECRET_KEY="sk_test_1",
        LODGER_STRIPE_WEBHOOK_SECRETS=f"{SECRET},{FORMER}",
        **MTN,
    ) as started:
        yield started


def event(**changes: Any) -> bytes:
    """What Stripe might send, but for the changes."""
    about = {"id": "pi_1", "object": "payment_intent", "metadata": {}, **changes.pop("about", {})}
    return json.dumps(
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": about}, **changes}
    ).encode()


def callback(**changes: Any) -> bytes:
    """What MTN might send, but for the changes."""
    about = {"status": "SUCCESSFUL", "externalId": MTN["LODGER_MTN_MOMO_API_USER"], "amount": "1", "currency": "EUR"}
    return json.dumps({**about, **changes}).encode()


def taken_or_refused(stack: Stack, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    answer = stack.anybody().raw("POST", path, body, **headers)
    if answer.status_code != 200:
        assert (answer.status_code, json_of(answer)["type"]) == (400, "/problems/webhook-malformed"), answer.text


@settings(max_examples=150, deadline=None)
@given(body=BODIES)
@example(body=DEEP)
@example(body=event())
@example(body=event(id="\x00"))
@example(body=event(id="\ud800"))
@example(body=event(about={"id": None}))
@example(body=event(about={"metadata": {"payment_id": "\x00"}}))
@example(body=event(about={"metadata": []}))
@example(body=event(type="charge.dispute.closed", about={"status": 7}))
@example(body=event(type="charge.refunded", about={"payment_intent": {"id": "pi_1"}}))
@example(body=event(type=".".join(["payment_intent"] * 1_000)))
def test_signed_junk_is_no_mistake_of_ours(stack: Stack, body: bytes) -> None:
    at = int(datetime.now(UTC).timestamp())
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return  # the fake signs text
    headers = {"Stripe-Signature": signature(text, SECRET, at)}
    taken_or_refused(stack, "/v1/webhooks/stripe", body, headers)


@settings(max_examples=150, deadline=None)
@given(body=BODIES)
@example(body=DEEP)
@example(body=callback())
@example(body=callback(payee={}))
@example(body=callback(externalId="\x00"))
@example(body=callback(externalId="\ud800"))
@example(body=callback(reason={"code": 7}))
def test_unsigned_junk_is_no_mistake_of_ours(stack: Stack, body: bytes) -> None:
    taken_or_refused(stack, "/v1/webhooks/mtn-momo", body, {})


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "t=x,v1=y",
        "t=1",
        "v1=00",
        "t=1,v1=00",
        "t=99999999999999999999,v1=00",
        "t=-1,v1=\xe9",
        ",,,",
        "t=1," * 500,
    ],
)
def test_a_signature_that_is_none_is_refused_as_such(stack: Stack, header: str) -> None:
    answer = stack.anybody().raw("POST", "/v1/webhooks/stripe", event(), **{"Stripe-Signature": header})
    assert (answer.status_code, json_of(answer)["type"]) == (400, "/problems/webhook-signature-invalid")


def test_while_one_secret_replaces_the_other_both_are_taken(stack: Stack) -> None:
    for secret, status in {SECRET: 200, FORMER: 200, "whsec_of_nobody": 400}.items():
        signed = signature(event().decode(), secret, int(datetime.now(UTC).timestamp()))
        answer = stack.anybody().raw("POST", "/v1/webhooks/stripe", event(), **{"Stripe-Signature": signed})
        assert answer.status_code == status
