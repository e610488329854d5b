"""The stand-in of an OpenID provider in a test's hands, and a browser that goes there and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from werkzeug.test import TestResponse

from infrastructure.embedded.data_folder import temporary_folder
from tests.api.stack import Stack
from tests.support.providers import running_fake
from tests.support.servers import free_port

CLIENT_ID, CLIENT_SECRET = "lodger", "a secret: with % and /"
LOGIN, CALLBACK = "/v1/auth/oidc/login", "/v1/auth/oidc/callback"
RETURN_TO = "/account"

_numbers = count(1)


class OidcFake:
    """A client of one running stand-in. `settings` are those by which Lodger finds it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(timeout=20, retries=False)
        self.settings = {
            "LODGER_OIDC_ISSUER": url,
            "LODGER_OIDC_CLIENT_ID": CLIENT_ID,
            "LODGER_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "LODGER_OIDC_RETURN_TO": RETURN_TO,
        }

    def log_in(self, **claims: Any) -> dict[str, Any]:
        """Somebody is logged in there from now on: somebody new, but for these claims."""
        number = next(_numbers)
        person = {
            "sub": f"subject-{number}",
            "email": f"somebody{number}@example.org",
            "email_verified": True,
            "name": f"Some Body {number}",
            "preferred_username": f"somebody{number}",
        }
        person = {name: value for name, value in {**person, **claims}.items() if value is not None}
        self._ask("PUT", "/fake/person", person)
        return person

    def behave(self, *mistakes: str, **conduct: Any) -> None:
        """It makes these mistakes from now on, and no others."""
        self._ask("PUT", "/fake/conduct", {"mistakes": mistakes, **conduct})

    def rotate(self, *, withdraw: bool = False) -> None:
        self._ask("POST", "/fake/keys", {"withdraw": withdraw})

    def asked(self) -> dict[str, int]:
        """How often each of its addresses was asked for."""
        asked: dict[str, int] = self._ask("GET", "/fake/asked")
        return asked

    def visit(self, url: str) -> str:
        """Where it sends a browser that comes to `url`."""
        answer = self._http.request("GET", url, redirect=False)
        assert answer.status == 302, answer.data
        return answer.headers["Location"]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, self.url + path, json=body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None


class Browser:
    """Keeps cookies, and follows redirects one at a time."""

    def __init__(self, stack: Stack, fake: OidcFake) -> None:
        self.http = stack.app.test_client()
        self._fake = fake

    def leave(self) -> str:
        """Begin a login; the provider's address that it is sent to."""
        answer = self.http.get(LOGIN, base_url="https://localhost")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def consent(self) -> dict[str, str]:
        """Begin a login and go to the provider; what it has the browser come back with."""
        came = parse_qs(urlsplit(self._fake.visit(self.leave())).query)
        return {name: values[0] for name, values in came.items()}

    def come_back(self, came: dict[str, str]) -> TestResponse:
        return self.http.get(CALLBACK, query_string=came, base_url="https://localhost")

    def log_in(self) -> TestResponse:
        return self.come_back(self.consent())

    def get(self, path: str) -> TestResponse:
        return self.http.get(path, base_url="https://localhost")


@contextmanager
def oidc_fake() -> Iterator[OidcFake]:
    port = free_port()
    options = ["--port", str(port), "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
    with temporary_folder() as folder:
        url = f"http://127.0.0.1:{port}"
        with running_fake("fakes.oidc", options, f"{url}/jwks", folder):
            yield OidcFake(url)
