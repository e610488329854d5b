"""Who calls too often is told so, and when to come back; nobody else notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.app import create_app
from api.edge import EXTENSION, ApiOptions
from api.limits import Count, Limit, Limiter, Name
from tests.api.people import PASSWORD, register
from tests.api.stack import Client, Stack, json_of
from tests.api_keys.keys import machine, make

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class HandCounts:
    """Counts of one process, in windows that end when the test says so."""

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str], int] = {}
        self.remembered: set[str] = set()

    def add(self, name: str, seconds: int, who: str) -> Count:
        self.totals[name, who] = self.totals.get((name, who), 0) + 1
        return self.look(name, seconds, who)

    def look(self, name: str, seconds: int, who: str) -> Count:
        return Count(self.totals.get((name, who), 0), seconds / 2)

    def remember(self, what: str, seconds: int) -> None:
        assert seconds == 30 * 24 * 3600
        self.remembered.add(what)

    def knows(self, what: str) -> bool:
        return what in self.remembered


def limited(stack: Stack, limits: Mapping[Name, Limit], **options: Any) -> Stack:
    """The same API with these limits."""
    chosen: ApiOptions = stack.app.extensions[EXTENSION].options
    chosen = replace(chosen, limiter=Limiter(limits, HandCounts()), **options)
    return replace(stack, app=create_app(stack.wired.lodger, stack.wired.database.connection, chosen))


def ask(stack: Stack, path: str = "/v1/users/me", address: str = HERE, **options: Any) -> TestResponse:
    return stack.app.test_client().open(path, environ_overrides={"REMOTE_ADDR": address}, **options)


def log_in(stack: Stack, email: str, password: str = PASSWORD, address: str = HERE) -> int:
    body = {"email": email, "password": password}
    return ask(stack, "/v1/auth/tokens", address, method="POST", json=body).status_code


def must_be_refused(answer: TestResponse, limit: Name, seconds: int) -> None:
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    problem = json_of(answer)
    assert (problem["type"], problem["limit"]) == ("/problems/too-many-requests", limit)
    assert answer.headers["Retry-After"] == str(seconds)


def test_the_fourth_of_three_requests_a_minute_is_refused_until_the_minute_is_over(shared: Stack) -> None:
    stack = limited(shared, {"address": Limit(3, 60)})
    assert [ask(stack).status_code for _ in range(3)] == [401] * 3
    must_be_refused(ask(stack), "address", 30)
    assert ask(stack, address=ELSEWHERE).status_code == 401


def test_answers_say_what_is_left(shared: Stack) -> None:
    stack = limited(shared, {"address": Limit(3, 60), "search": Limit(2, 60)})
    answer = ask(stack, "/v1/properties")
    assert answer.headers["RateLimit-Policy"] == '"address";q=3;w=60, "search";q=2;w=60'
    assert answer.headers["RateLimit"] == '"address";r=2;t=30, "search";r=1;t=30'
    ask(stack, "/v1/properties")
    refused = ask(stack, "/v1/properties")
    assert (refused.status_code, refused.headers["RateLimit"]) == (429, '"address";r=0;t=30, "search";r=0;t=30')


def test_what_nobody_answers_counts_too(shared: Stack) -> None:
    stack = limited(shared, {"address": Limit(2, 60)})
    assert [ask(stack, path).status_code for path in ("/no", "/docs", "/docs")] == [404, 200, 429]


def test_health_is_never_refused_and_webhooks_count_by_themselves(shared: Stack) -> None:
    stack = limited(shared, {"address": Limit(1, 60), "webhook": Limit(2, 60)})
    webhooks = [ask(stack, "/v1/webhooks/stripe", method="POST", data=b"{}").status_code for _ in range(3)]
    assert (webhooks[2], 429 in webhooks[:2]) == (429, False)
    assert [ask(stack, path).status_code for path in ("/healthz", "/readyz") * 2] == [200] * 4
    assert "RateLimit" not in ask(stack, "/healthz").headers


def test_a_user_is_counted_wherever_they_are(shared: Stack) -> None:
    ada, bob = register(shared), register(shared)
    stack = limited(shared, {"user": Limit(2, 60)})

    def by(client: Client, address: str) -> TestResponse:
        return ask(stack, address=address, headers={"Authorization": f"Bearer {client.token}"})

    assert [by(ada, address).status_code for address in (HERE, ELSEWHERE)] == [200, 200]
    must_be_refused(by(ada, HERE), "user", 30)
    assert by(bob, HERE).status_code == 200


def test_a_key_is_counted_and_not_its_user(shared: Stack) -> None:
    ada = register(shared)
    key = machine(ada, make(ada, "bookings:read")["key"])
    stack = limited(shared, {"user": Limit(1, 60), "key": Limit(2, 60)})

    def by(client: Client) -> TestResponse:
        return ask(stack, "/v1/bookings?as=guest", headers={"Authorization": f"Bearer {client.token}"})

    assert [by(client).status_code for client in (key, key, ada)] == [200] * 3
    must_be_refused(by(key), "key", 30)
    must_be_refused(by(ada), "user", 30)


LOGIN = {"email": "nobody@example.org", "password": PASSWORD}
STRICTER: dict[str, tuple[Name, str, object]] = {
    "a search": ("search", "GET /v1/properties", None),
    "a login for tokens": ("login", "POST /v1/auth/tokens", LOGIN),
    "a login of a browser": ("login", "POST /v1/sessions", LOGIN),
    "an account that is opened again": ("login", "POST /v1/auth/reactivation", LOGIN),
    "a reset": ("login", "POST /v1/auth/password-reset", {"token": "none", "new_password": PASSWORD}),
    "a letter for a reset": ("mail", "POST /v1/auth/password-reset/requests", {"email": "nobody@example.org"}),
    "a letter to verify": ("mail", "POST /v1/auth/email-verification/requests", {"email": "nobody@example.org"}),
}


@pytest.mark.parametrize(("limit", "route", "body"), STRICTER.values(), ids=STRICTER)
def test_what_is_dear_or_guessed_at_has_a_limit_of_its_own(
    shared: Stack, limit: Name, route: str, body: object
) -> None:
    stack, (method, path) = limited(shared, {"address": Limit(100, 60), limit: Limit(2, 60)}), route.split()
    answers = [ask(stack, path, method=method, json=body) for _ in range(3)]
    assert 429 not in [answer.status_code for answer in answers[:2]]
    must_be_refused(answers[2], limit, 30)
    assert ask(stack, path, ELSEWHERE, method=method, json=body).status_code != 429


def test_registrations_have_a_limit_of_their_own(shared: Stack) -> None:
    stack = limited(shared, {"registration": Limit(1, 3600)})
    bodies = [
        {"username": name, "email": f"{name}@example.org", "name": name, "password": PASSWORD}
        for name in ("first-of-two", "second-of-two")
    ]
    answers = [ask(stack, "/v1/users", method="POST", json=body) for body in bodies]
    assert answers[0].status_code == 201
    must_be_refused(answers[1], "registration", 1800)


def test_neighbours_in_a_network_of_ipv6_are_one_address(shared: Stack) -> None:
    stack = limited(shared, {"address": Limit(1, 60)})
    assert ask(stack, address="2001:db8:1:2::1").status_code == 401
    assert ask(stack, address="2001:db8:1:2:ffff::9").status_code == 429
    assert ask(stack, address="2001:db8:1:3::1").status_code == 401


class TestProxies:
    def test_nobody_is_believed_by_default(self, shared: Stack) -> None:
        stack = limited(shared, {"address": Limit(1, 60)})
        assert [self.through(stack, f"203.0.113.{n}") for n in range(2)] == [401, 429]

    def test_one_proxy_is_believed_one_step_far(self, shared: Stack) -> None:
        stack = limited(shared, {"address": Limit(1, 60)}, trusted_proxies=1)
        assert [self.through(stack, f"203.0.113.{n}") for n in range(2)] == [401, 401]
        assert self.through(stack, "6.6.6.6, 203.0.113.0") == 429
        assert self.through(stack, "a client that says nonsense") == 401

    def test_two_proxies_are_believed_two_steps_far(self, shared: Stack) -> None:
        stack = limited(shared, {"address": Limit(1, 60)}, trusted_proxies=2)
        chains = ["203.0.113.1, 10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.1", "203.0.113.2, 10.0.0.1"]
        assert [self.through(stack, chain) for chain in chains] == [401, 429, 401]

    def through(self, stack: Stack, chain: str) -> int:
        return ask(stack, headers={"X-Forwarded-For": chain}).status_code


class TestWrongPasswords:
    """Ten a quarter of an hour, for an account and for an address."""

    LIMITS: Mapping[Name, Limit] = {"login_failures": Limit(10, 900)}

    def test_after_ten_wrong_ones_the_right_one_is_not_looked_at(self, shared: Stack) -> None:
        email = register(shared).user["email"]
        stack = limited(shared, self.LIMITS)
        assert [log_in(stack, email, "wrong") for _ in range(10)] == [401] * 10
        body = {"email": email.upper(), "password": PASSWORD}
        must_be_refused(ask(stack, "/v1/auth/tokens", method="POST", json=body), "login_failures", 450)
        assert log_in(stack, email, address=ELSEWHERE) == 429, "the account is guarded everywhere"

    def test_right_ones_do_not_count(self, shared: Stack) -> None:
        email = register(shared).user["email"]
        stack = limited(shared, self.LIMITS)
        assert [log_in(stack, email) for _ in range(11)] == [200] * 11

    def test_an_address_that_tries_many_accounts_is_refused(self, shared: Stack) -> None:
        email = register(shared).user["email"]
        stack = limited(shared, self.LIMITS)
        assert {log_in(stack, f"nobody{n}@example.org", "wrong") for n in range(10)} == {401}
        assert log_in(stack, email) == 429
        assert log_in(stack, email, address=ELSEWHERE) == 200

    def test_nobody_is_locked_out_of_where_they_were_logged_in(self, shared: Stack) -> None:
        email = register(shared).user["email"]
        stack = limited(shared, self.LIMITS)
        assert log_in(stack, email, address="192.0.2.99") == 200
        for n in range(10):
            assert log_in(stack, email, "wrong", address=f"198.51.100.{n}") == 401
        assert log_in(stack, email, address=ELSEWHERE) == 429
        assert log_in(stack, email, address="192.0.2.99") == 200

    def test_but_they_too_have_ten_guesses_there(self, shared: Stack) -> None:
        email = register(shared).user["email"]
        stack = limited(shared, self.LIMITS)
        assert log_in(stack, email) == 200
        assert [log_in(stack, email, "wrong") for _ in range(11)] == [401] * 10 + [429]

    def test_an_account_that_does_not_exist_looks_the_same(self, shared: Stack) -> None:
        stack = limited(shared, self.LIMITS)
        assert [log_in(stack, "nobody@example.org", "wrong") for _ in range(11)] == [401] * 10 + [429]


def test_without_limits_nothing_is_counted(shared: Stack) -> None:
    answers = [ask(shared) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert "RateLimit" not in answers[0].headers
