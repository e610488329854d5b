"""One id from a request through its events to what the workers did about them, over real processes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.bookings import Confirmed
from infrastructure.embedded.valkey import Valkey
from tests.api.server import request
from tests.api.stack import signed_in, tokens
from tests.support.servers import free_port
from tests.support.workers import Post, Stage
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processes")


@pytest.fixture(scope="module")
def stage(shared_database_url: str, valkey: Valkey, folder: Path) -> Iterator[Stage]:
    port = free_port()
    address = {"http_port": port, "public_url": f"http://127.0.0.1:{port}", "api_workers": 1}
    with Post().open() as smtp_url:
        stage = Stage(shared_database_url, valkey.url(), smtp_url, folder, log_format="json", **address)
        api, workers = stage.api(), stage.workers()
        yield stage
        workers.stop()
        api.stop()
        stage.world.close()


def lines(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What each process logged; every line is JSON, whoever wrote it."""
    return {log.stem: [json.loads(line) for line in log.read_text().splitlines()] for log in folder.glob("*.log")}


def test_a_booking_request_is_followed_from_its_answer_to_mail_provider_and_webhook(
    stage: Stage, receiver: Receiver, folder: Path
) -> None:
    world = stage.world
    guest, listing = world.person(), world.listing()
    token = tokens(stage.settings).issue(signed_in(guest))
    ids: dict[str, str] = {name: str(uuid4()) for name in ("book", "pay", "approve")}

    def send(what: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"X-Request-ID": ids.get(what, str(uuid4())), "Idempotency-Key": what}
        status, answer = request(stage.settings.http_port, "POST", path, body, token, headers)
        assert status == 201, answer
        return answer

    send("hook", "/v1/webhook-endpoints", {"url": receiver.url, "types": []})
    first = datetime.now(UTC).date() + timedelta(days=30)
    stay = {"check_in": first.isoformat(), "check_out": (first + timedelta(days=3)).isoformat(), "guests": 2}
    booking = send("book", "/v1/bookings", {"property": str(listing), **stay})
    payment = send("pay", f"/v1/bookings/{booking['id']}/payments", {"payment_method": "card"})
    world.approve(UUID(payment["id"]))
    deadline = time.monotonic() + 60
    while not isinstance(world.booking(UUID(booking["id"])), Confirmed):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    stage.wait_until_caught_up()

    def told(name: str, worker: str, event: str) -> list[dict[str, Any]]:
        found = lines(folder)[worker]
        return [line for line in found if line.get("request_id") == ids[name] and line["event"] == event]

    # its answer, its event
    (answered,) = told("book", "api", "request")
    assert (answered["route"], answered["status"]) == ("/v1/bookings", 201)
    (held,) = [event for event in world.events() if event.stream_id == UUID(booking["id"])][:1]
    assert str(held.correlation_id) == ids["book"]
    # what the API itself asked the provider
    (started,) = told("pay", "api", "provider")
    assert (started["provider"], started["call"], started["outcome"]) == ("sandbox", "start", "answered")
    # what the workers did about it
    deadline = time.monotonic() + 30
    while not (told("book", "reactions-1", "webhook") and told("book", "reactions-1", "mail")):
        assert time.monotonic() < deadline, lines(folder)["reactions-1"]
        time.sleep(0.2)
    assert {line["status"] for line in told("book", "reactions-1", "mail")} == {"sent"}
    assert {line["status"] for line in told("book", "reactions-1", "webhook")} == {200}
    assert ids["book"] in {received.headers.get("x-request-id") for received in receiver.received}
    # and everything that followed from the approval, which began in this process, bears one id too
    authorized = [event for event in world.events() if event.stream_id == UUID(payment["id"])]
    approved = {str(event.correlation_id) for event in authorized[2:]}
    followed = [line for line in lines(folder)["reactions-1"] if line.get("request_id") in approved]
    assert {"reacted", "provider"} <= {line["event"] for line in followed}


def test_every_line_of_every_process_is_json_also_of_libraries_and_of_what_nobody_caught(
    stage: Stage, folder: Path
) -> None:
    (folder / "counts").mkdir()
    taken = {
        "LODGER_METRICS_PORT": str(stage.settings.http_port),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "counts"),
    }
    wrong = stage._process("wrong", "metrics", ready=lambda: False, **taken)
    deadline = time.monotonic() + 30
    while not wrong.ended():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    wrong.kill()

    found = lines(folder)

    assert set(found) == {"api", "projections-1", "reactions-1", "wrong"}
    assert all({"event", "level", "timestamp"} <= line.keys() for each in found.values() for line in each)
    loggers = {line.get("logger") for each in found.values() for line in each}
    assert {"_granian", "dramatiq.MainProcess"} <= loggers
    assert any(line["level"] == "critical" and "exception" in line for line in found["wrong"])
