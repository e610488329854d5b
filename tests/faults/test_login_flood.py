"""A thousand people log in at once, again and again: bookings become slower, and by less than half."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from statistics import median
from threading import Event
from uuid import UUID, uuid4

import pytest

from benchmarks.load import Load, Loaded, post, run
from tests.api.people import PASSWORD, host, listing, register, stay
from tests.api.stack import Stack
from tests.faults.api_process import ApiProcess

pytestmark = pytest.mark.slow  # starts the real server

PEOPLE = 1_000
LISTINGS = 24
NIGHTS = 500
WINDOW_SECONDS = 2.0
ROUNDS = 3
FIRST = date(2031, 6, 2)


class Bookings:
    """Requests for stays that nobody else asks for."""

    def __init__(self, stack: Stack, api: ApiProcess) -> None:
        owner, token = host(stack), api.token(UUID(register(stack).id))
        nights = [FIRST + timedelta(days=n) for n in range(NIGHTS)]
        self._requests = iter(
            post(
                "/v1/bookings",
                stay(place, night.isoformat(), (night + timedelta(days=1)).isoformat()),
                Authorization=f"Bearer {token}",
                Idempotency_Key=str(uuid4()),
            )
            for place in [listing(owner) for _ in range(LISTINGS)]
            for night in nights
        )

    def per_second(self, api: ApiProcess) -> float:
        """Bookings made by eight clients in a window, each as soon as its last one is answered."""
        some = [next(self._requests) for _ in range(1_500)]
        done = run(Load("127.0.0.1", api.port, 8, WINDOW_SECONDS, some))
        assert set(done.statuses) == {201}, done.sample
        return done.per_second


@contextmanager
def flood(api: ApiProcess, email: str) -> Iterator[list[Loaded]]:
    """A thousand logins at once; those who are refused try again when they are told to, a quarter each second."""
    over, done = Event(), list[Loaded]()
    logins = [post("/v1/auth/tokens", {"email": email, "password": PASSWORD})] * PEOPLE

    def rush() -> None:
        while not over.wait(0 if not done else 1):
            size = PEOPLE if not done else PEOPLE // 4
            done.append(run(Load("127.0.0.1", api.port, size, 0, logins[:size])))

    with ThreadPoolExecutor(1) as thread:
        rushing = thread.submit(rush)
        try:
            over.wait(0.3)
            yield done
        finally:
            over.set()
            rushing.result()


def test_bookings_go_on_at_more_than_half_their_pace(stack: Stack, database_url: str) -> None:
    api = ApiProcess(database_url, LODGER_API_WORKERS="2")
    try:
        bookings, email = Bookings(stack, api), register(stack).user["email"]
        bookings.per_second(api)
        alone, flooded, logins = [], [], list[Loaded]()
        for _ in range(ROUNDS):
            alone.append(bookings.per_second(api))
            with flood(api, email) as rushes:
                flooded.append(bookings.per_second(api))
            logins += rushes
    finally:
        api.kill()
    print(f"{median(alone):.0f} bookings/s, {median(flooded):.0f} in the flood, {[each.statuses for each in logins]}")
    assert median(flooded) > median(alone) / 2
    assert all(set(each.statuses) <= {200, 503} for each in logins)
    assert sum(each.statuses.get(200, 0) for each in logins) > 0
