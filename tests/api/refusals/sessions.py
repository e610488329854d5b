"""Scenes of browser sessions and second factors. Nothing here has a Redis: who gets as far as it is told so."""

from __future__ import annotations

import pyotp
from werkzeug.test import TestResponse

from tests.api.people import PASSWORD, register
from tests.api.refusals import scene
from tests.api.stack import Client, Stack, json_of
from tests.sessions.browser import Browser

PATH = "/v1/users/me/second-factor"


@scene("csrf_token_wrong")
def change_something_with_a_cookie_alone(stack: Stack) -> TestResponse:
    return with_a_cookie(stack).post("/v1/users/me/hosting")


@scene("request_cross_site")
def log_in_from_another_site(stack: Stack) -> TestResponse:
    body = {"email": "ada@example.org", "password": PASSWORD}
    return stack.anybody().post("/v1/sessions", body, Sec_Fetch_Site="cross-site")


@scene("sessions_unavailable")
def show_a_cookie_while_redis_is_away(stack: Stack) -> TestResponse:
    return with_a_cookie(stack).get("/v1/users/me")


@scene("session_not_found")
def ask_for_this_browsers_session_by_a_token(stack: Stack) -> TestResponse:
    return register(stack).get("/v1/sessions/current")


@scene("second_factor_not_begun")
def confirm_nothing(stack: Stack) -> TestResponse:
    return register(stack).post(f"{PATH}/confirm", {"code": "123456"})


@scene("second_factor_inactive")
def disable_nothing(stack: Stack) -> TestResponse:
    return register(stack).post(f"{PATH}/disable", {"password": PASSWORD, "code": "123456"})


@scene("second_factor_active")
def begin_twice(stack: Stack) -> TestResponse:
    return protected(stack).post(PATH, {"password": PASSWORD})


@scene("second_factor_required")
def log_in_with_the_password_alone(stack: Stack) -> TestResponse:
    return log_in(protected(stack))


@scene("code_wrong")
def log_in_with_a_wrong_recovery_code(stack: Stack) -> TestResponse:
    return log_in(protected(stack), recovery_code="guessed")


@scene("too_many_codes")
def guess_on_and_on(stack: Stack) -> TestResponse:
    ada = protected(stack)
    for _ in range(5):
        assert log_in(ada, recovery_code="guessed").status_code == 401
    return log_in(ada, recovery_code="guessed")


def protected(stack: Stack) -> Client:
    """Somebody who logs in with a second factor."""
    client = register(stack)
    secret = json_of(client.post(PATH, {"password": PASSWORD}))["secret"]
    assert client.post(f"{PATH}/confirm", {"code": pyotp.TOTP(secret).now()}).status_code == 200
    return client


def log_in(client: Client, **shown: str) -> TestResponse:
    body = {"email": client.user["email"], "password": PASSWORD, **shown}
    return client.stack.anybody().post("/v1/auth/tokens", body)


def with_a_cookie(stack: Stack) -> Browser:
    browser = Browser(stack)
    browser.secret = "a secret"
    return browser
