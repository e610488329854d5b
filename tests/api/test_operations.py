"""What operators rely on: health, counted requests, quiet logs, and few round trips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from application.ports import AnswerInFlight
from infrastructure.database import Database
from tests.api.people import PASSWORD, book, host, listing, register, stay
from tests.api.stack import Stack, json_of, running


def test_alive_and_ready(shared: Stack) -> None:
    assert json_of(shared.anybody().get("/healthz")) == {"status": "ok"}
    assert json_of(shared.anybody().get("/readyz")) == {"status": "ok", "checks": {"database": "ok"}}


def test_alive_though_not_ready(shared: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("no route to 10.0.0.1")

    monkeypatch.setattr(Database, "connection", away)

    answer = shared.anybody().get("/readyz")

    assert (answer.status_code, json_of(answer)["checks"]) == (503, {"database": "failing"})
    assert json_of(answer)["type"] == "/problems/not-ready"
    assert "10.0.0.1" not in answer.text
    assert shared.anybody().get("/healthz").status_code == 200


def test_requests_and_commands_are_counted_by_route_and_outcome(shared: Stack) -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    property_id = listing(host(shared))
    requests = {"method": "POST", "route": "/v1/bookings", "status": "409"}
    commands = {"command": "request_booking", "outcome": "nights_taken"}
    before = value("lodger_http_requests_total", **requests), value("lodger_commands_total", **commands)
    book(register(shared), property_id)

    register(shared).wish("/v1/bookings", stay(property_id))

    after = value("lodger_http_requests_total", **requests), value("lodger_commands_total", **commands)
    assert after == (before[0] + 1, before[1] + 1)


def test_the_log_names_the_request_and_no_secret(shared: Stack) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        bob = register(shared, "quiet")
        asked = "0190a0b0-0000-7000-8000-00000000abcd"
        bob.get(f"/v1/properties?city={bob.user['email']}", X_Request_ID=asked)

    assert lines[-1]["request_id"] == asked
    assert (lines[-1]["route"], lines[-1]["status"]) == ("/v1/properties", 200)
    told = repr(lines)
    for secret in (PASSWORD, bob.user["email"], str(bob.token)):
        assert secret not in told


def test_a_request_id_is_the_correlation_of_its_events(shared: Stack) -> None:
    asked = "0190a0b0-0000-7000-8000-00000000beef"
    property_id = listing(host(shared))
    answer = register(shared).wish("/v1/bookings", stay(property_id), X_Request_ID=asked)
    position = answer.headers["Lodger-Position"]
    assert shared.count(f"SELECT count(*) FROM events WHERE position = {position} AND meta LIKE '%{asked}%'") == 1


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How often a connection is taken from the pool: each time is one round trip here."""
    taken: list[int] = []
    check_out = Database.connection

    def counting(database: Database) -> Any:
        taken.append(1)
        return check_out(database)

    monkeypatch.setattr(Database, "connection", counting)
    yield taken


def test_a_booking_costs_one_load_and_one_append(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the sandbox, whose clock is in the database."""
    with running(database_url, LODGER_SANDBOX="false", LODGER_CLOCK="system") as stack:
        property_id = listing(host(stack))
        bob = register(stack, "bob")
        check_in = date.today() + timedelta(days=30)  # noqa: DTZ011 - any day that is weeks away
        before, body = (
            stay(property_id, str(first), str(first + timedelta(days=2)))
            for first in (check_in - timedelta(days=5), check_in)
        )
        assert bob.wish("/v1/bookings", before).status_code == 201  # the first one in a process also reads its keys
        with counted(monkeypatch) as taken:
            assert bob.wish("/v1/bookings", body, "k").status_code == 201
            assert len(taken) == 2
            assert bob.wish("/v1/bookings", body, "k").status_code == 201
            assert len(taken) == 3


def test_a_repeat_of_what_is_under_way_is_told_so(shared: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = register(shared, "bob")
    booking_id = book(bob, listing(host(shared)))

    def under_way(*_: object) -> None:
        raise AnswerInFlight(1)

    monkeypatch.setattr("application.payments.start", under_way)
    answer = bob.wish(f"/v1/bookings/{booking_id}/payments", {"payment_method": "card"})

    assert (answer.status_code, json_of(answer)["type"]) == (409, "/problems/request-in-flight")
    assert answer.headers["Retry-After"] == "1"
