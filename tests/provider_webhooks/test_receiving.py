"""A provider's webhook over HTTP: verified by its bytes, stored before it is answered, taken once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
import structlog
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from api.resources.provider_webhooks import BODY_LIMIT
from infrastructure.gateways.webhooks import ProviderWebhookTable
from tests.api.stack import Stack, json_of, over
from tests.provider_webhooks.post import follow, rows, states
from tests.support.scripted_gateway import Delivery, ScriptedGateway

PATH = "/v1/webhooks/scripted"


def send(stack: Stack, delivery: Delivery, method: str = "POST", path: str = PATH) -> TestResponse:
    return stack.anybody().raw(method, path, delivery.body, **delivery.headers)


def stored(stack: Stack) -> int:
    return stack.count("SELECT count(*) FROM provider_webhooks")


def refused(stack: Stack, answer: TestResponse, status: int, code: str) -> None:
    """It was, with this problem, and nothing of it is stored."""
    assert (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code.replace('_', '-')}"), answer.text
    assert stored(stack) == 0


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_it_is_stored_to_the_byte_before_it_is_answered_and_wakes_the_workers(
    stack: Stack, provider: ScriptedGateway, method: str
) -> None:
    woken: list[int] = []
    stack = over(replace(stack.wired, lodger=replace(stack.wired.lodger, wake=lambda: woken.append(stored(stack)))))
    payment_id = uuid4()
    delivery = provider.webhook("evt_1", reference="ch_1", payment_id=payment_id)

    answer = send(stack, delivery, method)

    assert (answer.status_code, answer.data) == (200, b"")
    columns = "provider, event_id, about, reference, payment_id, body, sha256, state, attempts"
    ((*told, body, digest, state, attempts),) = rows(stack.wired.database, columns)
    assert told == ["scripted", "evt_1", "charge", "ch_1", payment_id]
    assert (bytes(body), bytes(digest)) == (delivery.body, sha256(delivery.body).digest())
    assert (state, attempts) == ("waiting", 0)
    assert woken == [1]
    assert stack.count_events() == 0


def test_a_repeat_is_answered_alike_and_has_no_effect(stack: Stack, provider: ScriptedGateway) -> None:
    first = provider.webhook("evt_1", reference="ch_1")
    later = provider.webhook("evt_1", at=datetime.now(UTC) + timedelta(seconds=60), reference="ch_1", attempt=2)
    answers = [send(stack, first), send(stack, first), send(stack, later)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    ((body,),) = rows(stack.wired.database, "body")
    assert bytes(body) == first.body
    follow(stack.wired.lodger)
    assert send(stack, first).status_code == 200
    assert states(stack.wired.database) == {"evt_1": "unknown_payment"}


def test_the_same_id_from_another_provider_is_another_event(stack: Stack, provider: ScriptedGateway) -> None:
    other = ScriptedGateway(name="another_one")
    stack = over(replace(stack.wired, lodger=other.serve(stack.wired.lodger)))
    assert send(stack, provider.webhook("evt_1")).status_code == 200
    assert send(stack, other.webhook("evt_1"), path="/v1/webhooks/another-one").status_code == 200
    assert rows(stack.wired.database, "provider") == [("scripted",), ("another_one",)]


def test_a_forged_one_is_refused(stack: Stack, provider: ScriptedGateway) -> None:
    forger = ScriptedGateway(secret=b"guessed")
    refused(stack, send(stack, forger.webhook("evt_1")), 400, "webhook_signature_invalid")


def test_one_without_a_signature_is_refused(stack: Stack, provider: ScriptedGateway) -> None:
    unsigned = Delivery({}, provider.webhook("evt_1").body)
    refused(stack, send(stack, unsigned), 400, "webhook_signature_invalid")


def test_one_that_was_changed_by_a_byte_is_refused(stack: Stack, provider: ScriptedGateway) -> None:
    delivery = provider.webhook("evt_1")
    changed = Delivery(delivery.headers, delivery.body.replace(b"evt_1", b"evt_2"))
    refused(stack, send(stack, changed), 400, "webhook_signature_invalid")


@pytest.mark.parametrize("seconds", [-302, 302], ids=["too old", "of the future"])
def test_one_that_was_signed_at_another_time_is_refused(stack: Stack, provider: ScriptedGateway, seconds: int) -> None:
    delivery = provider.webhook("evt_1", at=datetime.now(UTC) + timedelta(seconds=seconds))
    refused(stack, send(stack, delivery), 400, "webhook_stale")


@pytest.mark.parametrize("seconds", [-297, 297], ids=["late", "early"])
def test_clocks_may_be_minutes_apart(stack: Stack, provider: ScriptedGateway, seconds: int) -> None:
    """Real ones: the sandbox's is years ahead here."""
    delivery = provider.webhook("evt_1", at=datetime.now(UTC) + timedelta(seconds=seconds))
    assert send(stack, delivery).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"evt_1"', b"{}", b"\xff\xfe", b'{"id": "evt_1"}', b"[" * 20_000, b"a=1&b=2"],
    ids=["nothing", "half", "list", "null", "text", "empty", "not text", "about what", "deep", "form"],
)
def test_one_that_says_nothing_a_provider_would_is_refused(
    stack: Stack, provider: ScriptedGateway, body: bytes
) -> None:
    refused(stack, send(stack, provider.signed(body)), 400, "webhook_malformed")


@pytest.mark.parametrize("name", ["", "evt\x001", "evt 1", "e" * 201, "évt", "evt\n"])
@pytest.mark.parametrize("member", ["id", "reference"])
def test_names_that_no_provider_gives_are_refused(
    stack: Stack, provider: ScriptedGateway, member: str, name: str
) -> None:
    said = {"id": "evt_1", "about": "charge", "reference": "ch_1", member: name}
    refused(stack, send(stack, provider.signed(json.dumps(said).encode())), 400, "webhook_malformed")


def test_one_that_is_too_large_is_refused_and_one_that_is_just_not_is_taken(
    stack: Stack, provider: ScriptedGateway
) -> None:
    large = provider.webhook("evt_1", padding="")
    padding = "x" * (BODY_LIMIT - len(large.body))
    refused(stack, send(stack, provider.webhook("evt_1", padding=padding + "x")), 413, "content_too_large")
    assert send(stack, provider.webhook("evt_1", padding=padding)).status_code == 200


def test_a_provider_that_is_not_set_up_has_no_address(stack: Stack, provider: ScriptedGateway) -> None:
    refused(stack, send(stack, provider.webhook("evt_1"), path="/v1/webhooks/nobody"), 404, "provider_not_found")


def test_other_methods_are_not_offered(stack: Stack) -> None:
    assert stack.anybody().get(PATH).status_code == 405
    assert stack.anybody().delete(PATH).status_code == 405


def test_the_sandbox_takes_none(stack: Stack, provider: ScriptedGateway) -> None:
    answer = send(stack, provider.webhook("evt_1"), path="/v1/webhooks/sandbox")
    refused(stack, answer, 400, "webhook_signature_invalid")


def test_what_could_not_be_stored_is_not_acknowledged(
    stack: Stack, provider: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("no route to 10.0.0.1")

    monkeypatch.setattr(ProviderWebhookTable, "store", away)
    answer = send(stack, provider.webhook("evt_1"))
    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/unavailable")


@pytest.fixture
def lines() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def test_what_it_says_is_in_no_log(
    stack: Stack, provider: ScriptedGateway, lines: list[structlog.typing.EventDict]
) -> None:
    said: dict[str, Any] = {"reference": "ch_1", "payer": "+256772123456", "client_secret": "seti_secret"}
    send(stack, provider.webhook("evt_1", **said))
    send(stack, Delivery({}, provider.webhook("evt_2", **said).body))
    follow(stack.wired.lodger)
    assert len(lines) == 3  # two requests, and that nobody knows the payment
    for secret in ("256772123456", "seti_secret"):
        assert secret not in repr(lines)


def test_they_are_counted_by_provider_and_outcome(stack: Stack, provider: ScriptedGateway) -> None:
    def counted(name: str, outcome: str) -> float:
        labels = {"provider": "scripted", "outcome": outcome}
        return REGISTRY.get_sample_value(f"lodger_provider_webhooks_{name}_total", labels) or 0.0

    counters = [
        ("received", "stored"),
        ("received", "repeated"),
        ("received", "webhook_stale"),
        ("followed", "nothing_new"),
    ]
    before = [counted(*each) for each in counters]
    delivery = provider.webhook("evt_1", about="nothing")
    for each in (delivery, delivery, provider.webhook("evt_2", at=datetime(2020, 1, 1, tzinfo=UTC))):
        send(stack, each)
    follow(stack.wired.lodger)
    assert [counted(*each) - was for each, was in zip(counters, before, strict=True)] == [1, 1, 1, 1]
