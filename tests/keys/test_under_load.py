"""Every key is rotated while two processes of the API and a worker are at work: nobody notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import count, cycle
from threading import Event
from typing import Any

import jwt
import pytest

from domain.platform import PLATFORM_ID, KeyRotated
from infrastructure.purposes import PURPOSES
from tests.api.people import PASSWORD, host, listing, register, stay
from tests.api.server import call
from tests.api.stack import Client, Stack
from tests.faults.api_process import ApiProcess
from tests.keys.conftest import pass_, rotation
from tests.webhooks.post import carry, hook
from tests.webhooks.receiver import Receiver, is_genuine

pytestmark = pytest.mark.slow

PACE = 0.45
"""Of the command's waits: still longer than anybody may be late, without the time for statements that hang."""

Seen = list[tuple[str, int, bool]]
"""What was asked, the status, and whether it is as it should be."""


class Api:
    """Two processes by turns: what one has made, the other one is asked about."""

    def __init__(self, processes: list[ApiProcess]) -> None:
        self._ports = cycle(process.port for process in processes)
        self.ports = [process.port for process in processes]

    def __call__(self, *arguments: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        return call(next(self._ports), *arguments, **headers)


@contextmanager
def two_processes(stack: Stack) -> Iterator[Api]:
    processes: list[ApiProcess] = []
    try:
        for _ in range(2):
            processes.append(ApiProcess(stack.wired.settings.database_url, LODGER_RATE_LIMITS="false"))
        yield Api(processes)
    finally:
        for process in processes:
            process.kill()


def test_no_request_fails_while_every_key_is_rotated(stack: Stack) -> None:
    owner, guest = host(stack), register(stack, "guest")
    place, _ = listing(owner), listing(owner)
    stack.run_workers()
    stopped = Event()
    with closing(Receiver()) as receiver, two_processes(stack) as api, ThreadPoolExecutor() as pool:
        endpoint = hook(owner, receiver.url)
        _, tokens = api("POST", "/v1/auth/tokens", login(guest))
        clients = [
            booking(api, place, str(tokens["access_token"])),
            returning(api, guest, str(tokens["access_token"])),
            refreshing(api, str(tokens["refresh_token"])),
            paging(api),
            joining(api),
        ]
        working = [pool.submit(until, stopped, client) for client in clients]
        carrying = pool.submit(until, stopped, partial(sending, stack))
        try:
            time.sleep(1)
            in_use = {purpose: stack.wired.keyring.keys(purpose).current.id for purpose in PURPOSES}
            replace(rotation(stack.wired), wait=lambda seconds: time.sleep(seconds * PACE)).rotate(list(PURPOSES))
            time.sleep(1)
        finally:
            stopped.set()
        seen = [answer for client in working for answer in client.result()]
        carrying.result()
        carry(stack)

        assert [answer for answer in seen if not answer[2]] == []
        assert len(seen) > 200
        assert receiver.received
        assert all(is_genuine(received, endpoint["secret"]) for received in receiver.received)

        _, fresh = api("POST", "/v1/auth/tokens", login(guest))
        now = {purpose: stack.wired.keyring.keys(purpose).current.id for purpose in PURPOSES}
        assert [purpose for purpose in PURPOSES if now[purpose] == in_use[purpose]] == []
        assert jwt.get_unverified_header(fresh["access_token"])["kid"] == now["access token"]

        pass_(stack.wired, timedelta(minutes=17).total_seconds())
        time.sleep(1.5)
        for port in api.ports:
            assert call(port, "GET", "/v1/users/me", None, tokens["access_token"])[0] == 401, "its key is gone"
            assert call(port, "GET", "/v1/users/me", None, fresh["access_token"])[0] == 200

    log = stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID]
    assert {event.fact.purpose for event in log if isinstance(event.fact, KeyRotated)} == set(PURPOSES)
    assert stack.count("SELECT count(*) - count(DISTINCT email) FROM people") == 0


def until(stopped: Event, act: Callable[[], Seen]) -> Seen:
    seen: Seen = []
    while not stopped.is_set():
        seen += act()
        time.sleep(0.05)
    return seen


def login(client: Client) -> dict[str, str]:
    return {"email": str(client.user["email"]), "password": PASSWORD}


def booking(api: Api, place: str, token: str) -> Callable[[], Seen]:
    """Books a night at a quote, and asks for the same again: with each request at the other process."""
    nights = count()

    def act() -> Seen:
        night = date(2031, 7, 1) + timedelta(days=next(nights))
        body = stay(place, str(night), str(night + timedelta(days=1)))
        quoted, quote = api("POST", "/v1/quotes", body)
        booked, first = api(
            "POST", "/v1/bookings", {**body, "quote": quote.get("quote")}, token, Idempotency_Key=str(night)
        )
        repeated, again = api(
            "POST", "/v1/bookings", {**body, "quote": quote.get("quote")}, token, Idempotency_Key=str(night)
        )
        return [
            ("quote", quoted, quoted == 200),
            ("book", booked, booked == 201),
            ("repeat", repeated, (repeated, again) == (201, first)),
        ]

    return act


def returning(api: Api, guest: Client, token: str) -> Callable[[], Seen]:
    """Has a token from before, and logs in for new ones."""

    def act() -> Seen:
        with_old, _ = api("GET", "/v1/users/me", None, token)
        logged_in, tokens = api("POST", "/v1/auth/tokens", login(guest))
        with_new, _ = api("GET", "/v1/users/me", None, tokens.get("access_token"))
        return [(name, at, at == 200) for name, at in (("old", with_old), ("login", logged_in), ("new", with_new))]

    return act


def refreshing(api: Api, first: str) -> Callable[[], Seen]:
    """Spends a refresh token for the next one, sometimes the same once more, as if the answer was lost."""
    token, numbers = first, count(1)

    def act() -> Seen:
        nonlocal token
        status, tokens = api("POST", "/v1/auth/tokens/refresh", {"refresh_token": token})
        seen: Seen = [("refresh", status, status == 200)]
        if next(numbers) % 3 == 0:
            repeated, again = api("POST", "/v1/auth/tokens/refresh", {"refresh_token": token})
            seen.append(
                ("refresh again", repeated, repeated == 200 and again.get("refresh_token") == tokens["refresh_token"])
            )
        token = tokens.get("refresh_token", token)
        return seen

    return act


def paging(api: Api) -> Callable[[], Seen]:
    """Reads a list's second page, too by the cursor of the very first moment."""
    _, page = api("GET", "/v1/properties?limit=1")
    before = page["next_cursor"]

    def act() -> Seen:
        _, first = api("GET", "/v1/properties?limit=1")
        answers = [api("GET", f"/v1/properties?limit=1&cursor={cursor}") for cursor in (first["next_cursor"], before)]
        return [("page", status, status == 200 and len(shown["properties"]) == 1) for status, shown in answers]

    return act


def joining(api: Api) -> Callable[[], Seen]:
    """Opens accounts; each address is tried a second time at the other process, which has to know it."""
    numbers = count()

    def act() -> Seen:
        name = f"joining{next(numbers)}"
        body = {"username": name, "name": name, "email": f"{name}@example.org", "password": PASSWORD}
        joined, _ = api("POST", "/v1/users", body)
        again, _ = api("POST", "/v1/users", {**body, "username": f"{name}x"})
        entered, _ = api("POST", "/v1/auth/tokens", {"email": body["email"], "password": PASSWORD})
        return [
            ("join", joined, joined == 201),
            ("join again", again, again == 409),
            ("enter", entered, entered == 200),
        ]

    return act


def sending(stack: Stack) -> Seen:
    carry(stack)
    return [("webhooks", 200, True)]
