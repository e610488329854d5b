"""The API over a real PostgreSQL, in this process: requests by Flask's client, workers by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from api.edge import ApiOptions, Sandbox
from api.tokens import Tokens
from application import reactions
from application.keys import Key, Keys
from application.principals import Principal
from infrastructure.bootstrap import Wired, wire
from infrastructure.clock import SandboxClock
from infrastructure.database import Database
from infrastructure.settings import Settings, load
from infrastructure.signing import derived_key
from infrastructure.workers.projector import Projector
from infrastructure.workers.reactor import Reactor
from projections import catalogue
from tests.support.world import SECRET_KEY

_DATA = TemporaryDirectory(prefix="lodger-tests-")
"""Where the APIs of this process keep photos."""

OPERATOR_TOKEN = "operator-token-of-the-tests-0123456789"


def settings(database_url: str, **changes: str) -> Settings:
    return load(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "LODGER_ENV": "test",
            "LODGER_SECRET_KEY": SECRET_KEY,
            "LODGER_OPERATOR_TOKEN": OPERATOR_TOKEN,
            "LODGER_DATA": _DATA.name,
            "LODGER_CLOCK": "2031-06-01T12:00:00Z",
            "LODGER_RATE_LIMITS": "false",
            **changes,
        }
    )


def signed_in(user_id: UUID) -> Principal:
    """A user as if they had just logged in, with a verified address."""
    return Principal(user_id, "access_token", str(uuid4()), is_verified=True)


class NothingRevoked:
    """Implements `application.token_ports.Revocations`."""

    def includes(self, family_id: str) -> bool:
        return False


def token_key(chosen: Settings) -> bytes:
    return derived_key(chosen.secret_key, "access token")


def tokens(chosen: Settings) -> Tokens:
    """As the API makes them before any key was rotated."""
    keys = Keys(Key(token_key(chosen), is_first=True))
    return Tokens(lambda: keys, chosen.public_url, NothingRevoked())


@dataclass
class Stack:
    """Everything of one test: the app, what it is wired to, and workers that run when told."""

    wired: Wired
    app: Flask
    projector: Projector
    reactor: Reactor

    def run_workers(self) -> None:
        """The read models, reactions until nothing follows any more, then the read models."""
        self.projector.run()
        self.reactor.run()
        self.projector.run()

    def now(self) -> datetime:
        return self.wired.clock.now()

    def count_events(self) -> int:
        return self.count("SELECT count(*) FROM events")

    def count(self, statement: str) -> int:
        with self.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            ((number,),) = cursor.fetchall()
        return int(number)

    def anybody(self) -> Client:
        return Client(self)


def _answers(database: Database) -> str:
    with database.connection():
        return "ok"


def app_of(wired: Wired) -> Flask:
    """The API over what is wired."""
    sandbox = None
    if wired.sandbox is not None:
        assert isinstance(wired.clock, SandboxClock)
        sandbox = Sandbox(wired.sandbox, wired.clock)
    return create_app(
        wired.lodger,
        wired.database.connection,
        ApiOptions(
            token_keys=partial(wired.keyring.keys, "access token"),
            issuer=wired.settings.public_url,
            operator_token=wired.settings.operator_token,
            analysts=wired.analysts.transaction,
            audit_log=wired.auditing.keyless,
            audit_reads=wired.auditing.reads,
            audit_bundles=wired.auditing.bundles,
            former_operator_token=wired.settings.operator_token_before,
            checks={"database": lambda: _answers(wired.database)},
            sandbox=sandbox,
            photo_limit=wired.settings.photo_limit,
            oidc_return_to=wired.settings.oidc_return_to,
        ),
    )


def over(wired: Wired) -> Stack:
    """Everything of a test over what is wired."""
    return Stack(
        wired,
        app_of(wired),
        Projector(wired.projecting, wired.log, catalogue.running(audit=False)),
        Reactor(wired.projecting, wired.log, lambda event: reactions.react(wired.lodger, event)),
    )


@contextmanager
def running(database_url: str, **changes: str) -> Iterator[Stack]:
    wired = wire(settings(database_url, **changes), wake=lambda: None)
    yield over(wired)
    wired.database.close()
    wired.projecting.close()


def json_of(response: TestResponse) -> dict[str, Any]:
    """The JSON object that was answered."""
    answered = response.json
    assert isinstance(answered, dict), response.text
    return answered


class Client:
    """One person's requests. `token` is sent when there is one."""

    def __init__(self, stack: Stack, token: str | None = None, user: dict[str, Any] | None = None) -> None:
        self.stack = stack
        self.token = token
        self.user = user or {}
        self._http = stack.app.test_client()

    @property
    def id(self) -> str:
        return str(self.user["id"])

    def forget_cookies(self) -> None:
        """Keep none from now on: whoever has no browser."""
        self._http = self.stack.app.test_client(use_cookies=False)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._http.get(path, headers=self._headers(headers))

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        return self._http.post(path, json=body, headers=self._headers(headers))

    def patch(self, path: str, body: object, **headers: str) -> TestResponse:
        return self._http.patch(path, json=body, headers=self._headers(headers))

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self._http.delete(path, headers=self._headers(headers))

    def raw(
        self, method: str, path: str, body: bytes, content_type: str = "application/json", **headers: str
    ) -> TestResponse:
        return self._http.open(
            path, method=method, data=body, content_type=content_type, headers=self._headers(headers)
        )

    def json(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        return self._http.open(path, method=method, json=body, headers=self._headers(headers))

    def wish(self, path: str, body: object, key: str | None = None, **headers: str) -> TestResponse:
        """A POST with an Idempotency-Key."""
        return self.post(path, body, Idempotency_Key=key or str(uuid4()), **headers)

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        headers = {name.replace("_", "-"): value for name, value in given.items()}
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return headers
