"""What other sites make a browser send changes nothing: every method, token and origin, held against each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final
from uuid import UUID

import pytest

from api.app import create_app
from api.edge import EXTENSION
from tests.api.people import PASSWORD, register
from tests.api.stack import Client, Stack, json_of
from tests.sessions.browser import Browser, logged_in

ALLOWED: Final = "https://app.example"
REQUESTS: Final[dict[str, tuple[str, object, int]]] = {
    "GET": ("/v1/users/me", None, 200),
    "POST": ("/v1/users/me/hosting", {}, 200),
    "PUT": ("/v1/notifications/read", {"upto": 0}, 200),
    "PATCH": ("/v1/users/me", {"bio": "x"}, 428),
    "DELETE": (f"/v1/sessions/{UUID(int=1)}", None, 404),
}
"""What each method gets when it is let in: most are refused for what they ask, so that nothing changes."""

TOKENS: Final = ("right", "missing", "empty", "another session's", "with a space", "not ascii")
ORIGINS: Final[dict[str, tuple[dict[str, str], bool]]] = {
    "no browser, or an old one": ({}, True),
    "our page": ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, True),
    "the address bar": ({"Sec-Fetch-Site": "none"}, True),
    "our page in an older browser": ({"Origin": "http://localhost"}, True),
    "an allowed origin": ({"Sec-Fetch-Site": "cross-site", "Origin": ALLOWED}, True),
    "another site": ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
    "another site that does not say which": ({"Sec-Fetch-Site": "cross-site"}, False),
    "a neighbour under the same domain": ({"Sec-Fetch-Site": "same-site", "Origin": "http://b.localhost"}, False),
    "another site in an older browser": ({"Origin": "https://evil.example"}, False),
    "a sandboxed frame": ({"Origin": "null"}, False),
    "another port": ({"Origin": "http://localhost:8001"}, False),
    "another site that claims our origin": ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
    "nonsense": ({"Sec-Fetch-Site": "SAME-ORIGIN "}, False),
}


@pytest.fixture(scope="module")
def over_origins(stack: Stack) -> Stack:
    """The same API, which pages of one other origin may call."""
    wired, options = stack.wired, stack.app.extensions[EXTENSION].options
    allowing = replace(options, allowed_origins=(ALLOWED,))
    return replace(stack, app=create_app(wired.lodger, wired.database.connection, allowing))


@pytest.fixture(scope="module")
def browser(over_origins: Stack) -> Browser:
    return logged_in(over_origins, register(over_origins, "ada"))


@pytest.fixture(scope="module")
def tokens(over_origins: Stack, browser: Browser) -> dict[str, str | None]:
    others = logged_in(over_origins, register(over_origins, "bob")).token
    return dict(zip(TOKENS, (browser.token, None, "", others, f"{browser.token} x", "tökèn"), strict=True))


@pytest.mark.parametrize(("method", "token", "origin"), [*product(REQUESTS, TOKENS, ORIGINS)])
def test_only_our_own_pages_change_anything(
    browser: Browser, tokens: dict[str, str | None], method: str, token: str, origin: str
) -> None:
    path, body, status = REQUESTS[method]
    said, is_ours = ORIGINS[origin]
    sent = tokens[token]
    headers = {**said, **({} if sent is None else {"X-CSRF-Token": sent})}
    answer = browser.http.open(path, method=method, json=body, headers=headers)
    if method == "GET":
        assert answer.status_code == 200, "a cookie reads, and other sites are not shown what it read"
    elif not is_ours:
        assert (answer.status_code, json_of(answer)["type"]) == (403, "/problems/request-cross-site")
    elif token != "right":
        assert (answer.status_code, json_of(answer)["type"]) == (403, "/problems/csrf-token-wrong")
    else:
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("origin", ORIGINS)
def test_no_other_site_logs_a_browser_in(over_origins: Stack, origin: str) -> None:
    """Into the thief's account, for instance, where the victim would then type an address."""
    thief = register(over_origins, "thief")
    said, is_ours = ORIGINS[origin]
    http = over_origins.app.test_client()
    answer = http.post("/v1/sessions", json={"email": thief.user["email"], "password": PASSWORD}, headers=said)
    assert answer.status_code == (201 if is_ours else 403), answer.text
    assert ("Set-Cookie" in answer.headers) is is_ours


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_no_form_logs_a_browser_in(over_origins: Stack, kind: str | None) -> None:
    """What a page can send without asking first is no JSON to us, however it reads."""
    person = register(over_origins)
    body = f'{{"email": "{person.user["email"]}", "password": "{PASSWORD}"}}'
    answer = over_origins.app.test_client().post("/v1/sessions", data=body, content_type=kind)
    assert answer.status_code == 415, answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_token_of_a_session_ends_with_it(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    former = browser.token
    browser.log_in(ada)
    assert browser.token != former
    browser.token = former
    assert json_of(browser.post("/v1/users/me/hosting"))["type"] == "/problems/csrf-token-wrong"


def test_a_public_read_by_cookie_needs_no_token(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    browser.token = None
    assert browser.get("/v1/properties").status_code == 200
