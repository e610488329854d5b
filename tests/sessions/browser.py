"""A browser: it keeps its cookies, and sends the token that goes with its session."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.people import PASSWORD
from tests.api.stack import Client, Stack, json_of

COOKIE = "__Host-lodger_session"


class Browser:
    """`token` is what it sends as X-CSRF-Token with whatever changes something; None sends none."""

    def __init__(self, stack: Stack) -> None:
        self.http: FlaskClient = stack.app.test_client()
        self.token: str | None = None
        self.id = ""

    def log_in(self, person: Client, password: str = PASSWORD, **more: Any) -> TestResponse:
        answer = self.post("/v1/sessions", {"email": person.user["email"], "password": password, **more})
        if answer.status_code == 201:
            self.token, self.id = json_of(answer)["csrf_token"], json_of(answer)["id"]
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        return self.send("POST", path, body, **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None and method != "GET":
            given.setdefault("X-CSRF-Token", self.token)
        return self.http.open(path, method=method, json=body, headers=given)

    @property
    def secret(self) -> str | None:
        """What its cookie holds."""
        cookie = self.http.get_cookie(COOKIE)
        return cookie.value if cookie else None

    @secret.setter
    def secret(self, value: str) -> None:
        self.http.set_cookie(COOKIE, value, secure=True)

    def is_logged_in(self) -> bool:
        """Whether it is somebody's, to the API; anything else than yes and no is a mistake."""
        answer = self.get("/v1/users/me")
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200


def logged_in(stack: Stack, person: Client) -> Browser:
    browser = Browser(stack)
    answer = browser.log_in(person)
    assert answer.status_code == 201, answer.text
    return browser
