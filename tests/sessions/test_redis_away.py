"""Redis is away or falls silent: a cookie is told so at once, an access token goes on, and what was ended stays so."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import psutil
import pyotp
import pytest
import redis
from werkzeug.test import TestResponse

from application import credentials
from domain.policies import SESSION_IDLE
from infrastructure.bootstrap import wire
from infrastructure.embedded.data_folder import temporary_folder
from infrastructure.embedded.processes import Process
from infrastructure.embedded.valkey import Valkey
from tests.api.people import PASSWORD, book, host, listing, register
from tests.api.stack import Client, Stack, json_of, over, settings
from tests.sessions.browser import Browser, logged_in
from tests.support.redis_way import RedisWay, way_to
from tests.support.world import HandClock

PATIENCE = 0.25
MARGIN = 0.15
"""For all else that a request does, on a machine that does much else."""

AGAIN_SECONDS = 1.1
"""Then Redis is asked once more."""


@pytest.fixture(scope="module")
def way(valkey: Valkey) -> Iterator[RedisWay]:
    with way_to(valkey) as way:
        yield way


@contextmanager
def over_redis(database_url: str, url: str) -> Iterator[Stack]:
    wired = wire(settings(database_url, REDIS_URL=url), wake=lambda: None)
    yield over(wired)
    wired.database.close()
    wired.projecting.close()


@pytest.fixture(scope="module")
def stack(shared_database_url: str, way: RedisWay) -> Iterator[Stack]:
    """An API whose way to Redis can be blocked."""
    with over_redis(shared_database_url, way.url) as stack:
        yield stack


@pytest.fixture
def ada(stack: Stack) -> Client:
    return register(stack, "ada")


@contextmanager
def blocked(way: RedisWay) -> Iterator[None]:
    way.block()
    try:
        yield
    finally:
        way.unblock()
        sleep(AGAIN_SECONDS)


def must_be_told(answer: TestResponse) -> None:
    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/sessions-unavailable"), answer.text
    assert answer.headers["Retry-After"] == "1"
    assert "Set-Cookie" not in answer.headers, "the session is not over"


def test_a_silent_redis_is_told_of_within_a_quarter_of_a_second_and_tokens_book_on(
    stack: Stack, ada: Client, way: RedisWay
) -> None:
    browser, property_id = logged_in(stack, ada), listing(host(stack))
    with blocked(way):
        began = monotonic()
        must_be_told(browser.get("/v1/users/me"))
        assert monotonic() - began < PATIENCE + MARGIN
        asked: list[Callable[[], TestResponse]] = [
            lambda: browser.post("/v1/users/me/hosting"),
            lambda: browser.delete("/v1/sessions/current"),
            lambda: ada.get("/v1/sessions"),
            lambda: Browser(stack).log_in(ada),
        ]
        for ask in asked:
            began = monotonic()
            must_be_told(ask())
            assert monotonic() - began < PATIENCE + MARGIN
        began = monotonic()
        book(ada, property_id)
        assert monotonic() - began < PATIENCE
    assert browser.is_logged_in(), "once Redis is back"


def test_nobody_at_the_port_is_told_of_at_once(shared_database_url: str) -> None:
    with over_redis(shared_database_url, "redis://127.0.0.1:1/0") as stack:
        browser, person = Browser(stack), register(stack)
        browser.secret = "from-better-days"
        must_be_told(browser.get("/v1/users/me"))
        must_be_told(browser.log_in(person))
        assert person.get("/v1/users/me").status_code == 200


def test_without_redis_a_second_factor_still_holds_and_still_limits(shared_database_url: str) -> None:
    with over_redis(shared_database_url, "redis://127.0.0.1:1/0") as stack:
        person = register(stack)
        path = "/v1/users/me/second-factor"
        secret = json_of(person.post(path, {"password": PASSWORD}))["secret"]
        shown = pyotp.TOTP(secret).now()
        confirmed = person.post(f"{path}/confirm", {"code": shown})
        body = {"email": person.user["email"], "password": PASSWORD}
        recovering = {**body, "recovery_code": json_of(confirmed)["recovery_codes"][0]}
        must_be_told(stack.anybody().post("/v1/sessions", recovering))
        assert stack.anybody().post("/v1/auth/tokens", recovering).status_code == 200, "it was not used up for nothing"
        said = [stack.anybody().post("/v1/auth/tokens", {**body, "code": shown}).status_code for _ in range(6)]
        assert said == [401, 401, 401, 401, 401, 429]


def test_what_is_ended_while_redis_is_away_is_over_when_it_comes_back(stack: Stack, ada: Client, way: RedisWay) -> None:
    here, there = logged_in(stack, ada), logged_in(stack, ada)
    with blocked(way):
        began = monotonic()
        credentials.end_all(stack.wired.lodger, UUID(ada.id))
        assert monotonic() - began < PATIENCE + MARGIN
    assert not here.is_logged_in()
    assert not there.is_logged_in()
    again = logged_in(stack, ada)
    assert [each["id"] for each in json_of(again.get("/v1/sessions"))["sessions"]] == [again.id]


@pytest.fixture
def own_valkey() -> Iterator[tuple[Process, Valkey]]:
    with temporary_folder() as folder:
        process, server = _started(folder)
        yield process, server
        process.stop()


def _started(folder: Path) -> tuple[Process, Valkey]:
    server = Valkey(folder / "valkey")
    process = Process(server.service(), folder)
    process.wait_ready()
    return process, server


def test_a_stopped_redis_is_waited_for_once_and_is_found_again(
    shared_database_url: str, own_valkey: tuple[Process, Valkey]
) -> None:
    process, server = own_valkey
    with over_redis(shared_database_url, server.url()) as stack:
        browser = logged_in(stack, register(stack))
        stopped = psutil.Process(process.pid)
        stopped.send_signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                began = monotonic()
                must_be_told(browser.get("/v1/users/me"))
                assert monotonic() - began < PATIENCE + MARGIN
        finally:
            stopped.send_signal(signal.SIGCONT)
        sleep(AGAIN_SECONDS)
        assert browser.is_logged_in()


def test_a_full_redis_takes_no_new_session_and_keeps_those_it_has(
    shared_database_url: str, own_valkey: tuple[Process, Valkey]
) -> None:
    with over_redis(shared_database_url, own_valkey[1].url()) as started:
        clock = HandClock(datetime.now(UTC))
        stack = over(replace(started.wired, lodger=replace(started.wired.lodger, wall_clock=clock)))
        person = register(stack)
        browser = logged_in(stack, person)
        with redis.Redis.from_url(own_valkey[1].url()) as client:
            client.config_set("maxmemory", 1)
        must_be_told(Browser(stack).log_in(person))
        clock.pass_(SESSION_IDLE - timedelta(seconds=1))
        assert browser.is_logged_in()
        clock.pass_(timedelta(seconds=1))
        assert not browser.is_logged_in(), "that it was used could not be written down"
