"""Many people at once, over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.api.people import PASSWORD, host, listing, register, stay
from tests.api.server import call, serving
from tests.api.stack import Stack

CROWD = 200


@pytest.fixture
def port(stack: Stack) -> Iterator[int]:
    with serving(stack.wired.settings.database_url) as server:
        yield server.port


@pytest.mark.slow
def test_two_hundred_bookings_of_the_same_nights_make_one_stay_and_no_deadlock(stack: Stack, port: int) -> None:
    property_id = listing(host(stack))
    guests = [register(stack, "guest") for _ in range(4)]
    deadlocks = "SELECT coalesce(sum(deadlocks), 0) FROM pg_stat_database"
    before = stack.count(deadlocks)

    def book(n: int) -> tuple[int, str]:
        status, answered = call(
            port,
            "POST",
            "/v1/bookings",
            stay(property_id),
            guests[n % len(guests)].token,
            Idempotency_Key=str(uuid4()),
        )
        return status, str(answered.get("type", ""))

    with ThreadPoolExecutor(CROWD) as crowd:
        outcomes = Counter(crowd.map(book, range(CROWD)))

    assert outcomes == {(201, ""): 1, (409, "/problems/nights-taken"): 199}
    assert stack.count(deadlocks) == before
    assert stack.count("SELECT count(*) FROM events WHERE type = 'BookingHeld'") == 1


@pytest.mark.slow
def test_two_hundred_registrations_of_one_address_make_one_account(stack: Stack, port: int) -> None:
    def sign_up(n: int) -> int:
        account = {"username": f"ada{n}", "email": "ada@example.org", "name": "Ada", "password": PASSWORD}
        status, _ = call(port, "POST", "/v1/users", account)
        return status

    with ThreadPoolExecutor(CROWD) as crowd:
        outcomes = Counter(crowd.map(sign_up, range(CROWD)))

    assert outcomes == {201: 1, 409: 199}
    assert stack.count("SELECT count(*) FROM events WHERE type = 'UserRegistered'") == 1


@pytest.mark.slow
def test_the_same_wish_sent_fifty_times_at_once_happens_once_and_is_answered_alike(stack: Stack, port: int) -> None:
    property_id = listing(host(stack))
    bob = register(stack, "bob")

    def book(_: int) -> tuple[int, str]:
        status, answered = call(port, "POST", "/v1/bookings", stay(property_id), bob.token, Idempotency_Key="one-wish")
        return status, str(answered.get("id"))

    with ThreadPoolExecutor(50) as crowd:
        outcomes = set(crowd.map(book, range(50)))

    assert len(outcomes) == 1
    ((status, _),) = outcomes
    assert status == 201
    assert stack.count("SELECT count(*) FROM events WHERE type = 'BookingHeld'") == 1
