"""An API client that logs in, and goes on by its refresh token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.api.people import PASSWORD
from tests.api.stack import Client, Stack, json_of


@dataclass
class Login:
    """Tokens of one login, the newest that it was given."""

    stack: Stack
    access_token: str
    refresh_token: str

    @property
    def client(self) -> Client:
        return Client(self.stack, self.access_token)

    def refresh(self) -> None:
        """As a client does that gets its answer."""
        self.take(json_of(refreshed(self.stack, self.refresh_token)))

    def take(self, given: dict[str, Any]) -> None:
        self.access_token, self.refresh_token = given["access_token"], given["refresh_token"]

    def is_in(self) -> bool:
        """Whether its access token is taken."""
        return self.client.get("/v1/users/me").status_code == 200

    def goes_on(self) -> bool:
        """Whether its refresh token is taken; it is spent by asking."""
        answer = refreshed(self.stack, self.refresh_token)
        if answer.status_code == 200:
            self.take(json_of(answer))
        return answer.status_code == 200


def credentials(user: Client, password: str = PASSWORD) -> dict[str, str]:
    return {"email": str(user.user["email"]), "password": password}


def log_in(user: Client, password: str = PASSWORD, **headers: str) -> Login:
    answer = user.stack.anybody().post("/v1/auth/tokens", credentials(user, password), **headers)
    assert answer.status_code == 200, answer.text
    given = json_of(answer)
    return Login(user.stack, given["access_token"], given["refresh_token"])


def refreshed(stack: Stack, token: str) -> TestResponse:
    return stack.anybody().post("/v1/auth/tokens/refresh", {"refresh_token": token})


def code(answer: TestResponse) -> str:
    """The code of a problem."""
    return str(json_of(answer)["type"]).removeprefix("/problems/").replace("-", "_")


def forgotten(stack: Stack) -> None:
    """Every process asks anew which logins have ended, as it does each second."""
    stack.wired.lodger.revocations._asked_at = float("-inf")  # type: ignore[attr-defined]


def execute(stack: Stack, statement: str, *arguments: object) -> None:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement, arguments)
