"""Providers' webhooks over a real socket: refused unsigned, of another time or no JSON; a replay has no effect."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from time import time
from typing import Final
from uuid import uuid4

import pytest

from api.resources.provider_webhooks import BODY_LIMIT
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess
from tests.hostile.answers import must_be_a_problem, must_tell_nothing
from tests.hostile.corpus import INJECTIONS, NOT_JSON
from tests.hostile.test_framing import IN_CHUNKS, LIES, chunked, head
from tests.hostile.wire import Answer, exchange, request
from tests.provider_webhooks.test_junk import FORMER, MTN, SECRET

pytestmark = pytest.mark.slow  # starts the real server

STRIPE: Final = "/v1/webhooks/stripe"
MOBILE_MONEY: Final = "/v1/webhooks/mtn-momo"


@pytest.fixture(scope="module")
def api(shared_database_url: str) -> Iterator[ApiProcess]:
    """One that takes Stripe's webhooks and MTN's."""
    secrets = {"LODGER_STRIPE_SECRET_KEY": "sk_test_1", "LODGER_STRIPE_WEBHOOK_SECRETS": f"{SECRET},{FORMER}"}
    process = ApiProcess(shared_database_url, **secrets, **MTN)
    yield process
    process.kill()


def event(event_id: str, about: str = "pi_1") -> bytes:
    what = {"id": event_id, "type": "payment_intent.succeeded", "data": {"object": {"id": about, "metadata": {}}}}
    return json.dumps(what).encode()


def signature(body: bytes, secret: str = SECRET, seconds_off: int = 0) -> str:
    """Stripe's scheme by hand: none of the library's code."""
    at = int(time()) + seconds_off
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, sha256).hexdigest()}"


def sent(api: ApiProcess, body: bytes, signed: str | None, path: str = STRIPE) -> Answer:
    headers = [] if signed is None else [("Stripe-Signature", signed)]
    answer = exchange(api.port, request("POST", path, body, headers))
    assert answer is not None
    return answer


def stored(beside: Stack) -> int:
    return beside.count("SELECT count(*) FROM provider_webhooks")


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_400_signed_or_not_and_nothing_is_kept(api: ApiProcess, beside: Stack, body: bytes) -> None:
    before = stored(beside)
    expected = 400 if len(body) <= BODY_LIMIT else 413
    must_be_a_problem(sent(api, body, signature(body)), expected)
    must_be_a_problem(sent(api, body, None, MOBILE_MONEY), expected)
    assert stored(beside) == before


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ("missing", "webhook-signature-invalid"),
        ("another's secret", "webhook-signature-invalid"),
        ("another body", "webhook-signature-invalid"),
        ("old", "webhook-stale"),
        ("of the future", "webhook-stale"),
    ],
)
def test_what_the_provider_did_not_sign_now_is_400(api: ApiProcess, beside: Stack, wrong: str, kind: str) -> None:
    body = event(f"evt_{uuid4().hex}")
    signed = {
        "missing": None,
        "another's secret": signature(body, "whsec_of_nobody"),
        "another body": signature(body + b" "),
        "old": signature(body, seconds_off=-302),
        "of the future": signature(body, seconds_off=302),
    }[wrong]
    before = stored(beside)
    must_be_a_problem(sent(api, body, signed), 400, kind)
    assert stored(beside) == before


def test_a_replay_is_200_and_kept_once_with_either_secret(api: ApiProcess, beside: Stack) -> None:
    body, before = event(f"evt_{uuid4().hex}"), stored(beside)
    answers = [sent(api, body, signature(body, secret)) for secret in (SECRET, SECRET, FORMER)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"")] * 3
    assert stored(beside) == before + 1


def test_one_in_chunks_is_refused_though_it_is_signed_and_nothing_is_kept(api: ApiProcess, beside: Stack) -> None:
    before, body = stored(beside), event(f"evt_{uuid4().hex}")
    for lines in (IN_CHUNKS,), *LIES.values():
        raw = head(STRIPE, *lines, f"Stripe-Signature: {signature(body)}") + chunked(body)
        must_be_a_problem(exchange(api.port, raw), 400, "chunks-refused")
    assert stored(beside) == before
    assert sent(api, body, signature(body)).status == 200, "with a length it is taken"


@pytest.mark.parametrize("text", [*INJECTIONS.values(), "a\x00b", "\ud800"], ids=[*INJECTIONS, "NUL", "half a pair"])
def test_injections_are_taken_literally_or_refused(api: ApiProcess, text: str) -> None:
    named, about = event(text), event(f"evt_{uuid4().hex}", text)
    callback = json.dumps({"status": "SUCCESSFUL", "externalId": text, "amount": "1", "currency": "EUR"}).encode()
    answers = [
        *(sent(api, body, signature(body)) for body in (named, about)),
        sent(api, callback, None, MOBILE_MONEY),
    ]
    for answer in answers:
        must_tell_nothing(answer)
        if answer.status != 200:
            must_be_a_problem(answer, 400, "webhook-malformed")
